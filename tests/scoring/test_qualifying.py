"""scoring/qualifying.py: the system marks as MQL who meets the signed definition, once something new has happened."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.models import Notification, Organisation
from crm.outbox import drain_all
from feedback.automatic import became_mql
from feedback.models import Agreement, SignedStatus
from feedback.verdicts import reject_handoff
from leads.lifecycle import Stage
from leads.merging import merge_leads
from leads.models import Lead, Transition
from leads.reasons import seed_reasons
from leads.touches import record_touch
from leads.transitions import move_lead, undo_move
from scoring.definitions import active_card
from scoring.engine import score_leads
from scoring.models import Definition
from scoring.qualifying import qualify_leads
from scoring.rescoring import rebuild
from tests.factories import DAY, HOUR, MONDAY, make_handoff, make_lead, make_mql, reason
from tests.scoring.cards import did, fit, when

pytestmark = pytest.mark.django_db
BOTH = [{"side": "marketing", "user": 1}, {"side": "sales", "user": 2}]
RULES = [fit("country", "Sweden", 30), did("form", 20, cap=40), did("visit", 1)]
HANDS = [when("raised_hand", True)]


@pytest.fixture
def signed(db):
    """In force: 50 points, or a raised hand; nobody of our own."""
    return in_force()


def in_force(**fields):
    Organisation.get()
    Organisation.objects.update(definition_version=7)
    ours = {
        "name": "Ours",
        "version": 7,
        "status": SignedStatus.ACTIVE,
        "rules": RULES,
        "thresholds": {"mql": 50},
        "hand_raises": HANDS,
        "exclusions": [when("tags", "rival", "contains")],
        "signatures": BOTH,
    }
    return Definition.objects.create(**{**ours, **fields})


def met(lead, at=MONDAY, **fields):
    return record_touch(lead, at=at, **{"kind": "form", "by": "buyer", **fields})


def found(*leads, at=MONDAY):
    """How many of these are marked, scored as of then; asked twice, the second time nobody is."""
    card, ids = active_card(), [lead.pk for lead in leads]
    score_leads(ids, card=card, at=at)
    marked = qualify_leads(ids, card=card, at=at)
    assert qualify_leads(ids, card=card, at=at) == 0
    return marked


def stage(lead):
    return Lead.objects.get(pk=lead.pk).stage


def newest(lead):
    row = Transition.objects.filter(lead=lead).latest("seq")
    return row.to_stage, row.by, row.note, row.score, row.definition_version, row.episode


def test_who_crosses_the_threshold_becomes_mql_with_score_and_version(signed):
    lead, below = make_lead(country="Sweden"), make_lead()
    met(lead), met(below)
    assert found(lead, below) == 1
    assert newest(lead) == ("mql", None, "The score reached what was agreed.", 50, 7, 1)
    assert stage(below) == "inquiry"


def test_who_raises_a_hand_does_whatever_the_score(signed):
    lead = make_lead()
    met(lead, kind="visit", raised_hand=True)
    assert found(lead) == 1
    assert newest(lead) == ("mql", None, "The buyer raised a hand.", 1, 7, 1)


def test_grades_qualify_where_they_are_named():
    least = {"fit": {"A": 30, "B": 20, "C": 10}, "engagement": {"1": 40, "2": 20, "3": 5}, "grades": ["A2"]}
    in_force(thresholds=least)
    good, strange = make_lead(country="Sweden"), make_lead()
    met(good), met(strange), met(strange)
    assert found(good, strange) == 1
    assert (stage(good), stage(strange)) == ("mql", "inquiry")


@pytest.mark.parametrize(
    "change",
    [
        {"tags": ["Rival"]},
        {"do_not_call": True, "do_not_mail": True},
        {"archived_at": MONDAY},
    ],
)
def test_who_is_excluded_put_away_or_wants_no_contact_stays(signed, change):
    lead = make_lead(country="Sweden")
    met(lead, raised_hand=True)
    Lead.objects.filter(pk=lead.pk).update(**change)
    assert found(lead) == 0


@pytest.mark.parametrize("change", [{"signatures": BOTH[:1]}, {"status": SignedStatus.RETIRED}])
def test_only_a_signed_definition_in_force_marks_anybody(change):
    in_force(**change)
    lead = make_lead(country="Sweden")
    met(lead, raised_hand=True)
    assert found(lead) == 0


def test_without_a_word_of_the_buyer_nobody_is_marked():
    in_force(thresholds={"mql": 30})
    quiet, ours, corrected, heard = (make_lead(country="Sweden") for _ in range(4))
    met(ours, by="marketing")
    met(corrected, corrects=met(corrected), by="sales")
    met(heard, kind="visit")
    assert found(quiet, ours, corrected, heard) == 1
    assert stage(heard) == "mql"


def test_a_mark_that_somebody_undid_is_not_set_again_by_what_was_known(signed, mia):
    lead = make_lead(country="Sweden")
    met(lead)
    row = move_lead(lead, Stage.MQL, by=mia, at=MONDAY + HOUR)
    undo_move(Lead.objects.get(pk=lead.pk), row, by=mia, at=MONDAY + 2 * HOUR)
    assert found(lead, at=MONDAY + 3 * HOUR) == 0
    met(lead, at=MONDAY + 3 * HOUR, kind="visit")
    assert found(lead, at=MONDAY + 3 * HOUR) == 1


def sent_away(rob, mia, *, at=MONDAY, **fields):
    """To nurture, by sales, two hours later."""
    handoff = make_handoff(to=rob, by=mia, at=at, lead=make_mql(at=at, **fields))
    return reject_handoff(handoff, by=rob, at=at + 2 * HOUR, reason=reason("no_project")).lead


def test_in_nurture_a_new_hand_brings_back_before_the_day_and_who_knows_it_is_told(signed, rob, mia):
    lead = sent_away(rob, mia)
    met(lead, at=MONDAY + DAY, kind="visit", raised_hand=True)
    assert found(lead, at=MONDAY + DAY) == 1
    row = Lead.objects.get(pk=lead.pk)
    assert (row.stage, row.episode, row.revisit_on) == ("mql", 2, None)
    assert list(Notification.objects.filter(kind="lead_back").order_by("pk").values_list("user__email", "text")) == [
        ("rob@demo.test", "The buyer raised a hand."),
        ("mia@demo.test", "The buyer raised a hand."),
    ]


def test_only_a_new_hand_of_the_buyer_that_is_still_up_counts(signed, rob, mia):
    before, ours, corrected, plain, old, new = (sent_away(rob, mia) for _ in range(6))
    now = MONDAY + 31 * DAY
    met(before, at=MONDAY + HOUR, raised_hand=True)
    met(before, at=now, kind="visit")
    met(ours, at=now, by="marketing", raised_hand=True)
    met(corrected, at=now, corrects=met(corrected, at=now, raised_hand=True))
    met(plain, at=now)
    met(old, at=MONDAY + 3 * HOUR, raised_hand=True)
    met(new, at=MONDAY + 2 * DAY, raised_hand=True)
    assert found(before, ours, corrected, plain, old, new, at=now) == 1
    assert stage(new) == "mql"


def test_who_went_to_nurture_below_the_threshold_comes_back_over_it(signed, rob, mia):
    lead = sent_away(rob, mia, country="Sweden")
    met(lead, at=MONDAY + DAY)
    assert found(lead, at=MONDAY + DAY) == 1
    assert newest(lead)[:3] == ("mql", None, "The score reached what was agreed.")


def test_what_sales_answered_is_not_asked_again_because_a_page_was_opened(signed, rob, mia):
    lead = sent_away(rob, mia, country="Sweden")
    met(lead, at=MONDAY + HOUR)
    met(lead, at=MONDAY + DAY, kind="visit")
    assert found(lead, at=MONDAY + DAY) == 0
    met(lead, at=MONDAY + 2 * DAY, kind="visit", raised_hand=True)
    assert found(lead, at=MONDAY + 2 * DAY) == 1


def test_after_the_agreed_times_round_nobody_comes_back_by_itself(signed, rob, mia):
    Agreement.objects.create(version=1, status=SignedStatus.ACTIVE, most_episodes=1)
    lead = sent_away(rob, mia)
    met(lead, at=MONDAY + DAY, raised_hand=True)
    assert found(lead, at=MONDAY + DAY) == 0


def test_who_is_disqualified_or_with_sales_is_left_alone(signed, rob, mia):
    closed = reject_handoff(make_handoff(to=rob, by=mia), by=rob, at=MONDAY, reason=reason("industry")).lead
    waiting = make_handoff(to=rob).lead
    for lead in (closed, waiting):
        met(lead, at=MONDAY + HOUR, raised_hand=True)
    assert found(closed, waiting, at=MONDAY + HOUR) == 0


def test_what_was_done_on_a_merged_lead_is_the_survivors(signed, mona):
    stays, goes = make_lead(country="Sweden"), make_lead()
    met(goes)
    merge_leads(stays, goes, by=mona, at=MONDAY + HOUR)
    assert found(stays, goes, at=MONDAY + HOUR) == 1
    assert stage(stays) == "mql"


def test_automatic_offers_take_it_from_there(signed):
    lead = make_lead(country="Sweden")
    met(lead)
    found(lead)
    assert became_mql([lead.pk], since=timezone.now() - timedelta(hours=1)) == [lead.pk]


def test_a_rebuild_gives_the_same_as_the_outbox(signed):
    now = timezone.now()
    one, other, quiet = make_lead(country="Sweden"), make_lead(country="Sweden"), make_lead(country="Sweden")
    met(one, at=now - HOUR), met(other, at=now - HOUR)
    found(one, at=now)
    rebuild()
    rebuild()
    assert [stage(lead) for lead in (one, other, quiet)] == ["mql", "mql", "inquiry"]
    assert Transition.objects.filter(to_stage="mql").count() == 2


@pytest.mark.django_db(transaction=True)
def test_through_the_outbox_at_once(rob, mia):
    seed_reasons()
    in_force()
    now = timezone.now()
    fresh, back = make_lead(at=now - 2 * DAY), sent_away(rob, mia, at=now - 2 * DAY)
    drain_all()
    for lead in (fresh, back):
        met(lead, at=now - HOUR, raised_hand=True)
    drain_all()
    drain_all()
    assert [newest(lead)[-1] for lead in (fresh, back)] == [1, 2]
    assert [stage(lead) for lead in (fresh, back)] == ["mql", "mql"]


def test_the_queries_do_not_grow_with_the_rows(signed, rob, mia):
    def queries(count):
        leads = [make_lead(country="Sweden") for _ in range(count)]
        parked = [sent_away(rob, mia) for _ in range(count)]
        for lead in leads:
            met(lead)
        for lead in parked:
            met(lead, at=MONDAY + DAY, raised_hand=True)
        ids, card = [lead.pk for lead in (*leads, *parked)], active_card()
        score_leads(ids, card=card, at=MONDAY + DAY)
        with CaptureQueriesContext(connection) as asked:
            assert qualify_leads(ids, card=card, at=MONDAY + DAY) == 2 * count
        return len(asked)

    assert queries(1) == queries(4)
