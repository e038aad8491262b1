"""The organisation's own figures that a plan is made of: rates, values, lags and costs of the last four quarters.

The chain is marketing's: leads that marketing found, by cohort of the day they began. Which won deals are marketing's
the settings of figures say (METRICS T13).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cached_property

import numpy as np
import numpy.typing as npt
from django.db.models import Max

from crm.currencies import converted
from crm.fiscal import Span, last_full_quarters
from crm.intervals import ENOUGH, Z_95, Counted
from crm.models import Role, User
from crm.periods import own_day
from funnel.attribution.sourcing import sourcing_of
from funnel.deals.relation import WON_IN_DAYS, rows, source, values_of
from funnel.models import FigureSettings, StageMetric
from funnel.reports.counts import Step, steps
from funnel.reports.question import Question
from funnel.statistics.planning import Estimate, capacity, ramp_share
from funnel.targets.quotas import DAYS_A_MONTH
from leads.lifecycle import RANK, Stage

QUARTERS = 4
MARKETINGS = (("origin", "marketing"),)
# From the goal back: the chain of METRICS K1.
CHAIN = (Stage.CUSTOMER, Stage.OPPORTUNITY, Stage.QUALIFIED, Stage.ACCEPTED, Stage.MQL)
# Somebody new takes on as many leads as the others after so many months.
RAMP_MONTHS = 3

WON = f"""
    WITH {sourcing_of("{deals}", WON_IN_DAYS)}
    SELECT count(*) AS deals, coalesce(sum(deal.amount), 0) AS value, count(sourced.deal) AS sourced,
        coalesce(sum(deal.amount) FILTER (WHERE sourced.deal IS NOT NULL), 0) AS sourced_value,
        count(deal.amount) FILTER (WHERE sourced.deal IS NOT NULL) AS valued,
        coalesce(stddev_samp(deal.amount) FILTER (WHERE sourced.deal IS NOT NULL), 0) AS spread
    FROM deal LEFT JOIN sourced ON sourced.deal = deal.id AND sourced.definition = %(definition)s
"""
MEDIANS = [f"percentile_cont(0.5) WITHIN GROUP (ORDER BY customer_on - {stage}_on) AS {stage}" for stage in CHAIN[1:]]
# Won leads are few, and found by the day they were won.
WON_LEADS = """FROM funnel_leadfact
    WHERE origin = 'marketing' AND outcome = 'customer' AND outcome_on >= %(start)s AND outcome_on < %(end)s"""
LAGS = f"SELECT {', '.join(MEDIANS)}, count(*) AS won {WON_LEADS}"
WON_AFTER = f"""
    SELECT customer_on - mql_on AS lag, count(*) AS many {WON_LEADS}
        AND episode = 1 AND mql_on >= %(start)s AND mql_on < %(end)s GROUP BY 1
"""
SPENT = f"""
    SELECT coalesce(sum({converted("s.amount", "s.currency", 's."on"')}), 0) AS cost
    FROM campaigns_spend s WHERE s."on" >= %(start)s AND s."on" < %(end)s
"""


@dataclass(frozen=True)
class WonDeals:
    """What was won in some days, and what of it marketing sourced; ``spread``: standard deviation of its amounts."""

    deals: int
    value: Decimal
    sourced: int
    sourced_value: Decimal
    valued: int
    spread: Decimal

    @property
    def marketing_share(self) -> float | None:
        """Of the value won."""
        return float(self.sourced_value / self.value) if self.deals >= ENOUGH and self.value else None

    @property
    def average(self) -> Estimate | None:
        """What one deal that marketing sourced is worth, with the interval of its mean."""
        if self.valued < ENOUGH or not self.sourced_value:
            return None
        mean, reach = float(self.sourced_value) / self.valued, Z_95 * float(self.spread) / self.valued**0.5
        return Estimate(mean, max(mean - reach, 0.0), mean + reach)


@dataclass(frozen=True)
class Own:
    """Figures of the last four full quarters before ``quarter``."""

    quarter: Span
    since: Span
    cohort: Sequence[Step]
    won: WonDeals
    lags: dict[Stage, int | None]
    mqls: int
    cost: Decimal
    per_rep: float
    reps: tuple[float, ...]

    def rate(self, stage: Stage) -> Counted:
        """How many of the cohort that got to this stage got to the next one of the chain."""
        following = CHAIN[CHAIN.index(stage) - 1]
        return Counted(self.cohort[RANK[following] - 1].entered, self.cohort[RANK[stage] - 1].entered)

    def estimate(self, stage: Stage) -> Estimate | None:
        """The same as a rate with its interval; None of too few, or of a step that nobody got beyond."""
        counted = self.rate(stage)
        share = counted.share
        if counted.whole < ENOUGH or not share.rate:
            return None
        return Estimate(share.rate, share.low, share.high)

    @property
    def cost_per_mql(self) -> float | None:
        return float(self.cost) / self.mqls if self.mqls >= ENOUGH and self.cost else None

    @cached_property
    def capacity(self) -> float:
        """K3: leads a month, at what each rep took on in the busiest month."""
        return capacity(self.per_rep, self.reps)


def own_figures(quarter: Span, *, at: datetime) -> Own:
    """What a plan for ``quarter`` is made of."""
    today = own_day(at)
    before = last_full_quarters(QUARTERS, min(quarter.start, today))
    since = Span(before[0].start, before[-1].end, f"{before[0].label} to {before[-1].label}")
    values = {**values_of(today), "start": since.start, "end": since.end}
    defined = {"definition": FigureSettings.get().marketing_sourced}
    [won] = rows(WON.format(deals=source(today, at=at)), {**values, **defined})
    [lags] = rows(LAGS, values)
    [spent] = rows(SPENT, values)
    reps = shares_of_reps(today)
    return Own(
        quarter=quarter,
        since=since,
        cohort=steps(Question(since.start, since.end, filters=MARKETINGS))[None],
        won=WonDeals(**won),
        lags={stage: lag_of(lags[stage], lags["won"]) for stage in CHAIN[1:]} | {Stage.CUSTOMER: 0},
        mqls=entered(Stage.MQL, since.start, since.end),
        cost=spent["cost"],
        per_rep=busiest_month(since) / len(reps) if reps else 0,
        reps=reps,
    )


def lag_of(median: float | None, won: int) -> int | None:
    return None if median is None or won < ENOUGH else max(round(median), 0)


def shares_of_reps(today: date) -> tuple[float, ...]:
    """What each rep gives of a full capacity now: nothing while away, less while new."""
    reps = User.objects.filter(role=Role.REP, is_active=True).values_list("started_on", "away_until")
    return tuple(
        0.0
        if away and away >= today
        else 1.0
        if started is None
        else ramp_share((today - started).days / float(DAYS_A_MONTH), RAMP_MONTHS)
        for started, away in reps
    )


def entered(stage: Stage, start: date, end: date) -> int:
    """Marketing's leads that got to the stage on these days, each once."""
    return behind(stage, start, end)[0]


def behind(stage: Stage, start: date, end: date) -> tuple[int, Question]:
    """The same with the question that lists them."""
    question = Question(start, max(end, start), basis="period", filters=MARKETINGS)
    return steps(question)[None][RANK[stage] - 1].entered, question


def spent_in(start: date, end: date, *, at: datetime) -> Decimal:
    today = own_day(at)
    [spent] = rows(SPENT, {**values_of(today), "start": start, "end": end})
    return Decimal(spent["cost"])


def busiest_month(since: Span) -> int:
    """What sales took on in the busiest calendar month."""
    months = StageMetric.objects.filter(
        dimension="all", grain="month", stage=RANK[Stage.ACCEPTED], day__gte=since.start, day__lt=since.end
    )
    return months.aggregate(most=Max("entered"))["most"] or 0


def won_after(since: Span, today: date) -> npt.NDArray[np.float64] | None:
    """K2: the share of MQLs that is won after so many days, each of those that are old enough to tell; None of too few
    wins."""
    end = today + timedelta(days=1)
    found = rows(WON_AFTER, {"start": since.start, "end": end})
    if sum(row["many"] for row in found) < ENOUGH:
        return None
    won = np.zeros(max(max(row["lag"], 0) for row in found) + 1)
    for row in found:
        won[max(row["lag"], 0)] += row["many"]
    # Of the youngest first: at a lag all count that are at least as old.
    by_age = mqls_by_day(since.start, today)[::-1]
    old_enough = np.array([by_age[lag:].sum() for lag in range(len(won))])
    return np.divide(won, old_enough, out=np.zeros(len(won)), where=old_enough > 0)


def mqls_by_day(start: date, today: date) -> npt.NDArray[np.float64]:
    """Marketing's new MQLs on each day from ``start`` to ``today``."""
    days = StageMetric.objects.filter(
        dimension="origin", key="marketing", grain="day", stage=RANK[Stage.MQL], day__gte=start, day__lte=today
    )
    found = np.zeros((today - start).days + 1)
    for day, many in days.values_list("day", "entered_first"):
        found[(day - start).days] = many
    return found
