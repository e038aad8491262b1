"""What was closed, opened and qualified on each day of the fiscal quarters: the ground of waves and of pace."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from crm.fiscal import WEEKS_A_QUARTER, Span, fiscal_quarter, months_of, quarters_between
from crm.intervals import ENOUGH, Z_95, Difference, difference, rate
from crm.periods import own_day
from funnel.deals.of_leads import are_known
from funnel.deals.relation import IS_WON, Values, all_of, held, key_of, rows, source, values_of
from funnel.models import StageMetric
from funnel.reports.question import Question
from leads.lifecycle import RANK, Stage

Weeks = npt.NDArray[np.int64]

FORTNIGHT = timedelta(days=14)

CLOSED_BY_DAY = f"""
    SELECT {{key}} AS key, d.closed_on AS day, count(*) FILTER (WHERE {IS_WON}) AS won, count(*) AS closed,
        coalesce(sum(d.amount) FILTER (WHERE {IS_WON}), 0) AS value,
        count(d.amount) FILTER (WHERE {IS_WON}) AS valued,
        coalesce(sum(d.amount * d.amount) FILTER (WHERE {IS_WON}), 0) AS squares
    FROM {{deals}} d WHERE {{where}} GROUP BY 1, 2
"""
OPENED_BY_DAY = "SELECT d.opened_on AS day, count(*) AS many FROM {deals} d WHERE {where} GROUP BY 1"
MQLS_BY_DAY = "SELECT d.mql_on AS day, count(*) AS many FROM funnel_leadfact d WHERE {where} GROUP BY 1"


class Day(NamedTuple):
    """What was closed on one day; ``value``, ``squares``: sums of the ``valued`` won amounts and of their squares."""

    day: date
    won: int
    closed: int
    value: float
    valued: int
    squares: float


@dataclass(frozen=True)
class Sum:
    """How many were closed and won, and what the won ones were worth."""

    won: int
    closed: int
    value: float
    valued: int
    squares: float

    @property
    def mean(self) -> float | None:
        return self.value / self.valued if self.valued else None

    @property
    def mean_error(self) -> float:
        """Standard error of the mean amount; 0 of one or none."""
        if self.valued < 2:
            return 0.0
        variance = (self.squares - self.value**2 / self.valued) / (self.valued - 1)
        return float(max(variance, 0) / self.valued) ** 0.5


def sum_of(days: Iterable[Day]) -> Sum:
    totals = [sum(figures) for figures in zip(*(one[1:] for one in days), strict=True)]
    return Sum(*totals) if totals else Sum(0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Quarter:
    """The closes of one fiscal quarter, day by day."""

    span: Span
    days: tuple[Day, ...]

    @cached_property
    def total(self) -> Sum:
        return sum_of(self.days)

    @property
    def wins(self) -> int:
        return self.total.won

    @cached_property
    def last_days(self) -> Sum:
        """The last two weeks."""
        return sum_of(one for one in self.days if one.day >= self.span.end - FORTNIGHT)

    @cached_property
    def by_month(self) -> list[Sum]:
        return [sum_of(one for one in self.days if one.day in month) for month in months_of(self.span)]

    @property
    def last_two_weeks_share(self) -> float | None:
        return rate(self.last_days.won, self.wins)

    @property
    def month3_share(self) -> float | None:
        return rate(self.by_month[-1].won, self.wins)

    @cached_property
    def weeks(self) -> Weeks:
        """Wins in each of thirteen weeks."""
        return by_week([self.span], {one.day: one.won for one in self.days})


@dataclass(frozen=True)
class Cost:
    """What was closed in the last two weeks of quarters, beside all their other days."""

    last: Sum
    rest: Sum

    @property
    def win_rate(self) -> Difference | None:
        """How much higher the win rate is in the last two weeks; None of too few."""
        if min(self.last.closed, self.rest.closed) < ENOUGH:
            return None
        return difference((self.rest.won, self.rest.closed), (self.last.won, self.last.closed))

    @property
    def amount(self) -> Difference | None:
        """How much larger the average won amount is then, as a share of the others' (Welch, 95 %); None of too few."""
        last, rest = self.last.mean, self.rest.mean
        if last is None or not rest or min(self.last.valued, self.rest.valued) < ENOUGH:
            return None
        rise = last / rest - 1
        reach = Z_95 * (self.last.mean_error**2 + self.rest.mean_error**2) ** 0.5 / rest
        return Difference(rise, rise - reach, rise + reach)


def cost_of(quarters: Sequence[Quarter]) -> Cost:
    days = [(day, one.span) for one in quarters for day in one.days]
    return Cost(
        sum_of(day for day, span in days if day.day >= span.end - FORTNIGHT),
        sum_of(day for day, span in days if day.day < span.end - FORTNIGHT),
    )


def closed_quarters(question: Question, spans: Sequence[Span], *, at: datetime) -> dict[str | None, list[Quarter]]:
    """The closes of these quarters by key (None without a dimension), of the question's filters."""
    if not spans:
        return {}
    found: dict[str | None, list[Day]] = {} if question.dimension else {None: []}
    key = key_of(question.dimension)
    for row in by_day(CLOSED_BY_DAY, "closed_on", question, spans, at=at, key=key):
        day = Day(row["day"], row["won"], row["closed"], float(row["value"]), row["valued"], float(row["squares"]))
        found.setdefault(row["key"], []).append(day)
    return {key: [Quarter(span, tuple(day for day in days if day.day in span)) for span in spans]
            for key, days in found.items()}  # fmt: skip


def opened_by_day(question: Question, spans: Sequence[Span], *, at: datetime) -> dict[date, int]:
    return {row["day"]: row["many"] for row in by_day(OPENED_BY_DAY, "opened_on", question, spans, at=at)}


def mqls_by_day(question: Question, spans: Sequence[Span], *, at: datetime) -> dict[date, int]:
    """First entries to MQL of any time round; none where the question holds what leads do not know.

    Read from counted cells, which know one dimension at a time, else from facts.
    """
    narrowed = question.held
    if not are_known(narrowed):
        return {}
    if len(narrowed) > 1:
        return {row["day"]: row["many"] for row in by_day(MQLS_BY_DAY, "mql_on", question, spans, at=at)}
    [(dimension, key)] = narrowed.items() or [("all", "")]
    cells = StageMetric.objects.filter(
        dimension=dimension, key=key, grain="day", stage=RANK[Stage.MQL], day__gte=spans[0].start, day__lt=spans[-1].end
    )
    return dict(cells.values_list("day", "entered"))


def by_day(
    statement: str, day: str, question: Question, spans: Sequence[Span], *, at: datetime, key: str = ""
) -> list[dict[str, Any]]:
    conditions, values = held(question.held)
    today = own_day(at)
    within = f"d.{day} >= %(first)s AND d.{day} < %(after)s"
    where = all_of([within, *conditions])
    asked: Values = {**values_of(today), **values, "first": spans[0].start, "after": spans[-1].end}
    return rows(statement.format(deals=source(today, at=at), where=where, key=key), asked)


def by_week(spans: Sequence[Span], counted: Mapping[date, int]) -> Weeks:
    """Counts by day as the thirteen weeks of all these quarters together, as `week_of_quarter` counts them: back from
    the last day. What comes before the thirteenth last week is the first one's, too."""
    total = np.zeros(WEEKS_A_QUARTER, dtype=np.int64)
    for day, count in counted.items():
        span = next((one for one in spans if day in one), None)
        if span is not None:
            total[max(WEEKS_A_QUARTER - 1 - (span.last_day - day).days // 7, 0)] += count
    return total


def week_days(spans: Sequence[Span]) -> Weeks:
    """How many days each of the thirteen weeks had in these quarters: the first one has what the others leave."""
    whole = 7 * (WEEKS_A_QUARTER - 1)
    return np.array([sum(one.days - whole for one in spans), *[7 * len(spans)] * (WEEKS_A_QUARTER - 1)])


def series(spans: Sequence[Span], counted: Mapping[date, int]) -> Weeks:
    """Counts by day as one week after the other through all these quarters; the last week is a whole one."""
    last = spans[-1].last_day
    total = np.zeros((last - spans[0].start).days // 7 + 1, dtype=np.int64)
    for day, count in counted.items():
        if spans[0].start <= day <= last:
            total[len(total) - 1 - (last - day).days // 7] += count
    # Of the first days there is hardly ever a whole week.
    return total[1:]


def follow_one_another(spans: Sequence[Span]) -> bool:
    return all(one.end == other.start for one, other in pairwise(spans))


def full_quarters(first: date, today: date) -> list[Span]:
    """The quarters from that of ``first`` on that are over."""
    return [span for span in quarters_between(fiscal_quarter(first).start, today) if span.end <= today]
