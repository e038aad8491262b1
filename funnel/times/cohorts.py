"""Cohorts: of the leads that began together, what share is won and lost by each age (METRICS C2 to C5).

Ages are calendar days of the organisation from the day that puts a lead into its cohort; a win dated before it has age
0. A time round that neither was won nor lost ends when the next one begins: it can no longer be won itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    Case,
    CharField,
    Count,
    DateField,
    DateTimeField,
    F,
    Func,
    IntegerField,
    Max,
    Min,
    Q,
    Value,
    When,
)  # fmt: skip
from django.db.models.expressions import Combinable
from django.db.models.functions import TruncDate

from crm.fiscal import quarters_between
from crm.intervals import Counted, wilson
from crm.periods import own_day, zone
from funnel.grouping import room_to_group
from funnel.reports.counts import fact_key, month
from funnel.reports.question import Question
from funnel.selection import facts_of, in_cohort
from funnel.statistics.cure import Plateau, Seen, missing, plateau
from funnel.statistics.survival import ENOUGH_AT_RISK, LOST, OPEN, WON, Incidence, aalen_johansen
from leads.lifecycle import Stage

# The episode ended because the lead came round again.
AGAIN = 3
QUARTER, MONTH, ALL = "quarter", "month", "all"
# By this age, in days, cohorts have something to tell.
TELLING_AGE = 90


class Point(NamedTuple):
    """What a cohort is like at an age. ``won``, its bounds and ``lost`` are None where too few are left to tell."""

    at_risk: int
    won: float | None
    low: float | None
    high: float | None
    lost: float | None


NOT_TOLD = (None, None, None, None)


@dataclass(frozen=True, eq=False)
class Cohort:
    """``key``: that of its dimension, a month ("2026-03"), the first day of a quarter, or None for all together.

    Three columns of as many rows: ages in days, why each ended, and how many they stand for. ``youngest`` and
    ``oldest``: how many days ago its last and its first member began.
    """

    key: str | None
    ages: np.ndarray
    causes: np.ndarray
    counts: np.ndarray
    youngest: int
    oldest: int

    @cached_property
    def curve(self) -> Incidence:
        return aalen_johansen(self.ages, self.causes, counts=self.counts)

    @property
    def size(self) -> int:
        return int(self.counts.sum())

    def number(self, cause: int) -> int:
        return int(self.counts[self.causes == cause].sum())

    def won_within(self, days: int) -> int:
        """How many were won by then, on the calendar day included."""
        return int(self.counts[(self.causes == WON) & (self.ages <= days)].sum())

    def within(self, days: int) -> Counted | None:
        """Won by then, of all (C3); None until the youngest has had so many days."""
        return Counted(self.won_within(days), self.size) if self.youngest >= days else None

    def at_risk(self, age: int) -> int:
        return int(self.counts[self.ages >= age].sum())

    @cached_property
    def told_until(self) -> int:
        """The last age at which enough are left, or that all have had (METRICS 1.9); -1 when none."""
        if self.size < ENOUGH_AT_RISK:
            return -1
        ages = np.repeat(self.ages, self.counts)
        return max(self.youngest, int(np.sort(ages)[-ENOUGH_AT_RISK]))

    def at(self, age: int) -> Point:
        left = self.at_risk(age)
        if age > self.told_until:
            return Point(left, *NOT_TOLD)
        won, lost = self.curve.of(WON), self.curve.of(LOST)
        share = float(won.at(age))
        low, high = self._bounds(age, share)
        return Point(left, share, low, high, float(lost.at(age)))

    def _bounds(self, age: int, share: float) -> tuple[float, float]:
        """By log(-log); of none at all, what so few at risk may hide."""
        if not share:
            return 0.0, wilson(0, max(self.at_risk(age), 1))[1]
        place = np.searchsorted(self.curve.times, age, side="right") - 1
        won = self.curve.of(WON)
        return float(won.low[place]), float(won.high[place])

    @cached_property
    def seen(self) -> Seen:
        """For the plateau: who came round again is not won this time."""
        causes = np.where(self.causes == AGAIN, LOST, self.causes)
        return Seen(self.ages.astype(float), causes, self.counts.astype(float))

    @property
    def missing(self) -> str:
        """What it takes until the share in the end can be told."""
        return missing(self.seen)

    @cached_property
    def in_the_end(self) -> Plateau | None:
        return plateau(self.seen.ages, self.seen.causes, self.seen.counts, self.curve)


def cohorts(question: Question, *, by: str = QUARTER, at: datetime) -> list[Cohort]:
    """The cohorts of the question's days: by its dimension, else by quarter or month of their day, or all as one.

    Months and quarters in order, keys of a dimension by size.
    """
    today = own_day(at)
    starts = [quarter.start for quarter in quarters_between(question.start, question.end)]
    by_key: dict[Any, list[dict[str, Any]]] = defaultdict(list)
    with room_to_group():
        rows = list(grouped(question, starts, by=by, today=today))
    for row in rows:
        if question.key is None or row["of"] == question.key:
            by_key[row["of"]].append(row)
    if by == QUARTER and not question.dimension:
        by_key = {starts[number - 1].isoformat(): rows for number, rows in by_key.items()}
    made = [cohort(key, rows, today) for key, rows in by_key.items()]
    in_time = question.dimension in ("", "month")
    return sorted(made, key=lambda one: (0 if in_time else -one.size, str(one.key)))


def cohort(key: str | None, rows: list[dict[str, Any]], today: date) -> Cohort:
    ages, causes, counts = (np.array([row[name] for row in rows], dtype=np.int64) for name in ("age", "cause", "n"))
    first, last = min(row["first"] for row in rows), max(row["last"] for row in rows)
    return Cohort(key, ages, causes, counts, max((today - last).days, 0), max((today - first).days, 0))


def grouped(question: Question, starts: Sequence[date], *, by: str, today: date) -> Any:
    """How many episodes ended how at each age, by cohort; ``first`` and ``last``: the
    days on which the first and the last of them began."""
    day = f"{question.cohort}_on" if question.cohort else "began_on"
    lost = Q(outcome__in=(Stage.LOST, Stage.DISQUALIFIED))
    # In nurture no more, and on no clock: the next time round has begun.
    again = Q(outcome=Stage.NURTURE, open_clock="")
    ended = (
        facts_of(question)
        .filter(in_cohort(question))
        .annotate(
            cause=Case(
                When(customer_on__isnull=False, then=Value(WON)),
                When(lost, then=Value(LOST)),
                When(again, then=Value(AGAIN)),
                default=Value(OPEN),
                output_field=IntegerField(),
            ),
            end_on=Case(
                When(customer_on__isnull=False, then=F("customer_on")),
                When(lost, then=F("outcome_on")),
                When(again, then=end_of_clocks()),
                default=Value(today),
                output_field=DateField(),
            ),
        )
    )
    keyed = ended.annotate(of=cohort_key(question, day, starts, by), age=days_between(F(day), F("end_on")))
    return keyed.values("of", "age", "cause").annotate(n=Count("lead_id"), first=Min(day), last=Max(day)).order_by()


def end_of_clocks() -> TruncDate:
    """The local day on which the time of the three sides is over, which add up to the age of the episode."""
    us = F("marketing_us") + F("waiting_us") + F("sales_us")
    template = "(%(expressions)s * interval '1 microsecond')"
    at = Func(F("began_at"), us, template=template, arg_joiner=" + ", output_field=DateTimeField())
    return TruncDate(at, tzinfo=zone())


def days_between(start: Combinable, end: Combinable) -> Func:
    """Whole calendar days, none where the end is dated before the start."""
    template = "greatest(%(expressions)s, 0)"
    return Func(end, start, template=template, arg_joiner=" - ", output_field=IntegerField())


def cohort_key(question: Question, day: str, starts: Sequence[date], by: str) -> Any:
    """The key as the database groups by it: of a quarter, its number among those of the question."""
    if question.dimension:
        return fact_key(question, day)
    if by == MONTH:
        return month(day)
    if by == ALL:
        return Value(None, output_field=CharField(null=True))
    bounds = Value(list(starts), output_field=ArrayField(DateField()))
    return Func(F(day), bounds, function="width_bucket", output_field=IntegerField())


def same_age(found: Sequence[Cohort], ages: Iterable[int]) -> tuple[int, list[Cohort]]:
    """The greatest of these ages at which at least two cohorts can be compared, and those cohorts; 0 and [] if none."""
    for age in sorted(ages, reverse=True):
        comparable = [one for one in found if one.told_until >= age]
        if len(comparable) > 1:
            return age, comparable
    return 0, []


def latest_pair(found: Sequence[Cohort], ages: Sequence[int]) -> tuple[int, list[Cohort]]:
    """Of cohorts in time the last two neighbours that can be compared at an age that says something, else the oldest
    age at which any two can; the earlier one first."""
    for earlier, latest in reversed(list(pairwise(found))):
        age = max((age for age in ages if age <= min(earlier.told_until, latest.told_until)), default=0)
        if age >= TELLING_AGE:
            return age, [earlier, latest]
    age, comparable = same_age(found, ages)
    return age, comparable[-2:]
