from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import Notification
from feedback.models import Agreement, Handoff
from feedback.reminding import tell_of_clocks
from feedback.verdicts import accept_handoff, undo_verdict
from leads.activities import log_activity
from leads.models import Lead
from leads.subjects import Subject
from tests.factories import DAY, HOUR, MONDAY, make_handoff

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
OFFICE = {day: ["09:00", "17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}


@pytest.fixture(autouse=True)
def agreement(db):
    return Agreement.objects.create(
        version=1, status="active", hours_to_verdict=8, hours_to_remind=2, hours_to_first_attempt=4
    )


def told():
    """All but what was told when the leads were handed over and answered."""
    rows = Notification.objects.exclude(title__endswith="handed to you").exclude(kind="verdict")
    return sorted(rows.values_list("user__first_name", "kind", "title", "text"))


def named(handoff, name="Ada"):
    Lead.objects.filter(pk=handoff.lead_id).update(first_name=name, last_name="")
    handoff.lead.refresh_from_db()
    return handoff


def test_a_reminder_comes_once_so_many_hours_before(mia, rob):
    named(make_handoff(to=rob, by=mia))
    due = MONDAY + 8 * HOUR

    assert [tell_of_clocks(at=at) for at in (due - 2 * HOUR - MINUTE, due - 2 * HOUR, due - HOUR)] == [0, 1, 0]
    assert told() == [("Rob", "due_soon", "Ada waits for your answer", "Due Monday at 17:00.")]


def test_a_reminder_counts_working_hours(mia, rob, north):
    north.working_hours = OFFICE
    north.save()
    handoff = make_handoff(to=rob, by=mia, at=datetime(2026, 3, 6, 10, tzinfo=UTC))
    assert handoff.due_at == datetime(2026, 3, 9, 10, tzinfo=UTC)

    assert tell_of_clocks(at=datetime(2026, 3, 6, 15, 59, tzinfo=UTC)) == 0
    assert tell_of_clocks(at=datetime(2026, 3, 6, 16, tzinfo=UTC)) == 1, "on Friday afternoon, not on Monday morning"


def test_a_promise_of_two_hours_is_not_reminded_of_at_once(mia, rob):
    Agreement.objects.update(hours_to_verdict=2)
    make_handoff(to=rob, by=mia)

    assert [tell_of_clocks(at=MONDAY + n * MINUTE) for n in (0, 59, 60)] == [0, 0, 1]


def test_who_put_it_off_is_reminded_when_it_is_back(mia, rob):
    Handoff.objects.filter(pk=make_handoff(to=rob, by=mia).pk).update(snoozed_until=MONDAY + 7 * HOUR)

    assert [tell_of_clocks(at=MONDAY + n * HOUR) for n in (6, 7)] == [0, 1]


def test_a_team_is_reminded_person_by_person(mia, rob, rosa, north, sam):
    named(make_handoff(to=north, by=mia))
    tell_of_clocks(at=MONDAY + 7 * HOUR)
    assert [name for name, *_ in told()] == ["Rob", "Rosa"]


def test_who_is_late_and_the_manager_are_told_once(mia, rob, max_, north):
    north.manager = max_
    north.save()
    handoff = named(make_handoff(to=rob, by=mia))

    assert [tell_of_clocks(at=handoff.due_at + n * MINUTE) for n in (0, 1)] == [1, 0]

    assert told() == [
        ("Max", "overdue", "Rob has not answered on Ada in time", "It was due Monday at 17:00."),
        ("Rob", "overdue", "Your answer on Ada is late", "It was due Monday at 17:00."),
    ]
    handoff.refresh_from_db()
    assert handoff.status == "open", "late is not expired"


def test_nothing_is_told_before_anybody_signed_or_where_reminders_are_off(mia, rob):
    make_handoff(to=rob, by=mia)
    Agreement.objects.update(hours_to_remind=None)
    assert tell_of_clocks(at=MONDAY + 7 * HOUR) == 0
    Agreement.objects.update(status="draft")
    assert tell_of_clocks(at=MONDAY + DAY) == 0


def test_what_was_answered_is_not_told(mia, rob):
    accept_handoff(make_handoff(to=rob, by=mia), by=rob, at=MONDAY)
    assert tell_of_clocks(at=MONDAY + 3 * HOUR) == 0


def test_a_first_call_that_was_not_made_is_told_once(mia, rob):
    handoff, called = named(make_handoff(to=rob, by=mia)), make_handoff(to=rob, by=mia)
    accept_handoff(handoff, by=rob, at=MONDAY)
    accept_handoff(called, by=rob, at=MONDAY)
    log_activity(Subject(called.lead), by=rob, at=MONDAY + HOUR, kind="call", outcome="no_answer")
    assert handoff.attempt_due_at == MONDAY + 4 * HOUR

    assert [tell_of_clocks(at=MONDAY + n * HOUR) for n in (3, 4, 5)] == [0, 1, 0]
    assert told() == [("Rob", "task_due", "The first call to Ada is late", "It was due Monday at 13:00.")]


def test_a_lead_that_went_on_without_a_call_is_not_told_of(mia, rob):
    handoff = make_handoff(to=rob, by=mia)
    accept_handoff(handoff, by=rob, at=MONDAY)
    undo_verdict(handoff, by=rob, at=MONDAY + MINUTE)
    assert tell_of_clocks(at=MONDAY + 5 * HOUR) == 0
    accept_handoff(handoff, by=rob, at=MONDAY + 5 * HOUR)
    Lead.objects.filter(pk=handoff.lead_id).update(stage="qualified")
    assert tell_of_clocks(at=MONDAY + DAY) == 0


def test_ninety_late_answers_ring_once(mia, rob):
    for _ in range(9):
        make_handoff(to=rob, by=mia)
    tell_of_clocks(at=MONDAY + DAY)
    assert told() == [("Rob", "overdue", "9 answers are late", "")]


def test_many_cost_what_few_cost(mia, rob, north):
    def queries(count, day):
        for _ in range(count):
            make_handoff(to=rob, by=mia, at=MONDAY + day * DAY)
        with CaptureQueriesContext(connection) as captured:
            assert tell_of_clocks(at=MONDAY + day * DAY + 9 * HOUR) == count
        return len(captured)

    queries(1, 0)
    assert queries(2, 2) == queries(20, 4)
