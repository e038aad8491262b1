"""feedback/snoozing.py: out of sight within the service level, the clock running on."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.errors import NotAllowed
from feedback.errors import AlreadyDecided
from feedback.models import Handoff
from feedback.queries import inbox_of
from feedback.snoozing import (
    BACK_BEFORE_DUE,
    CannotSnooze,
    latest_return,
    snooze_handoff,
    snooze_handoffs,
    wake_handoff,
    wake_handoffs,
)
from feedback.verdicts import accept_handoff, reject_handoff, undo_verdict
from tests.factories import HOUR, MONDAY, make_handoff, reason

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def in_sight(user, at):
    return list(inbox_of(user).in_sight(at))


def test_it_is_out_of_sight_until_then_and_its_clock_runs_on(rob):
    handoff = make_handoff(to=rob)
    due_at = handoff.due_at

    snooze_handoff(handoff, by=rob, at=MONDAY, until=MONDAY + HOUR)

    assert in_sight(rob, MONDAY + HOUR - MINUTE) == []
    assert list(inbox_of(rob).snoozed(MONDAY + HOUR - MINUTE)) == [handoff]
    assert in_sight(rob, MONDAY + HOUR) == [handoff]
    assert list(inbox_of(rob).snoozed(MONDAY + HOUR)) == []
    assert Handoff.objects.get().due_at == due_at


def test_it_comes_back_just_before_it_is_due_at_the_latest(rob):
    handoff = make_handoff(to=rob)
    latest = handoff.due_at - BACK_BEFORE_DUE

    with pytest.raises(CannotSnooze, match="just before the answer is due") as refused:
        snooze_handoff(handoff, by=rob, at=MONDAY, until=latest + MINUTE)

    assert refused.value.extra["latest"] == latest.isoformat()
    assert snooze_handoff(handoff, by=rob, at=MONDAY, until=latest).snoozed_until == latest == latest_return(handoff)


@pytest.mark.parametrize(
    ("at", "until", "said"),
    [
        (-10 * MINUTE, HOUR, "due within minutes"),
        (MINUTE, HOUR, "late already"),
        (-5 * HOUR, -5 * HOUR, "still to come"),
        (-5 * HOUR, -6 * HOUR, "still to come"),
    ],
)
def test_it_is_not_put_off_when_there_is_no_time_left(rob, at, until, said):
    handoff = make_handoff(to=rob)
    with pytest.raises(CannotSnooze, match=said):
        snooze_handoff(handoff, by=rob, at=handoff.due_at + at, until=handoff.due_at + until)


def test_who_may_not_answer_may_not_put_off(rob, rosa, mia, max_):
    handoff = make_handoff(to=rob)
    for stranger in (rosa, mia):
        with pytest.raises(NotAllowed):
            snooze_handoff(handoff, by=stranger, at=MONDAY, until=MONDAY + HOUR)
    assert snooze_handoff(handoff, by=max_, at=MONDAY, until=MONDAY + HOUR).snoozed_until == MONDAY + HOUR


def test_what_is_answered_is_put_off_no_more(rob):
    handoff = make_handoff(to=rob)
    accept_handoff(handoff, by=rob, at=MONDAY)
    with pytest.raises(AlreadyDecided):
        snooze_handoff(handoff, by=rob, at=MONDAY, until=MONDAY + HOUR)
    with pytest.raises(AlreadyDecided):
        wake_handoff(handoff, by=rob)


def test_wake_brings_it_back_at_once(rob):
    handoff = snooze_handoff(make_handoff(to=rob), by=rob, at=MONDAY, until=MONDAY + HOUR)
    wake_handoff(handoff, by=rob)
    assert in_sight(rob, MONDAY) == [handoff]


def test_an_answer_ends_it_also_when_that_is_undone(rob):
    handoff = snooze_handoff(make_handoff(to=rob), by=rob, at=MONDAY, until=MONDAY + 3 * HOUR)
    reject_handoff(handoff, by=rob, at=MONDAY, reason=reason("no_project"))
    undo_verdict(handoff, by=rob, at=MONDAY + MINUTE)
    assert in_sight(rob, MONDAY + MINUTE) == [handoff]


def test_many_are_put_off_but_those_due_before(rob):
    soon, later = make_handoff(to=rob, at=MONDAY - 20 * HOUR), make_handoff(to=rob)
    gone = make_handoff(to=rob)
    accept_handoff(gone, by=rob, at=MONDAY)

    deed = snooze_handoffs([soon.pk, later.pk, gone.pk], by=rob, at=MONDAY, until=MONDAY + 10 * HOUR)

    until = (MONDAY + 10 * HOUR).isoformat()
    assert deed.changed == [{"id": later.lead_id, "handoff": later.pk, "snoozed": [None, until]}]
    assert [row["id"] for row in deed.refused] == [gone.lead_id, soon.lead_id]
    assert "Rob accepted this" in deed.refused[0]["why"]
    assert "just before the answer is due" in deed.refused[1]["why"]
    assert in_sight(rob, MONDAY) == [soon]

    wake_handoffs([later.pk], by=rob)
    assert in_sight(rob, MONDAY) == [soon, later]


def test_many_cost_the_same_queries_as_one(rob):
    def queries(count):
        ids = [make_handoff(to=rob).pk for _number in range(count)]
        with CaptureQueriesContext(connection) as asked:
            snooze_handoffs(ids, by=rob, at=MONDAY, until=MONDAY + HOUR)
        return len(asked)

    assert queries(1) == queries(20)
