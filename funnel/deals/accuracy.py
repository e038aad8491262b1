"""How right forecasts were, told by what was kept of them night by night (METRICS P7), and how this one has moved.

Snapshots know whose deals they are of, by owner and team; cut by anything else nothing is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from statistics import mean
from typing import Any

from crm.fiscal import Span, last_full_quarters, week_in
from crm.intervals import Z_95
from crm.models import Organisation
from crm.periods import own_day
from funnel.deals.chances import likely
from funnel.deals.relation import WON_IN_DAYS, Values, all_of, held, rows, source, values_of
from funnel.reports.question import Question

# How far back one looks.
QUARTERS = 8
KEPT_BY = {"owner", "team"}
# Bounds were kept as they are, so a spread is told back from them, and spreads of several rows add up.
SNAPSHOTS = f"""
    SELECT kept.quarter, kept.day, coalesce(sum(kept.value) FILTER (WHERE kept.category = 'closed'), 0) AS booked,
        coalesce(sum(kept.value) FILTER (WHERE kept.category IN ('commit', 'closed')), 0) AS commit,
        coalesce(sum(kept.weighted), 0) AS likely, coalesce(sum(kept.value), 0) AS most,
        sum(((kept.high - kept.low) / {2 * Z_95})::float8 ^ 2) AS variance
    FROM funnel_forecastsnapshot kept
    WHERE kept.quarter = ANY(%(starts)s) AND kept.day >= kept.quarter AND kept.category <> 'omitted'
        AND kept.currency = %(currency)s AND kept.day <= %(until_day)s AND {{where}}
    GROUP BY 1, 2 ORDER BY 1, 2"""
WON = f"""SELECT (%(starts)s::date[])[width_bucket(d.closed_on, %(starts)s::date[])] AS quarter,
        coalesce(sum(d.amount), 0) AS won
    FROM {{deals}} d WHERE {WON_IN_DAYS} AND {{where}} GROUP BY 1"""


@dataclass(frozen=True)
class Track:
    """What the forecast of a quarter was at the end of one day: booked, with commit, and what was likely."""

    day: date
    booked: float
    commit: float
    likely: float
    low: float
    high: float


@dataclass(frozen=True)
class Accuracy:
    """Of forecasts made in one week of so many ``quarters``: how right they were on average, and how much too high."""

    week: int
    quarters: int
    accuracy: float
    bias: float
    commit_accuracy: float


def accuracy_of(forecast: float, actual: float) -> float | None:
    """METRICS P7: 1 − |F − A| / A; below 0 where it was off by more than all that came."""
    return 1 - abs(forecast - actual) / actual if actual else None


def bias_of(forecast: float, actual: float) -> float | None:
    """METRICS P7: (F − A) / A, above 0 where it was too high."""
    return (forecast - actual) / actual if actual else None


def is_kept(question: Question) -> bool:
    return set(question.held) <= KEPT_BY


def kept_until(question: Question, quarters: list[Span], last: date) -> list[dict[str, Any]]:
    """The forecasts of these quarters, each day of them until ``last``."""
    conditions, values = [], Values()
    for dimension, key in question.held.items():
        conditions.append(f"kept.{dimension} = %(kept_{dimension})s")
        values[f"kept_{dimension}"] = int(key or 0)
    starts = [quarter.start for quarter in quarters]
    values |= {"starts": starts, "currency": Organisation.get().currency, "until_day": last}
    return rows(SNAPSHOTS.format(where=all_of(conditions)), values) if starts else []


def track(question: Question, quarter: Span, on: date) -> list[Track]:
    """The forecast of the quarter, day by day."""
    if not is_kept(question):
        return []
    return [tracked(row) for row in kept_until(question, [quarter], on) if row["day"] in quarter]


def tracked(row: Mapping[str, Any]) -> Track:
    value, booked = float(row["likely"]), float(row["booked"])
    low, high = likely(value, row["variance"] or 0.0, least=booked, most=float(row["most"]))
    return Track(row["day"], booked, float(row["commit"]), value, low, high)


def accuracy(question: Question, *, at: datetime) -> list[Accuracy]:
    """By week of the quarter in which it was forecast, over the last quarters that are over and had wins.

    Of each week the last forecast counts, against what was won in the quarter as it is known now.
    """
    today = own_day(at)
    quarters = last_full_quarters(QUARTERS, today)
    if not is_kept(question) or not (kept := kept_until(question, quarters, today)):
        return []
    actual = won_by_quarter(question, quarters, at=at)
    spans = {quarter.start: quarter for quarter in quarters}
    last_of_week: dict[tuple[int, date], dict[str, Any]] = {
        (week_in(spans[row["quarter"]], row["day"]), row["quarter"]): row
        for row in kept
        if row["day"] in spans[row["quarter"]]
    }
    by_week: dict[int, list[tuple[float, float, float]]] = {}
    for (week, start), row in last_of_week.items():
        if won := actual.get(start):
            by_week.setdefault(week, []).append((float(row["likely"]), float(row["commit"]), won))
    return [averaged(week, by_week[week]) for week in sorted(by_week)]


def averaged(week: int, made: list[tuple[float, float, float]]) -> Accuracy:
    """``made``: (likely, commit, won) of one week of each quarter; won is above 0."""
    return Accuracy(
        week=week,
        quarters=len(made),
        accuracy=mean(accuracy_of(likely, won) or 0.0 for likely, _commit, won in made),
        bias=mean(bias_of(likely, won) or 0.0 for likely, _commit, won in made),
        commit_accuracy=mean(accuracy_of(commit, won) or 0.0 for _likely, commit, won in made),
    )


def won_by_quarter(question: Question, quarters: list[Span], *, at: datetime) -> dict[date, float]:
    """What was won in each quarter, by its first day."""
    today = own_day(at)
    conditions, values = held(question.held)
    values |= {
        **values_of(today),
        "starts": [quarter.start for quarter in quarters],
        "start": quarters[0].start,
        "end": quarters[-1].end,
    }
    statement = WON.format(deals=source(today, at=at), where=all_of(conditions))
    return {row["quarter"]: float(row["won"]) for row in rows(statement, values)}
