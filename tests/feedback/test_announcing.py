"""The bell tells who is asked for an answer, and who handed over what was answered."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import Notification
from feedback.handing_over import hand_over_leads, take_back_handoffs
from feedback.many_verdicts import accept_handoffs, reject_handoffs, undo_verdicts
from feedback.verdicts import accept_handoff, offer_lead, reject_handoff, undo_verdict, withdraw_handoff
from tests.factories import HOUR, MONDAY, make_handoff, make_mql, reason

pytestmark = pytest.mark.django_db
LATER = MONDAY + HOUR


def told(**which):
    return list(Notification.objects.filter(**which).order_by("id").values_list("user__first_name", "title"))


def test_who_is_asked_hears_of_it(rob, mia):
    lead = make_mql(first_name="Ada", last_name="Lovelace", company_name="Acme")
    handoff = offer_lead(lead, by=mia, at=MONDAY, to_user=rob, promised="A call today")

    [notice] = Notification.objects.all()
    assert (notice.user, notice.kind, notice.title, notice.text, notice.url) == (
        rob, "handoff", "Ada Lovelace was handed to you", "Acme, A call today", f"/inbox/?open={handoff.pk}",
    )  # fmt: skip


def test_of_a_team_every_rep_hears(rob, rosa, sam, max_, north):
    make_handoff(to=north)

    assert {name for name, _title in told()} == {"Rob", "Rosa"}


def test_many_at_once_are_one_notice(rob, mia):
    leads = [make_mql() for _ in range(12)]
    hand_over_leads([lead.pk for lead in leads], by=mia, at=MONDAY, to_user=rob)

    [notice] = Notification.objects.all()
    assert notice.title == "12 leads were handed to you"
    assert notice.text == f"{leads[0]}, {leads[1]}, {leads[2]} and 9 more"


def test_who_handed_over_hears_the_answer(rob, mia):
    accepted, rejected = (make_handoff(to=rob, by=mia) for _ in range(2))
    accept_handoff(accepted, by=rob, at=LATER)
    reject_handoff(rejected, by=rob, at=LATER, reason=reason("company_size"), comment="Two people")

    assert told(user=mia) == [("Mia", f"Rob accepted {accepted.lead}"), ("Mia", f"Rob rejected {rejected.lead}")]
    assert Notification.objects.get(title__contains="rejected").text == f"{reason('company_size').label}: Two people"


def test_nobody_is_asked_any_more_once_it_is_answered(rob, rosa, mia, north):
    handoff = make_handoff(to=north, by=mia)
    accept_handoff(handoff, by=rob, at=LATER)

    assert not Notification.objects.filter(user__in=[rob, rosa], read_at=None)


def test_an_undone_verdict_is_no_news(rob, mia):
    handoff = make_handoff(to=rob, by=mia)
    accept_handoff(handoff, by=rob, at=LATER)
    undo_verdict(handoff, by=rob, at=LATER)
    assert told(user=mia) == []

    handoff.refresh_from_db()
    reject_handoff(handoff, by=rob, at=LATER + HOUR, reason=reason("company_size"))
    assert told(user=mia) == [("Mia", f"Rob rejected {handoff.lead}")]


def test_a_verdict_that_was_read_of_stays_when_it_is_undone(rob, mia):
    handoff = make_handoff(to=rob, by=mia)
    accept_handoff(handoff, by=rob, at=LATER)
    Notification.objects.update(read_at=LATER)
    undo_verdict(handoff, by=rob, at=LATER)

    assert len(told(user=mia)) == 1


def test_a_withdrawn_hand_off_asks_no_longer(rob, mia):
    withdraw_handoff(make_handoff(to=rob, by=mia), by=mia, at=LATER)
    take_back_handoffs([make_handoff(to=rob, by=mia).pk], by=mia, at=LATER)

    assert not Notification.objects.filter(read_at=None)


def test_a_rerouted_lead_is_told_to_the_next(rob, rosa, mia):
    handoff = make_handoff(to=rob, by=mia)
    reject_handoff(handoff, by=rob, at=LATER, reason=reason("wrong_rep"))

    assert told(user=rosa) == [("Rosa", f"{handoff.lead} was handed to you")]


@pytest.mark.parametrize("count", [3, 9])
def test_many_answers_are_told_and_taken_back(rob, mia, count):
    ids = [make_handoff(to=rob, by=mia).pk for _ in range(count)]
    accept_handoffs(ids, by=rob, at=LATER)
    assert len(told(user=mia)) == (3 if count == 3 else 1)

    undo_verdicts(ids, by=rob, at=LATER)
    assert told(user=mia) == []


def test_telling_many_costs_the_same(rob, mia):
    def queries(count):
        ids = [make_handoff(to=rob, by=mia).pk for _ in range(count)]
        with CaptureQueriesContext(connection) as seen:
            accept_handoffs(ids, by=rob, at=LATER)
        return len(seen)

    assert queries(2) == queries(20)


def test_whom_the_words_of_a_verdict_name_hears_of_it_until_it_is_undone(rob, mia, rosa):
    handoff = make_handoff(to=rob, by=mia)
    reject_handoff(handoff, by=rob, at=LATER, reason=reason("company_size"), comment="Two people, @Rosa @Mia @Rob")

    assert told(kind="mention") == [("Rosa", f"Rob mentioned you: {handoff.lead}")]
    assert Notification.objects.get(user=rosa).url == f"/handoffs/{handoff.pk}/replies/"

    undo_verdict(handoff, by=rob, at=LATER)

    assert told(kind="mention") == []


def test_a_name_of_two_people_holds_no_verdict_up(rob, rosa):
    rosa.__class__.objects.create_user("rosa2@demo.test", "x", first_name="Rosa")
    handoff = make_handoff(to=rob)
    accept_handoff(handoff, by=rob, at=LATER, comment="Like yours, @Rosa")

    assert (handoff.status, told(kind="mention")) == ("accepted", [])


def test_named_beside_many_verdicts_is_one_notice(rob, rosa):
    handoffs = [make_handoff(to=rob) for _ in range(3)]
    no = {"reason": reason("company_size"), "comment": "All too small, @rosa"}
    reject_handoffs([handoff.pk for handoff in handoffs], by=rob, at=LATER, **no)

    assert told(user=rosa) == [("Rosa", "Rob mentioned you: 3 leads")]
