"""What a person did by week, and how much of it was prospecting and how much closing.

Prospecting is what is done for a lead that has no opportunity yet, closing what is done for an opportunity and for its
lead from the day it was opened. Notes are no work with a buyer; what is about a contact alone belongs to neither.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from crm.fetching import fetch_rows
from crm.models import User
from crm.periods import local_day, start_of_day, start_of_week, zone
from leads.attempts import IS_ATTEMPT, beginnings_sql

WEEKS = 13
# Below so many activities no share of time is told.
ENOUGH = 10
# At least this share of them must have their length written down for a share of time to be one of hours.
MOSTLY = 0.5

ACT = f"""
    act AS MATERIALIZED (
        SELECT a.at, a.kind, a.duration, {IS_ATTEMPT} AS is_attempt,
            concat_ws(' ', 'lead', a.lead_id, 'opportunity', a.opportunity_id, 'contact', a.contact_id) AS record,
            CASE WHEN a.lead_id IS NULL AND a.opportunity_id IS NULL THEN ''
                WHEN a.lead_id IS NULL OR a.at >= deal.opened_at THEN 'closing' ELSE 'prospecting' END AS work
        FROM leads_activity a
        LEFT JOIN LATERAL (
            SELECT min(coalesce(o.opened_at, o.created_at)) AS opened_at FROM leads_opportunity o
            WHERE o.id = a.opportunity_id OR o.lead_id = a.lead_id
        ) deal ON true
        WHERE a.by_id = %(person)s AND a.at >= %(since)s AND a.at <= %(at)s AND a.kind <> 'note'
    )"""
WEEK = "date_trunc('week', at AT TIME ZONE %(zone)s)::date"
# Activities of each kind, and attempts: what is tried within half an hour on the same record is one (METRICS A4).
BY_WEEK = f"""
    WITH RECURSIVE {ACT}, tried AS (SELECT record, at FROM act WHERE is_attempt),
    {beginnings_sql("begun", "tried", "record")}
    SELECT week, sum(calls)::int, sum(emails)::int, sum(meetings)::int, sum(attempts)::int FROM (
        SELECT {WEEK} AS week, (kind = 'call')::int AS calls, (kind = 'email')::int AS emails,
            (kind = 'meeting')::int AS meetings, 0 AS attempts FROM act
        UNION ALL SELECT {WEEK}, 0, 0, 0, 1 FROM begun
    ) done GROUP BY week"""
BY_WORK = f"""
    WITH {ACT} SELECT work, count(*), count(duration), coalesce(sum(extract(epoch FROM duration)), 0)::float8
    FROM act WHERE work <> '' GROUP BY work"""


@dataclass(frozen=True)
class Week:
    """A week from Monday: activities that were written down, and attempts to reach a buyer."""

    start: date
    calls: int = 0
    emails: int = 0
    meetings: int = 0
    attempts: int = 0


@dataclass(frozen=True)
class Work:
    """One half of the time: activities, how many of them have their length written down, and those in seconds."""

    count: int = 0
    timed: int = 0
    seconds: float = 0.0

    def __add__(self, other: "Work") -> "Work":
        return Work(self.count + other.count, self.timed + other.timed, self.seconds + other.seconds)


@dataclass(frozen=True)
class Time:
    """How a person's work divides into prospecting and closing."""

    prospecting: Work
    closing: Work

    @property
    def whole(self) -> Work:
        return self.prospecting + self.closing

    @property
    def is_enough(self) -> bool:
        return self.whole.count >= ENOUGH

    @property
    def by_hours(self) -> bool:
        """Whether shares are of the hours written down, not of the number of activities."""
        return bool(self.whole.seconds) and self.whole.timed >= max(ENOUGH, MOSTLY * self.whole.count)

    @property
    def share_prospecting(self) -> float | None:
        """0–1; None below ten activities."""
        if not self.is_enough:
            return None
        if self.by_hours:
            return self.prospecting.seconds / self.whole.seconds
        return self.prospecting.count / self.whole.count

    @property
    def share_closing(self) -> float | None:
        return None if self.share_prospecting is None else 1 - self.share_prospecting


@dataclass(frozen=True)
class Activity:
    """The weeks, the present one last, and the same time by what it was for."""

    weeks: list[Week]
    time: Time

    @property
    def is_empty(self) -> bool:
        return not any((one.calls, one.emails, one.meetings, one.attempts) != (0, 0, 0, 0) for one in self.weeks)


def first_week(today: date) -> date:
    """The Monday that begins the weeks shown."""
    return start_of_week(today) - timedelta(weeks=WEEKS - 1)


def activity(person: User, *, at: datetime) -> Activity:
    """Of this week and the twelve before, by the weeks of the organisation's zone."""
    tz = zone()
    first = first_week(local_day(at, tz))
    values = {"person": person.pk, "since": start_of_day(first, tz), "at": at, "zone": str(tz)}
    found: dict[date, list[Any]] = {week: counts for week, *counts in fetch_rows(BY_WEEK, values)}
    days = (first + timedelta(weeks=number) for number in range(WEEKS))
    work = {name: Work(*counted) for name, *counted in fetch_rows(BY_WORK, values)}
    return Activity(
        [Week(day, *found.get(day, [])) for day in days],
        Time(work.get("prospecting", Work()), work.get("closing", Work())),
    )
