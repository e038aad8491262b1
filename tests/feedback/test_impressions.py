"""One tap of sales: what it may say, when, who, and that a second tap takes the place of the first."""

import pytest

from campaigns.models import Asset
from crm.errors import BusinessError, NotAllowed
from feedback.impressions import impressions_of, moment_of, record_impression
from feedback.models import Impression
from feedback.verdicts import accept_handoff
from leads.errors import MergedLead
from leads.lifecycle import Stage
from leads.models import Transition
from leads.transitions import move_lead
from tests.factories import DAY, HOUR, MONDAY, make_handoff, make_opportunity

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(rob, mia):
    handoff = accept_handoff(make_handoff(to=rob, by=mia), by=rob, at=MONDAY + HOUR)
    move_lead(handoff.lead, Stage.QUALIFIED, by=rob, at=MONDAY + DAY)
    return handoff.lead


def tap(lead, by, *, moment="qualify", question="quality", at=MONDAY + DAY, **answer):
    return record_impression(lead, by=by, at=at, moment=moment, question=question, **answer)


def test_a_second_tap_takes_the_place_of_the_first(lead, rob):
    tap(lead, rob, quality=1)
    tap(lead, rob, quality=3, at=MONDAY + 2 * DAY)
    tap(lead, rob, question="theme", theme="  Delivery   time ")

    rows = Impression.objects.order_by("question").values_list("question", "quality", "theme", "episode", "by")
    assert list(rows) == [("quality", 3, "", 1, rob.pk), ("theme", None, "Delivery time", 1, rob.pk)]


def test_owner_and_manager_say_and_nobody_else(lead, rob, max_, rosa, sam, mia, mona, ada):
    tap(lead, max_, quality=2)
    for stranger in (rosa, sam, mia, mona, ada):
        with pytest.raises(NotAllowed):
            tap(lead, stranger, quality=2)
    assert list(Impression.objects.values_list("by", flat=True)) == [max_.pk]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("quality", {}), ("quality", {"quality": 4}), ("quality", {"theme": "Price"}), ("theme", {"theme": " "}),
        ("theme", {"theme": "Price", "quality": 3}), ("theme", {"theme": "x" * 121}), ("content", {}),
        ("weather", {"quality": 3}),
    ],
)  # fmt: skip
def test_only_the_answer_to_the_question_is_taken(lead, rob, question, answer):
    with pytest.raises(BusinessError) as refused:
        tap(lead, rob, question=question, **answer)
    assert (refused.value.code, Impression.objects.count()) == ("wrong_answer", 0)


@pytest.mark.parametrize("moment", ["return", "close", "breakfast"])
def test_what_has_not_come_is_not_asked(lead, rob, moment):
    with pytest.raises(BusinessError) as refused:
        tap(lead, rob, moment=moment, quality=3)
    assert refused.value.code == "not_yet"


def test_an_undone_move_has_not_come(lead, rob):
    from leads.transitions import last_effective, undo_move

    undo_move(lead, last_effective(lead), by=rob, at=MONDAY + DAY + HOUR)
    with pytest.raises(BusinessError) as refused:
        tap(lead, rob, quality=3)
    assert refused.value.code == "not_yet"


def test_after_a_return_and_after_a_close(lead, rob):
    move_lead(lead, Stage.NURTURE, by=rob, at=MONDAY + 2 * DAY)
    last = Transition.objects.latest("seq")
    assert moment_of(lead, last) == "return"
    assert tap(lead, rob, moment="return", quality=1).moment == "return"

    deal = make_opportunity(lead=lead, owner=rob, outcome="won", stage="won", closed_at=MONDAY + 3 * DAY)
    assert tap(lead, rob, moment="close", quality=3, opportunity=deal).opportunity == deal
    with pytest.raises(BusinessError) as other:
        tap(
            lead,
            rob,
            moment="close",
            quality=3,
            opportunity=make_opportunity(owner=rob, outcome="won", stage="won", closed_at=MONDAY),
        )
    assert other.value.code == "other_lead"


def test_a_merged_lead_is_the_other_one(lead, rob):
    lead.merged_into_id = lead.pk
    with pytest.raises(MergedLead):
        tap(lead, rob, quality=3)


def test_what_was_heard_adds_up(lead, rob, max_):
    sheet = Asset.objects.create(name="Data sheet")
    tap(lead, rob, quality=3)
    tap(lead, max_, quality=1)
    for person in (rob, max_):
        tap(lead, person, question="content", asset=sheet)
    tap(lead, rob, question="theme", theme="Price")

    heard = impressions_of(Impression.objects.all())

    assert (heard.good, heard.fair, heard.poor, heard.rated) == (1, 0, 1, 2)
    assert (heard.contents, heard.themes, bool(heard)) == ([(sheet, 2)], [("Price", 1)], True)
    assert not impressions_of(Impression.objects.none())
