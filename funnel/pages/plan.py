"""The page *plan*: the chain as a list from the goal down to the budget, and what is assumed in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from crm.fiscal import fiscal_quarter
from crm.intervals import ENOUGH
from crm.words import money, number, percent
from funnel.deals.outlook import Coverage
from funnel.pages.face import Face
from funnel.reports.answer import Answer
from funnel.statistics.planning import Pace
from funnel.targets.own_rates import CHAIN
from funnel.targets.planning import LABELS, PARAMETERS, RATES, Plan, Step
from leads.lifecycle import Stage

SHORT = {Stage.CUSTOMER: "customers", Stage.OPPORTUNITY: "opportunities", Stage.QUALIFIED: "SQL", Stage.ACCEPTED: "SAL"}


@dataclass(frozen=True)
class Link:
    """One step of the list. ``share``: how much of what is needed is there, 0–1, for its bar."""

    label: str
    stage: str
    needed: str
    likely: str
    have: str
    href: str
    gap: str
    share: float | None
    by: str
    how: str

    @property
    def bar(self) -> str:
        """As a length of its bar, at most all of it."""
        return f"{min(self.share or 0, 1):.1%}"


@dataclass(frozen=True)
class Field:
    """What a reader may assume: ``value`` typed, ``own`` the organisation's own figure in words."""

    name: str
    label: str
    value: str
    own: str


def face(answer: Answer, before: Answer | None) -> Face:
    shown: Plan = answer.told.page
    more = {
        "links": [goal_link(shown), *(step_link(step, shown) for step in shown.steps), budget_link(shown)],
        "fields": list(fields(answer, shown)),
        "beside": list(beside(shown)),
        "needs_goal": shown.basis.goal is None,
    }
    if shown.missing:
        return Face(missing=f"{'; '.join(shown.missing)}. Type what you assume, and the plan follows.", more=more)
    return Face(sentence(shown), more=more)


def sentence(shown: Plan) -> str:
    """ "To win €600,000 this quarter marketing must bring 235 MQLs by 12 Oct; 148 are there, at this pace 201."."""
    goal, mqls = shown.basis.goal, shown.steps[-1]
    if goal is None:
        return ""
    when = "this quarter" if shown.today in shown.quarter else f"in {shown.quarter.label}"
    last = mqls.window.end - timedelta(days=1)
    if shown.today > last:
        verb, is_there = "had to bring", f"{number(mqls.have)} came"
    else:
        verb, is_there = "must bring", f"{are(mqls.have)} there{at_this_pace(mqls)}"
    wins = f"To win {money(round(goal.amount), shown.currency)} {when}"
    return f"{wins} marketing {verb} {number(mqls.whole)} MQLs by {last:%-d %b}; {is_there}."


def are(count: int) -> str:
    return "1 is" if count == 1 else f"{number(count)} are"


def at_this_pace(step: Step) -> str:
    return "" if not step.expected else f", at this pace {number(round(step.expected))}"


def goal_link(shown: Plan) -> Link:
    goal, pace, code = shown.basis.goal, shown.pace, shown.currency
    share = shown.basis.share
    return Link(
        label="Goal",
        stage="",
        needed=money(round(goal.amount) if goal else None, code),
        likely=goal.said_in if goal else "",
        have=money(round(pace.booked), code) if pace else money(round(shown.outlook.booked), code),
        href="",
        gap=money(max(round(goal.amount - pace.booked), 0), code) if goal and pace else "–",
        share=pace.attainment if pace else None,
        by=f"by {shown.quarter.last_day:%-d %b}",
        how=f"marketing’s share {percent(share)}" if share is not None else "",
    )


def step_link(step: Step, shown: Plan) -> Link:
    wanted = step.wanted
    last = step.window.end - timedelta(days=1)
    return Link(
        label=LABELS[step.stage],
        stage=step.stage.value,
        needed=number(step.whole) if wanted else "–",
        likely=likely(step),
        have=number(step.have),
        href=step.href,
        gap=number(max((step.whole or 0) - step.have, 0)) if wanted else "–",
        share=step.have / wanted.value if wanted and wanted.value else None,
        by=f"{step.window.start:%-d %b} to {last:%-d %b}",
        how=how_said(step, shown),
    )


def likely(step: Step) -> str:
    """ "likely 180–310"; nothing where all of it is assumed."""
    wanted = step.wanted
    if wanted is None or wanted.low is None or wanted.high is None or wanted.high - wanted.low < 1:
        return ""
    if wanted.high == float("inf"):
        return f"likely {number(round(wanted.low))} or more"
    return f"likely {number(round(wanted.low))}–{number(round(wanted.high))}"


def how_said(step: Step, shown: Plan) -> str:
    """How the step follows from the one above it."""
    if step.stage is Stage.CUSTOMER:
        value = shown.basis.value
        few = f"not enough data: {step.n} of {ENOUGH} wins with an amount"
        return f"{money(round(value.value), shown.currency)} each" if value else few
    following = CHAIN[CHAIN.index(step.stage) - 1]
    if step.rate is None:
        return f"not enough data: {step.n} of {ENOUGH}"
    of = "assumed" if step.is_assumed else f"of {number(step.n)}"
    return f"{percent(step.rate.value)} become {SHORT[following]} ({of})"


def budget_link(shown: Plan) -> Link:
    code, budget, cost = shown.currency, shown.budget, shown.basis.cost_per_mql
    window = shown.steps[-1].window
    return Link(
        label="Budget",
        stage="",
        needed=money(round(budget) if budget else None, code),
        likely="",
        have=money(round(shown.spent), code),
        href="/campaigns/",
        gap=money(max(round(budget - float(shown.spent)), 0), code) if budget else "–",
        share=float(shown.spent) / budget if budget else None,
        by=f"{window.start:%-d %b} to {window.end - timedelta(days=1):%-d %b}",
        how=f"{money(round(cost), code)} an MQL" if cost else "cost of an MQL not known",
    )


def fields(answer: Answer, shown: Plan) -> Iterator[Field]:
    """Every parameter with what is typed, and what the organisation's own figures say."""
    typed, own, code = dict(answer.question.options), shown.basis.own, shown.currency
    average, cost = own.won.average, own.cost_per_mql
    own_words = {
        "share": percent(own.won.marketing_share),
        "value": money(round(average.value) if average else None, code),
        "cost": money(round(cost) if cost else None, code),
        "capacity": number(round(own.per_rep, 1)) if own.per_rep else "–",
        "goal": money(round(shown.basis.goal.amount), code) if shown.basis.goal and not typed["goal"] else "–",
        **{name: percent(rate.value) if (rate := own.estimate(stage)) else "–" for name, stage in RATES.items()},
    }
    for one in PARAMETERS:
        yield Field(one.name, one.title, typed[one.name], own_words[one.name])


def beside(shown: Plan) -> Iterator[tuple[str, str]]:
    """What else decides whether the quarter is made: (what, in words)."""
    if said := too_late(shown):
        yield "From now on", said
    if shown.pace and shown.pace.day:
        yield "Pace", pace_said(shown.pace, shown.currency)
    if shown.coverage.coverage is not None:
        yield "Coverage", coverage_said(shown.coverage, shown.currency)
    if shown.from_mqls is not None:
        wanted = shown.steps[0].whole
        of = f" of the {number(wanted)} needed" if wanted else ""
        coming = number(round(shown.from_mqls, 1))
        yield (
            "Under way",
            f"The MQLs that are there bring {coming} customers{of}, if they are won as fast as others were.",
        )
    if shown.demand is not None and shown.basis.capacity:
        yield "Capacity", capacity_said(shown.demand, shown.basis.capacity)


def too_late(shown: Plan) -> str:
    """Which quarter the MQLs of today count for, where that is not the present one any more."""
    mqls = shown.steps[-1]
    if not mqls.lag_days or not shown.quarter.start <= shown.today < shown.quarter.end or shown.today in mqls.window:
        return ""
    won_on = shown.today + timedelta(days=mqls.lag_days)
    return f"An MQL of today is won about {won_on:%-d %b}, at the median: it counts for {fiscal_quarter(won_on).label}."


def coverage_said(coverage: Coverage, code: str) -> str:
    """P4, as of the opportunities expected to close in the quarter."""
    open_, left = money(round(coverage.open_value), code), money(round(coverage.remaining or 0), code)
    said = (
        f"{open_} open for this quarter is {number(round(coverage.coverage or 0, 1))} times the {left} still to be won"
    )
    if coverage.required is None or coverage.gap_share is None:
        return f"{said}."
    takes = f"at {percent(coverage.win_rate)} won it takes {number(round(coverage.required, 1))} times"
    return f"{said}; {takes}, so it brings about {percent(min(coverage.gap_share, 1))} of that."


def pace_said(pace: Pace, code: str) -> str:
    so_far = f"{percent(pace.attainment)} of the goal after {round(pace.day)} of {round(pace.days)} days"
    said = f"{so_far}, {percent(pace.linear)} of an even pace"
    if pace.seasonal is not None and pace.usual_share is not None:
        said += f"; by then {percent(pace.usual_share)} is usual, so {percent(pace.seasonal)} of the usual one"
    return f"{said}. {money(round(pace.per_day), code)} a day from now on." if pace.per_day else f"{said}."


def capacity_said(demand: float, capacity: float) -> str:
    asked, can = number(round(demand)), number(round(capacity))
    if demand <= capacity:
        return f"Sales takes on {can} leads a month; the plan brings {asked}."
    return f"Sales takes on {can} leads a month; the plan brings {asked}: raise the threshold of MQLs, or the capacity."
