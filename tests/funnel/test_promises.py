"""What both sides promised and kept, by hand: funnel/handoffs/promises.py."""

from datetime import date, timedelta

import pytest

from crm.intervals import Counted
from feedback.models import Agreement, Handoff, Impression, Reply
from feedback.verdicts import accept_handoff, reject_handoff
from funnel.handoffs.days import Days
from funnel.handoffs.giving_up import given_up
from funnel.handoffs.promises import (
    Middle,
    answer_time,
    attempts_kept,
    comments_answered,
    feedback_coverage,
    first_attempts_in_time,
    mean_attempts,
    ride_alongs,
    verdicts_in_time,
)
from leads.lifecycle import ReasonUse, Stage
from leads.models import Activity
from leads.transitions import last_effective, transition_lead, undo_move
from tests.factories import DAY, HOUR, MONDAY, make_handoff, make_mql, reason

pytestmark = pytest.mark.django_db

MARCH = Days(date(2026, 3, 1), date(2026, 4, 1), MONDAY + 10 * DAY)


def due(handoff: Handoff, after: timedelta) -> Handoff:
    Handoff.objects.filter(pk=handoff.pk).update(due_at=MONDAY + after)
    handoff.refresh_from_db()
    return handoff


def accepted(rob, *, after: timedelta = HOUR, rating: int | None = None, comment: str = "") -> Handoff:
    return accept_handoff(make_handoff(to=rob, at=MONDAY), by=rob, at=MONDAY + after, rating=rating, comment=comment)


def rejected(rob, code: str, **said) -> Handoff:
    handoff = make_handoff(to=rob, at=MONDAY)
    return reject_handoff(handoff, by=rob, at=MONDAY + HOUR, reason=reason(code), **said)


def call(lead, by, at, outcome="no_answer", direction="outbound", kind="call") -> Activity:
    return Activity.objects.create(lead=lead, by=by, at=at, kind=kind, outcome=outcome, direction=direction)


def give_up(handoff, rob, at):
    lead = handoff.lead
    lead.refresh_from_db()
    return transition_lead(lead, Stage.NURTURE, by=rob, at=at, reason=reason("no_answer", ReasonUse.RETURN))


def test_s2_open_past_due_is_a_breach_and_not_yet_due_counts_for_nothing(rob):
    for _ in range(6):
        due(accepted(rob), 2 * HOUR)
    due(accepted(rob, after=3 * HOUR), 2 * HOUR)
    due(make_handoff(to=rob, at=MONDAY), 2 * HOUR)
    for _ in range(2):
        due(make_handoff(to=rob, at=MONDAY), 20 * DAY)
    withdrawn = due(make_handoff(to=rob, at=MONDAY), 2 * HOUR)
    Handoff.objects.filter(pk=withdrawn.pk).update(status="withdrawn", decided_at=MONDAY)

    assert verdicts_in_time(MARCH) == Counted(6, 8)
    assert verdicts_in_time(MARCH).rate == 0.75


def test_what_was_passed_on_unanswered_is_a_breach(rob):
    gone = due(make_handoff(to=rob, at=MONDAY), 2 * HOUR)
    Handoff.objects.filter(pk=gone.pk).update(status="expired", decided_at=MONDAY + DAY)

    assert verdicts_in_time(MARCH) == Counted(0, 1)


def test_what_is_due_in_other_days_counts_there(rob):
    due(accepted(rob), timedelta(days=-2))  # 28 February

    assert verdicts_in_time(MARCH) == Counted(0, 0)
    assert verdicts_in_time(MARCH).rate is None


def test_the_first_attempt_is_in_time_late_open_or_needless(rob):
    in_time, late, never, waits, answered = (accepted(rob) for _ in range(5))
    Handoff.objects.update(attempt_due_at=MONDAY + DAY)
    Handoff.objects.filter(pk=waits.pk).update(attempt_due_at=MONDAY + 20 * DAY)
    call(in_time.lead, rob, MONDAY + 2 * HOUR)
    call(late.lead, rob, MONDAY + 2 * DAY)
    call(answered.lead, rob, MONDAY + 2 * HOUR, outcome="replied", direction="inbound", kind="email")
    call(never.lead, rob, MONDAY - HOUR)  # before it was accepted

    assert first_attempts_in_time(MARCH) == Counted(2, 4)


def test_attempts_before_giving_up_count_since_acceptance_and_what_is_tried_at_once_once(rob, max_):
    tried, reached, undone = (accepted(rob) for _ in range(3))
    for hours in (1.5, 1.6, 3, 5):  # the first two are one attempt
        call(tried.lead, rob, MONDAY + hours * HOUR)
    call(reached.lead, rob, MONDAY + 2 * HOUR, outcome="reached")
    for handoff in (tried, reached, undone):
        give_up(handoff, max_, MONDAY + DAY)
    undo_move(undone.lead, last_effective(undone.lead), by=max_, at=MONDAY + DAY + HOUR)
    found = sorted(given_up(MARCH), key=lambda lead: lead.attempts)

    assert [(lead.attempts, lead.was_reached) for lead in found] == [(1, True), (3, False)]
    assert attempts_kept(found, Agreement(min_attempts=3)) == Counted(2, 2)
    assert attempts_kept(found, Agreement(min_attempts=4)) == Counted(1, 2)
    assert mean_attempts(found) == (3.0, 1)


def test_an_exception_asks_for_attempts_of_its_own(rob, max_):
    handoff = accepted(rob)
    Handoff.objects.filter(pk=handoff.pk).update(service_level="Big")
    call(handoff.lead, rob, MONDAY + 2 * HOUR)
    give_up(handoff, max_, MONDAY + DAY)
    exceptions = [{"name": "Big", "segments": ["Big"], "min_attempts": 1}]

    assert attempts_kept(given_up(MARCH), Agreement(min_attempts=5, exceptions=exceptions)) == Counted(1, 1)


def test_answers_take_working_time_where_it_was_measured(rob):
    for minutes in (30, 60, 240):
        handoff = accepted(rob)
        Handoff.objects.filter(pk=handoff.pk).update(answered_in=timedelta(minutes=minutes))

    assert answer_time(MARCH) == Middle(HOUR, 3)
    assert answer_time(MARCH).hours == 1.0


def test_feedback_is_what_one_can_learn_from(rob):
    accepted(rob)
    accepted(rob, rating=4)
    tapped = accepted(rob)
    Impression.objects.create(
        lead=tapped.lead, episode=1, moment="qualify", question="quality", quality=3, by=rob, at=MONDAY + DAY
    )
    rejected(rob, "industry")
    rejected(rob, "missing_data")
    rejected(rob, "wrong_data", wrong_fields=["phone"])

    assert feedback_coverage(MARCH) == Counted(4, 6)


def test_a_comment_is_answered_by_marketing_only(rob, rosa, mia):
    answered, by_sales, _open = (accepted(rob, comment="Who is this?") for _ in range(3))
    accepted(rob)
    Reply.objects.create(handoff=by_sales, by=rosa, at=MONDAY + 2 * HOUR, text="No idea.")
    Reply.objects.create(handoff=answered, by=mia, at=MONDAY + 5 * HOUR, text="The owner.")
    Reply.objects.create(handoff=answered, by=mia, at=MONDAY + 9 * HOUR, text="And founder.")

    assert comments_answered(MARCH) == (Counted(1, 3), Middle(4 * HOUR, 1))


def test_a_ride_along_has_somebody_of_each_side(rob, rosa, mia, mona):
    lead = make_mql()

    def meeting(by, *participants, outcome="held", kind="meeting"):
        made = call(lead, by, MONDAY + DAY, outcome=outcome, direction="", kind=kind)
        made.participants.set(participants)

    meeting(rob, mia)
    meeting(mia, rob)
    meeting(None, mia, rob)
    meeting(rob, mia, mona)
    assert ride_alongs(MARCH) == 4
    meeting(rob, rosa)
    meeting(mia, mona)
    meeting(rob, mia, outcome="cancelled")
    meeting(rob, mia, kind="event")
    assert ride_alongs(MARCH) == 4
