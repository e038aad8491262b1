"""How far a person is with what was asked of them this quarter, and which open opportunities would move it most."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from crm.fiscal import Span, fiscal_quarter
from crm.models import User
from crm.periods import own_day
from funnel.deals.chances import CHANCE, Chances, P, chances
from funnel.deals.forecasting import horizon
from funnel.deals.relation import in_days, rows, source, values_of
from funnel.keeping import kept
from funnel.models import FigureSettings, QuotaMeasure
from funnel.targets.attaining import Attained, attainments
from funnel.targets.quotas import quotas_in

MOST_MOVERS = 3
# With fewer people there is no place among them that would not name the others.
ENOUGH_PEOPLE = 3

# Chances are those of being won before the quarter is over, as in the report of the forecast.
MOVERS = f"""
    SELECT d.id, d.name, d.amount, d.expected_close, {P} AS chance
    FROM {{deals}} d JOIN leads_opportunity o ON o.id = d.id AND o.archived_at IS NULL {CHANCE}
    WHERE d.outcome = '' AND d.owner = %(owner)s AND d.amount > 0 AND d.forecast_category <> 'omitted'
        AND {in_days("expected_close")}
    ORDER BY d.amount * {P} DESC NULLS LAST, d.amount DESC, d.id LIMIT {MOST_MOVERS}"""


@dataclass(frozen=True)
class Mover:
    """An open opportunity that is expected in the quarter. ``amount``: in the organisation's currency; ``chance``: that
    it is won before the quarter is over; ``brings_to``: what is then booked of the quota, 0–1; None without a quota."""

    deal: int
    name: str
    amount: Decimal
    expected_close: date
    chance: float | None
    brings_to: float | None = None


@dataclass(frozen=True)
class QuarterPace:
    """A person's quarter. ``goals``: every quota that is theirs, revenue first; ``together``: what is booked of the
    revenue quota once all ``movers`` are won; ``place``: among how many, where people are ranked."""

    quarter: Span
    today: date
    goals: list[Attained]
    movers: list[Mover]
    together: float | None = None
    place: tuple[int, int] | None = None

    @property
    def revenue(self) -> Attained | None:
        return next((one for one in self.goals if one.quota.measure == QuotaMeasure.REVENUE and one.wanted), None)

    @property
    def elapsed(self) -> float:
        return min(max((self.today - self.quarter.start).days + 1, 0), self.quarter.days) / self.quarter.days

    @property
    def days_left(self) -> int:
        return (self.quarter.last_day - self.today).days


def quarter_pace(person: User, *, at: datetime) -> QuarterPace:
    """This fiscal quarter of ``person``."""
    today = own_day(at)
    quarter = fiscal_quarter(today)
    own = [one for one in quotas_in(quarter) if one.user_id == person.pk]
    own.sort(key=lambda one: (one.measure != QuotaMeasure.REVENUE, one.measure, one.starts_on))
    told = {one.quota.pk: one for one in attainments(quarter, at=at, quotas=own)}
    pace = QuarterPace(quarter, today, [told[one.pk] for one in own], [])
    found = movers(person, quarter, pace.revenue, today, at=at)
    return QuarterPace(
        quarter=quarter,
        today=today,
        goals=pace.goals,
        movers=found,
        together=share_with(pace.revenue, sum((one.amount for one in found), Decimal(0))) if found else None,
        place=place(person, quarter, at=at) if FigureSettings.get().ranks_people else None,
    )


def movers(person: User, quarter: Span, goal: Attained | None, today: date, *, at: datetime) -> list[Mover]:
    """The open opportunities expected in the quarter with the most to be expected of them, chance times amount."""
    learnt: Chances = kept(f"chances:{today}", chances, today, at=at).value
    values = {**values_of(today), **learnt.values(horizon(quarter, today))}
    values |= {"owner": person.pk, "start": quarter.start, "end": quarter.end}
    return [
        Mover(
            row["id"], row["name"], row["amount"], row["expected_close"], row["chance"],
            share_with(goal, row["amount"]),
        )
        for row in rows(MOVERS.format(deals=source(today, at=at)), values)
    ]  # fmt: skip


def share_with(goal: Attained | None, more: Decimal) -> float | None:
    """What is booked of a quota once ``more`` is."""
    return float((goal.booked + more) / goal.wanted) if goal and goal.wanted else None


def place(person: User, quarter: Span, *, at: datetime) -> tuple[int, int] | None:
    """Where the person stands among those of the team with a quota of revenue, by the share booked, and how many these
    are; people who are level share a place. None without one, or among very few."""
    of_team = [
        one
        for one in quotas_in(quarter, [QuotaMeasure.REVENUE])
        if one.user and one.user.team_id == person.team_id and person.team_id
    ]
    shares: dict[int, float] = {}
    for one in attainments(quarter, at=at, quotas=of_team):
        if one.quota.user_id and one.wanted:
            shares[one.quota.user_id] = float(one.booked / one.wanted)
    if person.pk not in shares or len(shares) < ENOUGH_PEOPLE:
        return None
    return 1 + sum(share > shares[person.pk] for share in shares.values()), len(shares)
