"""What both sides promised each other and kept, between two days: the figures of goals and of the page of alignment.

Promises with a clock are read from funnel/handoffs/service_levels.py, as the report *sla* reads them.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, NamedTuple

from django.db.models import Count, Q, QuerySet

from crm.fetching import fetch_rows
from crm.intervals import Counted
from crm.models import Role, Side
from crm.periods import start_of_day, zone
from feedback.models import VERDICTS, Agreement, Handoff
from feedback.verdict_figures import IS_COVERED
from funnel.handoffs.days import Days
from funnel.handoffs.giving_up import GivenUp, is_kept
from funnel.handoffs.service_levels import Promised, kept_of


class Middle(NamedTuple):
    """The median of so many lengths of time; None of none."""

    length: timedelta | None
    n: int

    @property
    def hours(self) -> float | None:
        return None if self.length is None else self.length / timedelta(hours=1)


# Meetings with a buyer at which somebody of each side was.
RIDE_ALONGS = """
    SELECT count(DISTINCT a.id)
    FROM leads_activity_participants p JOIN leads_activity a ON a.id = p.activity_id
    WHERE a.kind = 'meeting' AND a.outcome <> 'cancelled' AND a.at >= %(start)s AND a.at < %(end)s
        AND (p.user_id = ANY(%(marketing)s) AND (a.by_id = ANY(%(sales)s) OR EXISTS (
                SELECT FROM leads_activity_participants other
                WHERE other.activity_id = a.id AND other.user_id = ANY(%(sales)s)))
            OR p.user_id = ANY(%(sales)s) AND a.by_id = ANY(%(marketing)s))
"""
PEOPLE = """
    SELECT u.id FROM crm_user u LEFT JOIN crm_team t ON t.id = u.team_id WHERE u.role = %(role)s OR t.kind = %(side)s
"""


def verdicts_in_time(days: Days) -> Counted:
    """S2 (a hand-off each): answered in time, of those answered, passed on, or open past their time."""
    return kept_of("verdict", Promised(days)).counted


def first_attempts_in_time(days: Days) -> Counted:
    return kept_of("first_attempt", Promised(days)).counted


def attempts_kept(leads: Iterable[GivenUp], agreement: Agreement) -> Counted:
    """How many were tried as often as agreed; of a buyer who answered no more attempts are asked."""
    kept = list(is_kept(leads, agreement))
    return Counted(sum(kept), len(kept))


def mean_attempts(leads: Iterable[GivenUp]) -> tuple[float | None, int]:
    """Attempts before giving up on average, over buyers who never answered; and how many these are."""
    tried = [lead.attempts for lead in leads if not lead.was_reached]
    return (sum(tried) / len(tried) if tried else None), len(tried)


def answer_time(days: Days) -> Middle:
    """How long sales took to answer a hand-off, in working time."""
    return middle_of("verdict", days)


def comments_answered(days: Days) -> tuple[Counted, Middle]:
    """Comments of sales to which marketing replied, of all comments; and how long a reply took, on the clock."""
    return kept_of("comments", Promised(days)).counted, middle_of("comments", days)


def middle_of(clock: str, days: Days) -> Middle:
    kept = kept_of(clock, Promised(days))
    return Middle(None if kept.median is None else timedelta(seconds=kept.median), kept.n)


def feedback_coverage(days: Days) -> Counted:
    """F1: answers that marketing can learn from, of all answers."""
    answered = answered_in(days).alias(is_covered=IS_COVERED)
    return Counted(*answered.aggregate(covered=Count("pk", filter=Q(is_covered=True)), whole=Count("pk")).values())


def answered_in(days: Days) -> QuerySet[Handoff]:
    """What sales answered on these days."""
    first, end = (start_of_day(day, zone()) for day in (days.start, days.end))
    return Handoff.objects.filter(status__in=VERDICTS, decided_at__gte=first, decided_at__lt=end).order_by()


def ride_alongs(days: Days) -> int:
    """Meetings with a buyer that marketing and sales held together."""
    people = {side.value: people_of(side) for side in Side}
    return int(one_row(RIDE_ALONGS, {**days.parameters, **people})[0])


def people_of(side: Side) -> list[int]:
    """Who works for ``side``, those who left included."""
    role = Role.MARKETER if side is Side.MARKETING else Role.REP
    return [pk for [pk] in fetch_rows(PEOPLE, {"role": role.value, "side": side.value})]


def one_row(statement: str, parameters: dict[str, Any]) -> tuple[Any, ...]:
    [row] = fetch_rows(statement, parameters)
    return row
