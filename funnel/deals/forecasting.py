"""What is forecast for a fiscal quarter, by category and rolled up (METRICS P2), and how it is kept night by night.

In the forecast of a quarter stand the open deals that are expected to close in it and what was won in it: a deal that
was won counts in the quarter in which it was closed, whatever was expected of it, and a lost one nowhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from crm.fiscal import Span, fiscal_quarter, following
from crm.intervals import Z_95
from crm.models import Organisation
from crm.periods import own_day
from funnel.deals.chances import CHANCE, VARIANCE, WEIGHTED, Chances, chances, likely
from funnel.deals.chosen import CATEGORY, IN_FORECAST, ROLL_UPS
from funnel.deals.relation import all_of, key_of, rows, source, values_of
from funnel.models import ForecastSnapshot
from leads.models import ForecastCategory

CLOSED = ForecastCategory.CLOSED.value
CATEGORIES = tuple(ForecastCategory.values)
BY_CATEGORY = f"""SELECT {{key}}, {CATEGORY} AS category, count(*) AS deals, coalesce(sum(d.amount), 0) AS value,
        {WEIGHTED} AS weighted, {VARIANCE} AS variance
    FROM {{deals}} d {CHANCE} WHERE {IN_FORECAST} AND {{where}} GROUP BY {{grouped}}, category"""


@dataclass(frozen=True)
class Forecast:
    """What stands in one category, or in several together; ``variance``: of what open deals will bring."""

    deals: int = 0
    value: Decimal = Decimal(0)
    weighted: float = 0.0
    variance: float = 0.0
    booked: float = 0.0

    def __add__(self, other: "Forecast") -> "Forecast":
        return Forecast(
            self.deals + other.deals,
            self.value + other.value,
            self.weighted + other.weighted,
            self.variance + other.variance,
            self.booked + other.booked,
        )

    @property
    def bounds(self) -> tuple[float, float]:
        """What it will come to 95 times of 100: at least what is booked, at most all of it."""
        return likely(self.weighted, self.variance, least=self.booked, most=float(self.value))


def of_row(row: Mapping[str, Any], *, is_over: bool) -> Forecast:
    """What is won is certain; what is still open when the quarter is over brings nothing to it."""
    value = Decimal(row["value"])
    if row["category"] == CLOSED:
        return Forecast(row["deals"], value, float(value), 0.0, float(value))
    chance = Forecast(row["deals"], value, float(row["weighted"]), float(row["variance"]))
    return Forecast(row["deals"], value) if is_over else chance


def rolled_up(by_category: Mapping[str, Forecast]) -> dict[str, Forecast]:
    """Every category, then the roll-ups of METRICS P2 and ``likely``, all that is not omitted."""
    every = {name: by_category.get(name, Forecast()) for name in CATEGORIES}
    return every | {name: sum((every[category] for category in of), start=Forecast()) for name, of in ROLL_UPS.items()}


def horizon(quarter: Span, on: date) -> int:
    """Days left of the quarter after ``on``."""
    return max((quarter.last_day - on).days, 0)


def forecast(
    quarter: Span,
    on: date,
    *,
    at: datetime,
    by: Iterable[str] = ("",),
    held: tuple[list[str], Mapping[str, Any]] = ([], {}),
    learnt: Chances | None = None,
) -> dict[tuple[Any, ...], dict[str, Forecast]]:
    """By the keys of some dimensions, what stood in each category of the quarter at the end of ``on``.

    Open deals are weighted by the chance that they are won until the quarter is over (METRICS P3).
    """
    conditions, values = held
    dimensions = list(by)
    learnt = learnt or chances(on, at=at)
    keys = ", ".join(f"{key_of(dimension)} AS key{number}" for number, dimension in enumerate(dimensions))
    statement = BY_CATEGORY.format(
        key=keys,
        grouped=", ".join(f"key{number}" for number in range(len(dimensions))),
        deals=source(on, at=at),
        where=all_of(conditions),
    )
    asked = {
        **values,
        **values_of(on),
        **learnt.values(horizon(quarter, on)),
        "start": quarter.start,
        "end": quarter.end,
    }
    found: dict[tuple[Any, ...], dict[str, Forecast]] = {}
    for row in rows(statement, asked):
        key = tuple(row[f"key{number}"] for number in range(len(dimensions)))
        found.setdefault(key, {})[row["category"]] = of_row(row, is_over=on >= quarter.last_day)
    return found


def snapshot_yesterday(*, at: datetime) -> int:
    """Keep the forecasts as they stood at the end of the last day that is over; gives how many rows are new."""
    return take_snapshot(own_day(at) - timedelta(days=1), at=at)


def take_snapshot(on: date, *, at: datetime, is_sample: bool = False) -> int:
    """Keep the forecasts of the quarter of ``on`` and of the next one, as they stood at the end of that day.

    What was kept stays as it is: a day is kept once, by owner and team. Bounds are kept without regard to what is
    possible at all, so that spreads of several rows can be added up.
    """
    this = fiscal_quarter(on)
    learnt = chances(on, at=at)
    return sum(
        keep(quarter, on, forecast(quarter, on, at=at, by=("owner", "team"), learnt=learnt), is_sample=is_sample)
        for quarter in (this, following(this))
    )


def keep(quarter: Span, on: date, found: Mapping[tuple[Any, ...], Mapping[str, Forecast]], *, is_sample: bool) -> int:
    if ForecastSnapshot.objects.filter(day=on, quarter=quarter.start).exists():
        return 0
    currency = Organisation.get().currency
    kept = [
        snapshot(said, day=on, quarter=quarter.start, owner=int(owner or 0), team=int(team or 0), category=category,
                 currency=currency, is_sample=is_sample)
        for (owner, team), by_category in found.items()
        for category, said in by_category.items()
    ]  # fmt: skip
    # Nothing forecast is something to remember too.
    kept = kept or [
        snapshot(Forecast(), day=on, quarter=quarter.start, category=CLOSED, currency=currency, is_sample=is_sample)
    ]
    return len(ForecastSnapshot.objects.bulk_create(kept, ignore_conflicts=True))


def snapshot(said: Forecast, **of: Any) -> ForecastSnapshot:
    reach = Z_95 * said.variance**0.5
    return ForecastSnapshot(
        deals=said.deals,
        value=said.value,
        weighted=cents(said.weighted),
        low=cents(said.weighted - reach),
        high=cents(said.weighted + reach),
        **of,
    )


def cents(amount: float) -> Decimal:
    return Decimal(f"{amount:.2f}")
