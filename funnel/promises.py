"""What both sides promised each other and kept, between two days: the rows behind service levels and goals.

Every figure is one statement over the rows that were due in the days, counted by the database. Days are cut in the
organisation's zone; what is open past its time is late, what is not yet due counts for nothing (METRICS S2).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from typing import Any, NamedTuple

from django.db.models import Count, F, QuerySet, Subquery

from crm.fetching import fetch_rows
from crm.intervals import Counted
from crm.models import Role, Side
from crm.periods import start_of_day, zone
from feedback.clocks import level_named
from feedback.models import VERDICTS, Agreement, Handoff
from feedback.queries import ANSWER_TIME, Median, replies_of_marketing
from leads.attempts import beginnings
from leads.models import Direction
from leads.models.work import ANSWERS, ATTEMPTS


@dataclass(frozen=True)
class Days:
    """Days ``start`` to ``end`` (not included), looked at ``at`` a moment."""

    start: date
    end: date
    at: datetime

    @cached_property
    def parameters(self) -> dict[str, Any]:
        tz = zone()
        return {
            "start": start_of_day(self.start, tz),
            "end": start_of_day(self.end, tz),
            "first_day": self.start,
            "end_day": self.end,
            "at": self.at,
            "attempts": list(ATTEMPTS),
            "answers": list(ANSWERS),
            "inbound": Direction.INBOUND.value,
        }


class Middle(NamedTuple):
    """The median of so many lengths of time; None of none."""

    length: timedelta | None
    n: int

    @property
    def hours(self) -> float | None:
        return None if self.length is None else self.length / timedelta(hours=1)


# A verdict is due once a hand-off; taken back by marketing it is due no more.
VERDICTS_IN_TIME = """
    SELECT count(*) FILTER (WHERE status IN ('accepted', 'rejected') AND decided_at <= due_at),
        count(*) FILTER (WHERE status <> 'open' OR due_at < %(at)s)
    FROM feedback_handoff
    WHERE due_at >= %(start)s AND due_at < %(end)s AND status <> 'withdrawn'
"""
# The first attempt, or the buyer's own answer, which makes one needless.
FIRST_ATTEMPTS_IN_TIME = """
    SELECT count(*) FILTER (WHERE first.at <= h.attempt_due_at),
        count(*) FILTER (WHERE first.at IS NOT NULL OR h.attempt_due_at < %(at)s)
    FROM feedback_handoff h
    LEFT JOIN LATERAL (
        SELECT a.at FROM leads_activity a
        WHERE a.lead_id = h.lead_id AND a.at >= h.decided_at AND a.by_id IS NOT NULL
            AND (a.kind = ANY(%(attempts)s) OR a.direction = %(inbound)s OR a.outcome = ANY(%(answers)s))
        ORDER BY a.at LIMIT 1
    ) first ON true
    WHERE h.attempt_due_at >= %(start)s AND h.attempt_due_at < %(end)s AND h.status = 'accepted'
"""
# Leads that sales accepted and gave up, with what it tried in between; merged leads are read as one.
GIVEN_UP = """
    SELECT coalesce(handoff.service_level, ''),
        array_agg(tried.at ORDER BY tried.at) FILTER (WHERE tried.is_attempt),
        coalesce(bool_or(tried.is_answer), false)
    FROM leads_transition gone
    JOIN LATERAL (
        SELECT max(t.at) AS at FROM leads_transition t
        WHERE t.lead_id = gone.lead_id AND t.seq < gone.seq AND t.to_stage = 'accepted'
    ) accepted ON accepted.at IS NOT NULL
    LEFT JOIN LATERAL (
        SELECT h.service_level FROM feedback_handoff h
        WHERE h.lead_id = gone.lead_id AND h.episode = gone.episode AND h.status = 'accepted' ORDER BY h.id DESC LIMIT 1
    ) handoff ON true
    LEFT JOIN LATERAL (
        SELECT a.at, a.kind = ANY(%(attempts)s) AND a.direction <> %(inbound)s AS is_attempt,
            a.direction = %(inbound)s OR a.outcome = ANY(%(answers)s) AS is_answer
        FROM leads_activity a
        WHERE a.lead_id = ANY(
                gone.lead_id || ARRAY(SELECT m.id FROM leads_lead m WHERE m.merged_into_id = gone.lead_id))
            AND a.by_id IS NOT NULL AND a.at >= accepted.at AND a.at <= gone.at
    ) tried ON true
    WHERE gone.to_stage IN ('nurture', 'disqualified') AND gone.from_stage IN ('accepted', 'qualified')
        AND gone.kind <> 'undo' AND gone.at >= %(start)s AND gone.at < %(end)s
        AND NOT EXISTS (SELECT FROM leads_transition u WHERE u.undoes_id = gone.id)
    GROUP BY gone.id, handoff.service_level
"""
ANSWERED = """
    FROM feedback_handoff WHERE status IN ('accepted', 'rejected') AND decided_at >= %(start)s AND decided_at < %(end)s
"""
# What marketing can learn from: a yes with an impression of the lead, a no with its reason; of bad data, which field.
COVERED = f"""
    SELECT count(*) FILTER (WHERE CASE
        WHEN status = 'accepted' THEN rating IS NOT NULL OR EXISTS (
            SELECT FROM feedback_impression i WHERE i.lead_id = feedback_handoff.lead_id
                AND i.episode = feedback_handoff.episode)
        WHEN route = 'repair' THEN cardinality(wrong_fields) > 0
        ELSE reason_id IS NOT NULL END), count(*) {ANSWERED}
"""
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


@dataclass(frozen=True)
class GivenUp:
    """A lead that sales accepted and gave up. ``level``: the exception of the agreement that it fell under."""

    level: str
    attempts: int
    was_reached: bool


def verdicts_in_time(days: Days) -> Counted:
    """S2 (a hand-off each): answered in time, of those answered, passed on, or open past their time."""
    return Counted(*one_row(VERDICTS_IN_TIME, days.parameters))


def first_attempts_in_time(days: Days) -> Counted:
    return Counted(*one_row(FIRST_ATTEMPTS_IN_TIME, days.parameters))


def given_up(days: Days) -> list[GivenUp]:
    """Every lead that sales gave up on these days, with how often it was tried since it was accepted."""
    found = fetch_rows(GIVEN_UP, days.parameters)
    return [GivenUp(level, len(beginnings(tried or [])), was_reached) for level, tried, was_reached in found]


def attempts_kept(leads: Iterable[GivenUp], agreement: Agreement) -> Counted:
    """How many were tried as often as agreed; of a buyer who answered no more attempts are asked."""
    asked = cache(lambda level: level_named(level, agreement).min_attempts)
    kept = [lead.was_reached or lead.attempts >= asked(lead.level) for lead in leads]
    return Counted(sum(kept), len(kept))


def mean_attempts(leads: Iterable[GivenUp]) -> tuple[float | None, int]:
    """Attempts before giving up on average, over buyers who never answered; and how many these are."""
    tried = [lead.attempts for lead in leads if not lead.was_reached]
    return (sum(tried) / len(tried) if tried else None), len(tried)


def answer_time(days: Days) -> Middle:
    """How long sales took to answer a hand-off, in working time."""
    found = answered_in(days).aggregate(length=Median(ANSWER_TIME), n=Count("pk"))
    return Middle(**found)


def feedback_coverage(days: Days) -> Counted:
    """F1: answers that marketing can learn from, of all answers."""
    return Counted(*one_row(COVERED, days.parameters))


def comments_answered(days: Days) -> tuple[Counted, Middle]:
    """Comments of sales to which marketing replied, of all comments; and how long a reply took, on the clock."""
    first_reply = Subquery(replies_of_marketing().order_by("at").values("at")[:1])
    commented = answered_in(days).exclude(comment="").annotate(replied_at=first_reply)
    found = commented.aggregate(
        answered=Count("replied_at"), whole=Count("pk"), took=Median(F("replied_at") - F("decided_at"))
    )
    return Counted(found["answered"], found["whole"]), Middle(found["took"], found["answered"])


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
