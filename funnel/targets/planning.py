"""The plan of a quarter: from its goal back to what each stage takes, beside what is there (METRICS K1 to K3, P4)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from math import ceil

from crm.fiscal import Span
from crm.intervals import ENOUGH, Counted
from crm.models import Organisation
from feedback.terms import MEASURES
from funnel.deals.outlook import Coverage, Outlook, outlook, together
from funnel.models import QuotaMeasure
from funnel.reports.question import Parameter, Question
from funnel.selection import DRILLDOWN, Selection
from funnel.statistics.planning import Estimate, Pace, arrivals, needed
from funnel.targets.attaining import booked, pace_of, usual_share
from funnel.targets.goals import goals_for
from funnel.targets.own_rates import CHAIN, Own, behind, mqls_by_day, own_figures, spent_in, won_after
from funnel.targets.quotas import quotas_in
from leads.lifecycle import Stage

LABELS = {
    Stage.CUSTOMER: "Customers",
    Stage.OPPORTUNITY: "Opportunities",
    Stage.QUALIFIED: "Qualified by sales (SQL)",
    Stage.ACCEPTED: "Accepted by sales (SAL)",
    Stage.MQL: "MQLs",
}
# What may be assumed instead of the own figure, by the name of the parameter.
RATES = {"win": Stage.OPPORTUNITY, "opportunity": Stage.QUALIFIED, "qualified": Stage.ACCEPTED, "accepted": Stage.MQL}
PERCENT = (0.1, 100.0)
PARAMETERS = (
    Parameter("goal", "Goal", number=(1, 1e12)),
    Parameter("share", "Marketing’s share, %", number=PERCENT),
    Parameter("value", "Average value", number=(0.01, 1e12)),
    Parameter("win", "Opportunities won, %", number=PERCENT),
    Parameter("opportunity", "SQL to opportunity, %", number=PERCENT),
    Parameter("qualified", "SAL to SQL, %", number=PERCENT),
    Parameter("accepted", "MQL to SAL, %", number=PERCENT),
    Parameter("cost", "Cost of an MQL", number=(0.01, 1e12)),
    Parameter("capacity", "Leads a rep takes on a month", number=(0.1, 10_000)),
)
ALMOST = 1e-9


@dataclass(frozen=True)
class Goal:
    """What is to be won in the quarter. ``is_marketings``: only what marketing brings is meant; ``said_in``: where."""

    amount: float
    said_in: str
    is_marketings: bool = False


@dataclass(frozen=True)
class Basis:
    """What the chain is computed with: an assumption of the reader, else the own figure, None where neither is."""

    own: Own
    goal: Goal | None
    share: float | None
    value: Estimate | None
    rates: dict[Stage, Estimate | None]
    cost_per_mql: float | None
    capacity: float
    assumed: frozenset[str]


@dataclass(frozen=True)
class Step:
    """One stage of the chain. ``wanted`` is not rounded; ``expected``: what the window brings at its pace so far."""

    stage: Stage
    wanted: Estimate | None
    have: int
    window: Span
    elapsed: float
    rate: Estimate | None
    n: int
    lag_days: int | None
    href: str
    is_assumed: bool

    @property
    def expected(self) -> float | None:
        return self.have / self.elapsed if self.elapsed else None

    @property
    def whole(self) -> int | None:
        """What it takes, in whole leads."""
        return None if self.wanted is None else ceil(self.wanted.value - ALMOST)


@dataclass(frozen=True)
class Plan:
    """The whole of it. ``from_mqls``: customers by the end of the quarter from the MQLs that are
    there; ``demand`` beside ``capacity``: leads a month that sales has to take on, and can."""

    quarter: Span
    today: date
    basis: Basis
    steps: tuple[Step, ...]
    pace: Pace | None
    coverage: Coverage
    outlook: Outlook
    from_mqls: float | None
    demand: float | None
    budget: float | None
    spent: Decimal
    currency: str
    missing: tuple[str, ...]


def basis_of(question: Question, quarter: Span, *, at: datetime) -> Basis:
    own = own_figures(quarter, at=at)
    said = {name: float(value) for name, value in question.options if value}
    goal = Goal(said["goal"], "what you typed") if "goal" in said else goal_of(quarter)
    share = said["share"] / 100 if "share" in said else own.won.marketing_share
    typed = {stage: Estimate(said[name] / 100) for name, stage in RATES.items() if name in said}
    return Basis(
        own=own,
        goal=goal,
        share=1.0 if goal and goal.is_marketings and "share" not in said else share,
        value=Estimate(said["value"]) if "value" in said else own.won.average,
        rates={stage: typed.get(stage) or own.estimate(stage) for stage in RATES.values()},
        cost_per_mql=said.get("cost", own.cost_per_mql),
        capacity=said["capacity"] * sum(own.reps) if "capacity" in said else own.capacity,
        assumed=frozenset(said),
    )


def goal_of(quarter: Span) -> Goal | None:
    """What the organisation is to win: its quota of revenue, else that of its teams together, else the revenue that
    marketing is to source, as a quota or as the agreement has it."""
    quotas = quotas_in(quarter, [QuotaMeasure.REVENUE, QuotaMeasure.REVENUE_SOURCED])
    whole = [one for one in quotas if not one.user_id and not one.team_id]
    for chosen, said_in, is_marketings in (
        ([one for one in whole if one.measure == QuotaMeasure.REVENUE], "the organisation’s quota", False),
        ([one for one in quotas if one.measure == QuotaMeasure.REVENUE and one.team_id], "the teams’ quotas", False),
        ([one for one in whole if one.measure == QuotaMeasure.REVENUE_SOURCED], "marketing’s quota", True),
    ):
        amount = together(chosen, quarter)
        if amount:
            return Goal(float(amount), said_in, is_marketings)
    sourced = MEASURES["revenue_sourced"]
    promised = [goal.target for goal in goals_for(quarter.start, quarter.end) if goal.measure == sourced]
    return Goal(float(promised[0]), "the agreement", is_marketings=True) if promised else None


def steps_of(basis: Basis, quarter: Span, today: date) -> tuple[Step, ...]:
    """From customers back to MQLs: what each stage takes, in the days in which it still counts for the quarter."""
    wanted = customers(basis)
    chain: list[Step] = []
    for stage in CHAIN:
        rate = basis.rates.get(stage)
        if stage in basis.rates:
            wanted = None if wanted is None or rate is None else over(wanted, rate)
        chain.append(step_of(basis, stage, wanted, quarter, today))
    return tuple(chain)


def customers(basis: Basis) -> Estimate | None:
    """K1: goal x marketing's share / average value."""
    if basis.goal is None or basis.share is None or basis.value is None:
        return None
    return needed(basis.goal.amount * basis.share, basis.value)


def over(wanted: Estimate, rate: Estimate) -> Estimate:
    """What it takes one step before; the bounds of both are carried on."""
    if not wanted.value:
        return wanted
    inverse = Estimate(1 / wanted.value, reciprocal(wanted.high), reciprocal(wanted.low))
    return needed(1, inverse, rate)


def reciprocal(value: float | None) -> float | None:
    """Of a bound; none has none, and one that is infinite has 0."""
    return None if not value else 1 / value


def step_of(basis: Basis, stage: Stage, wanted: Estimate | None, quarter: Span, today: date) -> Step:
    lag = basis.own.lags[stage]
    shift = timedelta(days=lag or 0)
    window = Span(quarter.start - shift, quarter.end - shift, quarter.label)
    have, question = behind(stage, window.start, min(window.end, today + timedelta(days=1)))
    passed = min(max((today - window.start).days + 1, 0), window.days)
    parameter = next((name for name, of in RATES.items() if of == stage), "")
    return Step(
        stage=stage,
        wanted=wanted,
        have=have,
        window=window,
        elapsed=passed / window.days,
        rate=basis.rates.get(stage),
        n=basis.own.rate(stage).whole if stage in basis.rates else basis.own.won.valued,
        lag_days=lag,
        href=f"{DRILLDOWN}?{Selection(question, stage.value).query()}",
        is_assumed=parameter in basis.assumed,
    )


def plan_of(question: Question, quarter: Span, today: date, *, at: datetime) -> Plan:
    """The plan of a quarter as it stands today, with what the question assumes."""
    basis = basis_of(question, quarter, at=at)
    chain = steps_of(basis, quarter, today)
    goal, mqls = basis.goal, chain[-1]
    measure = QuotaMeasure.REVENUE_SOURCED if goal and goal.is_marketings else QuotaMeasure.REVENUE
    won = sum(float(one.value) for one in booked(measure, quarter.start, quarter.end, at=at))
    seen = outlook(question, quarter, min(today, quarter.last_day), at=at)
    remaining = Decimal(str(max(goal.amount - won, 0))) if goal else None
    budget = mqls.wanted.value * basis.cost_per_mql if mqls.wanted and basis.cost_per_mql else None
    return Plan(
        quarter=quarter,
        today=today,
        basis=basis,
        steps=chain,
        pace=pace_of(goal.amount, won, quarter, today, usual_share(measure, quarter, today, at=at)) if goal else None,
        coverage=Coverage(seen.open_value, remaining, seen.win_rate),
        outlook=seen,
        from_mqls=expected_customers(basis.own, chain[0], quarter, today),
        demand=mqls.wanted.value / 3 if mqls.wanted else None,
        budget=budget,
        spent=spent_in(mqls.window.start, min(mqls.window.end, today + timedelta(days=1)), at=at),
        currency=Organisation.get().currency,
        missing=tuple(missing(basis)),
    )


def expected_customers(own: Own, customers_: Step, quarter: Span, today: date) -> float | None:
    """K2: won so far, and what the MQLs that are there bring on the days that are left."""
    shares = won_after(own.since, today)
    if shares is None or not quarter.start <= today < quarter.end:
        return None
    first = today - timedelta(days=len(shares))
    until = (quarter.end - first).days
    by_day = arrivals(mqls_by_day(first, today), shares, until)
    return customers_.have + float(by_day[(today - first).days + 1 :].sum())


def missing(basis: Basis) -> list[str]:
    """What it would take for the whole chain, said as people count it."""
    own = basis.own
    said = [] if basis.goal else ["no goal for this quarter"]
    if basis.share is None:
        said.append(f"{own.won.deals} of {ENOUGH} wins for marketing’s share")
    if basis.value is None:
        said.append(f"{own.won.valued} of {ENOUGH} wins with an amount for the average value")
    for stage, rate in basis.rates.items():
        if rate is None:
            said.append(without_rate(stage, own.rate(stage)))
    return said


def without_rate(stage: Stage, counted: Counted) -> str:
    few = counted.whole < ENOUGH
    return f"{counted.whole} of {ENOUGH} {LABELS[stage]}" if few else f"none of {counted.whole} {LABELS[stage]} went on"
