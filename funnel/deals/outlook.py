"""Whether a fiscal quarter will be made: what is booked, what is asked for, and what is open to get there (METRICS P4).

Of the organisation, or of one team or one person that the question is held at: who else it is held at has no quota.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from crm.fiscal import Span, fiscal_quarter
from crm.intervals import ENOUGH
from crm.models import Holiday, Organisation
from funnel.deals.relation import (
    IS_LOST,
    IS_OPEN,
    IS_WON,
    WON_IN_DAYS,
    all_of,
    held,
    in_days,
    rows,
    source,
    values_of,
)
from funnel.models import Quota, QuotaMeasure
from funnel.reports.question import Question
from funnel.targets.quotas import asked, quotas_in

YEAR = timedelta(days=365)
SATURDAY = 5
WHOSE = {"team": "team_id", "owner": "user_id"}

IS_DUE = f"{IS_OPEN} AND d.forecast_category <> 'omitted' AND {in_days('expected_close')}"
STANDING = f"""SELECT coalesce(sum(d.amount) FILTER (WHERE {WON_IN_DAYS}), 0) AS booked,
        count(*) FILTER (WHERE {IS_WON} AND d.closed_on >= %(year_ago)s) AS won,
        count(*) FILTER (WHERE {IS_LOST} AND d.closed_on >= %(year_ago)s) AS lost,
        count(*) FILTER (WHERE {IS_DUE}) AS open_deals, coalesce(sum(d.amount) FILTER (WHERE {IS_DUE}), 0) AS open_value
    FROM {{deals}} d WHERE {{where}}"""


@dataclass(frozen=True)
class Coverage:
    """METRICS P4. ``coverage``: open pipeline of the period / what is still to be booked; ``required``: what it takes
    at our win rate; ``gap_share``: the share of what is missing that is then to be expected. None: cannot be told."""

    open_value: Decimal
    remaining: Decimal | None
    win_rate: float | None

    @property
    def coverage(self) -> float | None:
        return float(self.open_value / self.remaining) if self.remaining else None

    @property
    def required(self) -> float | None:
        return 1 / self.win_rate if self.win_rate else None

    @property
    def gap_share(self) -> float | None:
        if self.coverage is None or self.win_rate is None:
            return None
        return self.coverage * self.win_rate


@dataclass(frozen=True)
class Outlook:
    """One quarter as of the day ``on``. ``quota`` None: none is set for whom this is about; ``closed``: of how many
    deals of the last twelve months the win rate is told."""

    quarter: Span
    on: date
    booked: Decimal
    quota: Decimal | None
    open_deals: int
    open_value: Decimal
    won: int
    closed: int

    @property
    def remaining(self) -> Decimal | None:
        return None if self.quota is None else max(self.quota - self.booked, Decimal(0))

    @property
    def win_rate(self) -> float | None:
        return self.won / self.closed if self.closed >= ENOUGH else None

    @property
    def coverage(self) -> Coverage:
        return Coverage(self.open_value, self.remaining, self.win_rate)


def outlook(question: Question, quarter: Span, on: date, *, at: datetime) -> Outlook:
    """Of the quarter, as it stood at the end of ``on``; the win rate is that of twelve months until then (P1)."""
    deals, (conditions, values) = source(on, at=at), held(question.held)
    values |= {**values_of(on), "start": quarter.start, "end": quarter.end, "year_ago": on - YEAR + timedelta(days=1)}
    [found] = rows(STANDING.format(deals=deals, where=all_of(conditions)), values)
    return Outlook(
        quarter=quarter,
        on=on,
        booked=found["booked"],
        quota=revenue_quota(question, quarter),
        open_deals=found["open_deals"],
        open_value=found["open_value"],
        won=found["won"],
        closed=found["won"] + found["lost"],
    )


def revenue_quota(question: Question, quarter: Span) -> Decimal | None:
    """The revenue asked for in the quarter; of everybody the organisation's goal, else those of its teams together."""
    quotas = quotas_in(quarter, [QuotaMeasure.REVENUE])
    if not question.held:
        whole = together((one for one in quotas if not one.user_id and not one.team_id), quarter)
        return together((one for one in quotas if one.team_id), quarter) if whole is None else whole
    [(dimension, key), *others] = question.held.items()
    if others or dimension not in WHOSE or not key:
        return None
    return together((one for one in quotas if getattr(one, WHOSE[dimension]) == int(key)), quarter)


def together(quotas: Iterable[Quota], quarter: Span) -> Decimal | None:
    parts = [part for quota in quotas if (part := asked(quota, quarter)) is not None]
    return sum(parts, start=Decimal(0)) if parts else None


def quarter_of(question: Question, today: date) -> Span:
    """The fiscal quarter of today where the days asked for include it, else that of their last day."""
    day = today if question.start <= today < question.end else question.end - timedelta(days=1)
    return fiscal_quarter(day)


def working_days(after: date, last: date) -> int:
    """Days on which the organisation works, from the one after ``after`` to ``last``: Monday to Friday, no holidays."""
    days = (after + timedelta(days=n) for n in range(1, (last - after).days + 1))
    holidays = Holiday.objects.filter(calendar=Organisation.get().holidays_id, day__gt=after, day__lte=last)
    free = set(holidays.values_list("day", flat=True))
    return sum(day.weekday() < SATURDAY and day not in free for day in days)
