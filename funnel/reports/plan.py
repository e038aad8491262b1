"""The report *plan*: from the goal of a quarter back to what it takes, beside what is there (METRICS K1 to K3)."""

from datetime import datetime

from crm.intervals import ENOUGH
from crm.periods import own_day
from crm.words import number
from funnel.deals.outlook import quarter_of
from funnel.reports.answer import Column, Report, Row, Told
from funnel.reports.question import BadQuestion, Question
from funnel.reports.rows import money
from funnel.targets.planning import LABELS, PARAMETERS, Plan, Step, plan_of
from leads.lifecycle import Stage


def tell(question: Question, at: datetime) -> Told:
    if question.dimension or question.filters:
        raise BadQuestion("dimension", "A plan is about the whole organisation; it is not cut.")
    today = own_day(at)
    plan = plan_of(question, quarter_of(question, today), today, at=at)
    return Told([goal_row(plan), *map(step_row, plan.steps), budget_row(plan)], notes(plan), plan)


def goal_row(shown: Plan) -> Row:
    goal, pace, code = shown.basis.goal, shown.pace, shown.currency
    won = pace.booked if pace else float(shown.outlook.booked)
    return {
        **empty("goal", "Goal"),
        "needed": money(goal.amount, code) if goal else None,
        "have": money(won, code),
        "gap": money(goal.amount - won, code) if goal else None,
        "expected": money(pace.expected, code) if pace else None,
        "rate": shown.basis.share,
        "n": shown.basis.own.won.deals,
        "assumed": "share" in shown.basis.assumed,
        "from": shown.quarter.start,
        "to": shown.quarter.end,
    }


def in_the_row(step: Step) -> float | None:
    """As it comes out of the chain, MQLs in whole ones: METRICS K1 rounds up only at the end."""
    if step.wanted is None:
        return None
    return step.whole if step.stage is Stage.MQL else round(step.wanted.value, 2)


def step_row(step: Step) -> Row:
    wanted, rate = in_the_row(step), step.rate
    return {
        **empty(step.stage.value, LABELS[step.stage]),
        "needed": wanted,
        "needed_low": bound(step.wanted.low) if step.wanted else None,
        "needed_high": bound(step.wanted.high) if step.wanted else None,
        "have": step.have,
        "gap": None if wanted is None else round(wanted - step.have, 2),
        "expected": None if step.expected is None else round(step.expected, 2),
        "rate": rate.value if rate else None,
        "rate_low": rate.low if rate else None,
        "rate_high": rate.high if rate else None,
        "n": step.n,
        "assumed": step.is_assumed,
        "lag_days": step.lag_days,
        "from": step.window.start,
        "to": step.window.end,
        "leads_url": step.href,
    }


def bound(value: float | None) -> float | None:
    """None where a rate may be 0, so that no number would be too high."""
    return None if value is None or value == float("inf") else round(value, 2)


def budget_row(shown: Plan) -> Row:
    code, mqls = shown.currency, shown.steps[-1]
    return {
        **empty("budget", "Budget"),
        "needed": money(shown.budget, code),
        "have": money(shown.spent, code),
        "gap": money(None if shown.budget is None else shown.budget - float(shown.spent), code),
        "expected": money(float(shown.spent) / mqls.elapsed, code) if mqls.elapsed else None,
        "n": shown.basis.own.mqls,
        "assumed": "cost" in shown.basis.assumed,
        "from": mqls.window.start,
        "to": mqls.window.end,
    }


def empty(step: str, label: str) -> Row:
    return {"key": None, "step": step, "label": label, **dict.fromkeys(column.name for column in COLUMNS[3:])}


def notes(shown: Plan) -> list[str]:
    own = shown.basis.own
    said = [f"Own figures are those of {own.since.label}, of leads that marketing found."]
    entered_, won = own.cohort[0].entered, own.cohort[-1].entered
    if entered_:
        said.append(
            f"{number(won)} of {number(entered_)} leads of these quarters were won so far; younger ones may still be."
        )
    if own.lags[Stage.MQL] is None:
        said.append(
            f"Fewer than {ENOUGH} wins tell how long it takes from MQL to customer: counted is the quarter itself."
        )
    return said


COLUMNS = (
    Column("key", "Key", "text", shown=False),
    Column("step", "Step", "text", "goal, customer, opportunity, qualified, accepted, mql, budget", shown=False),
    Column("label", "Step", "text"),
    Column(
        "needed", "Needed", "count",
        "Goal x marketing’s share / average value = customers; each step before it divided by its rate. MQLs are "
        "rounded up; the budget is MQLs x what one cost.",
    ),
    Column("needed_low", "At least", "count", "Every rate with its 95 % interval carried through.", shown=False),
    Column("needed_high", "At most", "count", "As “at least”.", shown=False),
    Column("have", "Have", "count", "Reached on days “from” to “to”, by activity date, each lead once.", "leads_url"),
    Column("gap", "Gap", "count", "Needed − have."),
    Column("expected", "At this pace", "count", "What the days “from” to “to” bring when they go on as they began."),
    Column(
        "rate", "Rate", "ratio",
        "Of leads that began in the four quarters before and got to this step: the share that got to the one above. Of "
        "the goal: marketing’s share of the value won. Empty under 10.",
    ),
    Column("rate_low", "Low", "ratio", "Wilson interval, 95 %.", shown=False),
    Column("rate_high", "High", "ratio", "Wilson interval, 95 %.", shown=False),
    Column("n", "Of", "count", "What the rate is made of; of customers: wins with an amount; of the budget: MQLs."),
    Column("assumed", "Assumed", "text", "Whether the reader typed the rate.", shown=False),
    Column("lag_days", "Days to win", "days", "Median from this step to customer, of leads won in these quarters."),
    Column("from", "From", "text", "The first day on which the step counts for the quarter: “days to win” earlier."),
    Column("to", "To", "text", "The day after the last one."),
    Column("leads_url", "Leads", "text"),
)  # fmt: skip

PLAN = Report(
    name="plan",
    title="Plan",
    how=(
        "From the goal of the quarter back to MQLs and budget by the organisation’s own rates of the four full "
        "quarters before it. The goal is the organisation’s quota of revenue, else its teams’ together, else the "
        "revenue that marketing is to source. A step counts for the quarter when it is reached so many days earlier as "
        "it takes from there to a win, at the median. Whatever is typed is taken as certain and stands in the address."
    ),
    columns=COLUMNS,
    tell=tell,
    bases=("period",),
    parameters=PARAMETERS,
    identity=("step",),
    span="quarter",
)
