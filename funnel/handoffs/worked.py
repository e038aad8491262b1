"""Working time between two moments, told by the database: what crm/working_time.py says, for a million rows at once.

A statement that reads it begins with the CTE `works` (below), joins it by `works_of` and asks `worked(from, to)`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from crm.working_time import Asked, Schedule, schedules_for

# One row a person and team asked (0: none), with the spans in which they work, in seconds: when each begins and ends,
# and how much was worked before it. No spans: round the clock.
WORKS = """
    works AS MATERIALIZED (
        SELECT asked.person, asked.team, (%(span_begins)s::float8[])[asked.first:asked.last] AS begins,
            (%(span_ends)s::float8[])[asked.first:asked.last] AS ends,
            (%(span_before)s::float8[])[asked.first:asked.last] AS before
        FROM unnest(
            %(asked_persons)s::bigint[], %(asked_teams)s::bigint[], %(asked_first)s::int[], %(asked_last)s::int[]
        ) AS asked (person, team, first, last)
    )"""


def works_of(person: str, team: str) -> str:
    """The join that gives a row its `works`; ``person`` and ``team`` are SQL."""
    return f"LEFT JOIN works ON works.person = coalesce({person}, 0) AND works.team = coalesce({team}, 0)"


def worked(start: str, end: str) -> str:
    """SQL of the seconds of working time from ``start`` to ``end``, nothing when ``end`` comes first."""
    return f"""greatest(0, CASE WHEN coalesce(cardinality(works.begins), 0) = 0
        THEN extract(epoch FROM {end} - {start})::float8 ELSE {until(end)} - {until(start)} END)"""


def until(moment: str) -> str:
    """SQL of the seconds worked up to ``moment`` since the first span."""
    return f"""(
        SELECT works.before[span.i] + least(clock.seconds, works.ends[span.i]) - works.begins[span.i]
        FROM (SELECT extract(epoch FROM {moment})::float8 AS seconds) clock
        CROSS JOIN LATERAL (SELECT width_bucket(clock.seconds, works.begins) AS i) span)"""


def calendars(asked: Iterable[Asked], *, since: datetime, at: datetime) -> dict[str, Any]:
    """The parameters of `works`: when these people and teams worked from ``since`` to ``at``."""
    begins: list[float] = []
    ends: list[float] = []
    before: list[float] = []
    places: dict[Schedule, tuple[int, int]] = {}
    rows = []
    for (person, team), schedule in schedules_for(asked).items():
        if schedule not in places:
            spans = spans_of(schedule, since=since, at=at)
            places[schedule] = (len(begins) + 1, len(begins) + len(spans))
            done = 0.0
            for begin, end in spans:
                begins.append(begin)
                ends.append(end)
                before.append(done)
                done += end - begin
        rows.append((person or 0, team or 0, *places[schedule]))
    persons, teams, first, last = (list(column) for column in zip(*rows, strict=True)) if rows else ([], [], [], [])
    return {
        "span_begins": begins, "span_ends": ends, "span_before": before,
        "asked_persons": persons, "asked_teams": teams, "asked_first": first, "asked_last": last,
    }  # fmt: skip


def spans_of(schedule: Schedule, *, since: datetime, at: datetime) -> list[tuple[float, float]]:
    """Working spans in seconds, an empty one first, so that every moment after ``since`` lies behind a beginning."""
    if schedule.never_rests:
        return []
    first = schedule.day_of(since) - timedelta(days=1)
    days = (first + timedelta(days=n) for n in range((schedule.day_of(at) - first).days + 1))
    start = (since - timedelta(days=2)).timestamp()
    worked_on = [(span[0].timestamp(), span[1].timestamp()) for day in days if (span := schedule.span(day))]
    return [(start, start), *(span for span in worked_on if span[0] >= start)]
