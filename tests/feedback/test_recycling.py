"""feedback/recycling.py: what sales wanted to see again comes back by itself, as a new time round."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import Notification
from feedback.giving_up import transition_as_agreed
from feedback.models import Agreement, SignedStatus
from feedback.recycling import TooManyRounds, bring_back, bring_back_due
from feedback.verdicts import accept_handoff, reject_handoff
from leads.lifecycle import Stage
from leads.models import Lead, Transition
from leads.transitions import move_lead, transition_lead
from tests.factories import DAY, HOUR, MONDAY, make_handoff, make_lead, make_mql, reason

pytestmark = pytest.mark.django_db
APRIL = date(2026, 4, 1)
ON_THE_DAY = MONDAY.replace(month=4, day=1)


def sent_away(rob, mia, *, until=APRIL, at=MONDAY):
    """A lead that Mia handed over and Rob wants to see again on that day."""
    handoff = make_handoff(to=rob, by=mia, at=at)
    return reject_handoff(handoff, by=rob, at=at + HOUR, reason=reason("no_project"), revisit_on=until).lead


def agree(most):
    Agreement.objects.create(version=1, status=SignedStatus.ACTIVE, most_episodes=most)


def present(lead):
    return Lead.objects.get(pk=lead.pk)


def test_a_lead_comes_back_on_its_day_as_a_new_time_round(rob, mia):
    lead = sent_away(rob, mia)

    assert bring_back_due(at=ON_THE_DAY - DAY) == 0
    assert bring_back_due(at=ON_THE_DAY) == 1

    back = present(lead)
    assert (back.stage, back.episode, back.revisit_on) == (Stage.MQL, 2, None)
    row = Transition.objects.filter(lead=lead).latest("seq")
    assert (row.by, row.from_stage, row.opens_episode, row.episode) == (None, "nurture", True, 2)


def test_it_comes_back_once_however_often_it_is_looked_for(rob, mia):
    sent_away(rob, mia)
    assert [bring_back_due(at=ON_THE_DAY), bring_back_due(at=ON_THE_DAY), bring_back_due(at=ON_THE_DAY + DAY)] == [
        1,
        0,
        0,
    ]
    assert Transition.objects.filter(to_stage="mql").count() == 2


def test_who_knows_it_is_told_once(rob, mia):
    lead = sent_away(rob, mia)
    bring_back_due(at=ON_THE_DAY)
    bring_back_due(at=ON_THE_DAY)
    told = (
        Notification.objects.filter(kind="lead_back").order_by("pk").values_list("user__email", "title", "text", "url")
    )
    assert list(told) == [
        ("rob@demo.test", f"{lead} is back", "You asked to see it again on 1 Apr 2026.", f"/leads/{lead.pk}/"),
        ("mia@demo.test", f"{lead} is back", "Sales wanted to see it again on 1 Apr 2026.", f"/leads/{lead.pk}/"),
    ]


def test_many_at_once_are_one_ring(rob, mia):
    for _number in range(7):
        sent_away(rob, mia)
    bring_back_due(at=ON_THE_DAY)
    assert list(Notification.objects.filter(user=rob, kind="lead_back").values_list("title", flat=True)) == [
        "7 leads are back"
    ]


def test_a_returned_lead_comes_back_too_and_what_marketing_parked_only_stands_in_the_list(rob, mia):
    handoff = make_handoff(to=rob, by=mia)
    accept_handoff(handoff, by=rob, at=MONDAY + HOUR)
    returned = present(handoff.lead)
    transition_lead(returned, "nurture", by=rob, at=MONDAY + DAY, reason=reason("not_now", "return"), revisit_on=APRIL)
    parked = make_mql()
    transition_lead(parked, "nurture", by=mia, at=MONDAY + DAY, revisit_on=APRIL)

    assert bring_back_due(at=ON_THE_DAY) == 1
    assert (present(returned).stage, present(parked).stage) == ("mql", "nurture")


@pytest.mark.parametrize(
    "change",
    [
        {"do_not_call": True, "do_not_mail": True},
        {"archived_at": MONDAY},
    ],
)
def test_who_wants_no_contact_or_was_put_away_stays(rob, mia, change):
    lead = sent_away(rob, mia)
    Lead.objects.filter(pk=lead.pk).update(**change)
    assert bring_back_due(at=ON_THE_DAY) == 0
    assert present(lead).stage == "nurture"


def test_who_may_still_be_written_to_comes_back(rob, mia):
    lead = sent_away(rob, mia)
    Lead.objects.filter(pk=lead.pk).update(do_not_call=True)
    assert bring_back_due(at=ON_THE_DAY) == 1


def test_after_the_agreed_times_round_only_a_manager_brings_it_back(rob, mia, mona):
    agree(1)
    lead = sent_away(rob, mia)

    assert bring_back_due(at=ON_THE_DAY) == 0
    with pytest.raises(TooManyRounds, match="with sales once, as often as agreed") as refused:
        transition_as_agreed(present(lead), "mql", by=mia, at=ON_THE_DAY)
    assert (refused.value.code, refused.value.status) == ("too_many_rounds", 422)
    transition_as_agreed(present(lead), "mql", by=mona, at=ON_THE_DAY)
    assert (present(lead).stage, present(lead).episode) == ("mql", 2)


def test_what_never_was_mql_has_all_its_times_round_left(mia):
    agree(1)
    lead = make_lead()
    transition_lead(lead, "nurture", by=mia, at=MONDAY + HOUR)
    transition_as_agreed(lead, "mql", by=mia, at=MONDAY + DAY)
    assert (lead.stage, lead.episode) == ("mql", 1)


def test_one_that_may_not_come_back_keeps_nobody_waiting(rob, mia):
    agree(2)
    stuck = sent_away(rob, mia)
    Lead.objects.filter(pk=stuck.pk).update(episode=2, revisit_on=date(2026, 3, 5))
    free = sent_away(rob, mia)
    assert bring_back_due(at=ON_THE_DAY, limit=1) == 1
    assert present(free).stage == "mql"


def test_what_somebody_moved_meanwhile_is_left_alone(rob, mia):
    lead = sent_away(rob, mia)
    move_lead(present(lead), Stage.MQL, by=mia, at=MONDAY + DAY)
    assert bring_back_due(at=ON_THE_DAY) == 0
    assert bring_back([lead.pk], at=ON_THE_DAY, why="") == []
    assert present(lead).episode == 2


def test_the_queries_do_not_grow_with_the_rows(rob, mia):
    def queries(count):
        for _number in range(count):
            sent_away(rob, mia)
        with CaptureQueriesContext(connection) as asked:
            assert bring_back_due(at=ON_THE_DAY) == count
        return len(asked)

    assert queries(1) == queries(12)
