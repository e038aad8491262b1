"""How far the shared goals of an agreement have come: for each its figure, its share of the target, and the pace.

Counts of leads are those of the report *funnel* by activity date, each lead once, so that both pages say the same.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count

from crm.currencies import converted
from crm.models import Organisation
from crm.periods import start_of_day, zone
from crm.words import money, number, percent
from feedback.agreements import fingerprint_of
from feedback.models import Agreement
from feedback.queries import ACCEPTED, JUDGED
from feedback.terms import Goal, Measure, Unit, read_goals
from funnel.attribution.sourcing import SOURCING
from funnel.facts.sql import day
from funnel.handoffs.days import Days
from funnel.handoffs.giving_up import given_up
from funnel.handoffs.promises import answer_time, answered_in, mean_attempts, one_row
from funnel.keeping import Kept, kept
from funnel.models import FigureSettings
from funnel.reports.counts import steps
from funnel.reports.question import Question
from funnel.selection import DRILLDOWN, Selection
from leads.lifecycle import RANK, Stage

# Within so much of what the pace asks for one is on pace.
SLACK = Decimal("0.03")

# Each lead counts by the score it had when it became MQL for the first time.
MQL_VALUE = """
    SELECT coalesce(sum((%(worth)s::numeric[])[band.number]), 0), count(*)
    FROM (
        SELECT DISTINCT ON (t.lead_id) coalesce(t.score, 0) AS score
        FROM leads_transition t
        WHERE t.to_stage = 'mql' AND t.at >= %(start)s AND t.at < %(end)s AND t.episode = 1 AND t.kind <> 'undo'
            AND NOT EXISTS (SELECT FROM leads_lead m WHERE m.id = t.lead_id AND m.merged_into_id IS NOT NULL)
            AND NOT EXISTS (SELECT FROM leads_transition u WHERE u.undoes_id = t.id)
            AND NOT EXISTS (
                SELECT FROM leads_transition b WHERE b.lead_id = t.lead_id AND b.seq < t.seq AND b.to_stage = 'mql'
                    AND b.kind <> 'undo' AND NOT EXISTS (SELECT FROM leads_transition u WHERE u.undoes_id = b.id))
        ORDER BY t.lead_id, t.seq
    ) mql
    CROSS JOIN LATERAL (SELECT width_bucket(mql.score, %(scores)s::int[]) AS number) band
"""
# Pipeline at the rate of the day it was opened, wins at that of the day they were closed.
OPENED = f"""
    SELECT sum(amount), count(*) FILTER (WHERE amount IS NOT NULL OR raw IS NULL),
        count(*) FILTER (WHERE amount IS NULL AND raw IS NOT NULL)
    FROM (
        SELECT o.amount AS raw, {converted("o.amount", "o.currency", day("o.opened_at"))} AS amount
        FROM leads_opportunity o WHERE o.opened_at >= %(start)s AND o.opened_at < %(end)s AND o.lead_id IS NOT NULL
    ) opened
"""
# Marketing-sourced in the sense that is chosen (METRICS T13).
SOURCED = f"""
    WITH deal AS MATERIALIZED (
        SELECT o.id, o.lead_id, o.contact_id, o.closed_at AS until, o.amount AS raw,
            {converted("o.amount", "o.currency", day("o.closed_at"))} AS amount
        FROM leads_opportunity o
        WHERE o.outcome = 'won' AND o.closed_at >= %(start)s AND o.closed_at < %(end)s
    ), {SOURCING}
    SELECT sum(amount), count(*) FILTER (WHERE amount IS NOT NULL OR raw IS NULL),
        count(*) FILTER (WHERE amount IS NULL AND raw IS NOT NULL)
    FROM sourced WHERE definition = %(definition)s
"""


@dataclass(frozen=True)
class Figure:
    """What a measure came to. ``n``: of how many; ``left_out``: amounts that no rate converts; ``href``: the rows."""

    value: Decimal | None
    n: int = 0
    left_out: int = 0
    href: str = ""


@dataclass(frozen=True)
class Attained:
    """A goal beside what came of it, ``elapsed`` (0–1) into its period."""

    goal: Goal
    figure: Figure
    elapsed: Decimal
    currency: str

    @property
    def measure(self) -> Measure:
        return self.goal.measure

    @property
    def attainment(self) -> Decimal | None:
        """The share of the target (P5); where less is better, the target's share of it, so that 1 is kept."""
        value, target = self.figure.value, self.goal.target
        if value is None:
            return None
        if self.measure.more_is_better:
            return value / target
        return target / value if value else None

    @property
    def bar(self) -> str:
        """The attainment as a length of the bar, at most all of it."""
        return f"{min(self.attainment or Decimal(0), Decimal(1)):.2%}"

    @property
    def due_by_now(self) -> Decimal:
        """What the pace asks for today: the linear share of the target, all of it where nothing adds up."""
        return self.goal.target * self.elapsed if self.measure.is_paced else self.goal.target

    @property
    def state(self) -> str:
        """none (nothing to tell yet), behind, pace or ahead; after the period: behind is missed."""
        value, due = self.figure.value, self.due_by_now
        if value is None or not self.elapsed:
            return "none"
        if not self.measure.more_is_better:
            return "behind" if value > due else "ahead"
        if value < due * (1 - SLACK if self.elapsed < 1 else 1):
            return "behind"
        return "ahead" if value >= self.goal.target or value > due * (1 + SLACK) else "pace"

    @property
    def words(self) -> str:
        """ "on pace", "behind by 12", "4 ahead", "kept", "missed by 3 %"."""
        if self.state == "none":
            return "not begun" if not self.elapsed else "nothing to tell yet"
        value, due = self.figure.value or Decimal(0), self.due_by_now
        gap = self.said(abs(value - due))
        if not self.measure.is_paced:
            return f"misses it by {gap}" if self.state == "behind" else "kept"
        if self.elapsed >= 1:
            return f"missed by {gap}" if self.state == "behind" else "reached"
        if value >= self.goal.target:
            return "reached already"
        return {"behind": f"behind by {gap}", "pace": "on pace", "ahead": f"ahead by {gap}"}[self.state]

    @property
    def target_words(self) -> str:
        return self.said(self.goal.target)

    @property
    def actual_words(self) -> str:
        return self.said(self.figure.value)

    def said(self, value: Decimal | None) -> str:
        return said(value, self.measure.unit, self.currency)


def said(value: Decimal | float | None, unit: str, currency: str) -> str:
    """A figure of a unit in words."""
    if value is None:
        return "–"
    match unit:
        case Unit.RATIO:
            return percent(value)
        case Unit.MONEY:
            return money(Decimal(round(value)), currency)
        case Unit.HOURS:
            return f"{number(round(Decimal(value), 1))} h"
        case Unit.TIMES:
            return number(round(Decimal(value), 1))
    return number(round(value))


def attainment(agreement: Agreement, *, at: datetime) -> Kept[list[Attained]]:
    """Every goal of an agreement with what came of it in its period until now, or a few minutes ago."""
    return kept(f"attainment:{fingerprint_of(agreement)}", attained_in_period, agreement, at=at)


def attained_in_period(agreement: Agreement, *, at: datetime) -> list[Attained]:
    if not agreement.period_starts or not agreement.period_ends:
        return []
    days = Days(agreement.period_starts, agreement.period_ends + timedelta(days=1), at)
    return attained(read_goals(agreement), days)


def attained(goals: Iterable[Goal], days: Days) -> list[Attained]:
    elapsed, currency = elapsed_share(days), Organisation.get().currency
    return [Attained(goal, FIGURES[goal.measure.key](goal, days), elapsed, currency) for goal in goals]


def elapsed_share(days: Days) -> Decimal:
    """How much of the days has passed, 0–1."""
    tz = zone()
    start, end = start_of_day(days.start, tz), start_of_day(days.end, tz)
    share = (min(max(days.at, start), end) - start) / (end - start) if end > start else 1.0
    return Decimal(str(share))


def goals_for(start: date, end: date) -> list[Goal]:
    """The goals that held on these days: those of the newest agreement whose period they fall into, in force or since
    retired. Of a longer period what adds up counts in proportion to its days.
    """
    days = end - start
    held = Agreement.objects.filter(
        status__in=["active", "retired"], period_starts__lte=start, period_ends__gte=end - timedelta(days=1)
    )
    agreement = held.order_by("-version").first()
    if agreement is None or not agreement.period_starts or not agreement.period_ends:
        return []
    part = Decimal(days.days) / Decimal((agreement.period_ends - agreement.period_starts).days + 1)
    return [
        Goal(goal.measure, goal.target * part if goal.measure.is_paced else goal.target, goal.bands)
        for goal in read_goals(agreement)
    ]


def count_of(stage: Stage) -> Callable[[Goal, Days], Figure]:
    """How many leads got to the stage for the first time, as the report *funnel* counts them."""

    def figure(goal: Goal, days: Days) -> Figure:
        question = Question(days.start, days.end, basis="period", unit="leads")
        entered = steps(question)[None][RANK[stage] - 1].entered
        return Figure(Decimal(entered), entered, href=f"{DRILLDOWN}?{Selection(question, stage.value).query()}")

    return figure


def mql_value(goal: Goal, days: Days) -> Figure:
    """What the period's MQLs are worth (METRICS S7); below the lowest score a lead is worth nothing."""
    bands: dict[str, Any] = {
        "scores": [band.score_from for band in goal.bands],
        "worth": [band.worth for band in goal.bands],
    }
    value, n = one_row(MQL_VALUE, {**days.parameters, **bands})
    question = Question(days.start, days.end, basis="period", unit="leads")
    return Figure(value, n, href=f"{DRILLDOWN}?{Selection(question, Stage.MQL.value).query()}")


def acceptance_rate(goal: Goal, days: Days) -> Figure:
    found = answered_in(days).filter(JUDGED).aggregate(judged=Count("pk"), accepted=Count("pk", filter=ACCEPTED))
    judged = found["judged"]
    return Figure(Decimal(found["accepted"]) / judged if judged else None, judged)


def hours_to_verdict(goal: Goal, days: Days) -> Figure:
    middle = answer_time(days)
    return Figure(None if middle.hours is None else Decimal(str(middle.hours)), middle.n)


def attempts(goal: Goal, days: Days) -> Figure:
    mean, n = mean_attempts(given_up(days))
    return Figure(None if mean is None else Decimal(str(mean)), n)


def amounts(statement: str) -> Callable[[Goal, Days], Figure]:
    """A sum of amounts in the organisation's currency."""

    def figure(goal: Goal, days: Days) -> Figure:
        parameters = {
            **days.parameters,
            "currency": Organisation.get().currency,
            "definition": FigureSettings.get().marketing_sourced,
        }
        value, n, left_out = one_row(statement, parameters)
        return Figure(value or Decimal(0), n, left_out)

    return figure


FIGURES: dict[str, Callable[[Goal, Days], Figure]] = {
    "mqls": count_of(Stage.MQL),
    "mql_value": mql_value,
    "acceptance_rate": acceptance_rate,
    "hours_to_verdict": hours_to_verdict,
    "attempts": attempts,
    "opportunities": count_of(Stage.OPPORTUNITY),
    "pipeline_value": amounts(OPENED),
    "revenue_sourced": amounts(SOURCED),
}
