"""The report *alignment*: what marketing and sales promised each other, and what each kept."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from crm.intervals import Counted
from crm.models import Organisation, Side
from crm.periods import own_day
from feedback import request_figures
from feedback.agreement import active_agreement
from feedback.closed_loop import closed_loop_rate
from feedback.terms import BOTH, Goal, Unit
from funnel.handoffs.days import Days
from funnel.handoffs.giving_up import given_up
from funnel.handoffs.open_promises import open_promises
from funnel.handoffs.promises import (
    answer_time,
    attempts_kept,
    comments_answered,
    feedback_coverage,
    first_attempts_in_time,
    ride_alongs,
    verdicts_in_time,
)
from funnel.reports.answer import Column, Report, Row, Told
from funnel.reports.question import BadQuestion, Question
from funnel.reports.rows import money
from funnel.targets.business import business
from funnel.targets.goals import Attained, attained, goals_for, said

EVERY_ONE = Decimal(1)
# Of fewer won a year before no growth is told.
ENOUGH_DEALS = 10
FEEDBACK, REQUESTS, SLA = "/feedback/", "/requests/", "/dashboards/sla/"
WAITING = "/dashboards/funnel/waiting/"


@dataclass(frozen=True)
class Line:
    """One measure of the report. ``target`` None: nothing was agreed; ``n``: of how many, None for plain counts."""

    measure: str
    label: str
    side: str
    unit: str
    actual: Decimal | None
    target: Decimal | None = None
    attainment: Decimal | None = None
    n: int | None = None
    href: str = ""
    goal: Attained | None = None
    currency: str = ""

    @property
    def actual_words(self) -> str:
        return said(self.actual, self.unit, self.currency)

    @property
    def target_words(self) -> str:
        return "" if self.target is None else said(self.target, self.unit, self.currency)

    @property
    def state(self) -> str:
        """kept or missed, where something was agreed and something is to be told; of a goal also its pace."""
        if self.goal:
            return self.goal.state
        if self.attainment is None:
            return "none"
        return "ahead" if self.attainment >= 1 else "behind"


@dataclass(frozen=True)
class Wording:
    """What a measure beside the goals is called, whose it is, how it is counted, and the page of the rows behind it."""

    label: str
    side: str
    unit: Unit
    how: str
    href: str = ""


WORDINGS = {
    "verdicts_in_time": Wording(
        "Verdicts in time", Side.SALES, Unit.RATIO,
        "Hand-offs whose clock ended in these days, by an answer or because the time was over: those answered in time, "
        "of all. Answered late, passed on unanswered and open past their time count as missed; what is not yet due "
        "or was withdrawn does not count.", SLA,
    ),
    "first_attempts_in_time": Wording(
        "First attempts in time", Side.SALES, Unit.RATIO,
        "Accepted leads whose clock ended in these days, by the first attempt (or the buyer was heard) or because the "
        "time was over: those tried in time, of all.", SLA,
    ),
    "attempts_kept": Wording(
        "Agreed attempts made", Side.SALES, Unit.RATIO,
        "Leads given up in these days that had been tried as often as agreed, or whose buyer had answered.", SLA,
    ),
    "sales_answer_time": Wording(
        "Sales’ time to answer a hand-off", Side.SALES, Unit.HOURS,
        "Median from hand-off to verdict, in working hours of who was asked.",
    ),
    "feedback_coverage": Wording(
        "Answers one can learn from", Side.SALES, Unit.RATIO,
        "Of all verdicts: accepted with an impression of the lead, rejected with a reason (bad data: and the wrong "
        "field).", FEEDBACK,
    ),
    "requests_answered": Wording(
        "Requests answered", Side.MARKETING, Unit.RATIO,
        "What sales asked marketing for in these days and marketing promised or declined.", REQUESTS,
    ),
    "requests_kept": Wording(
        "Promised requests kept", Side.MARKETING, Unit.RATIO,
        "Promises due in these days that were kept by their day, of all due; late, declined after all and open past "
        "their day count as missed.", REQUESTS,
    ),
    "comments_answered": Wording(
        "Comments answered", Side.MARKETING, Unit.RATIO,
        "Of all verdicts with a comment: those to which marketing replied.", FEEDBACK,
    ),
    "marketing_answer_time": Wording(
        "Marketing’s time to answer a comment", Side.MARKETING, Unit.HOURS,
        "Median from the verdict to marketing’s first reply, nights and weekends included.",
    ),
    "closed_loop": Wording(
        "Rejections acted on", Side.MARKETING, Unit.RATIO,
        "Rejections about the lead after which marketing changed something within 30 days, or said why not.", FEEDBACK,
    ),
    "ride_alongs": Wording(
        "Sales calls together", BOTH, Unit.COUNT, "Meetings at which somebody of marketing and of sales was.",
    ),
    "marketing_share": Wording(
        "Marketing’s share of new business", Side.MARKETING, Unit.RATIO,
        "Won new business that marketing sourced, in the sense chosen under Settings, Figures, of all won new business "
        "(expansions and renewals are left out); by value.", "/dashboards/attribution/",
    ),
    "revenue_per_head": Wording(
        "Revenue per head", BOTH, Unit.MONEY,
        "Won in these days / people of both sides who were members of a team, on average over the days passed.",
    ),
    "growth": Wording(
        "Growth against a year before", BOTH, Unit.RATIO,
        "Won in these days / won in as many days of the same fiscal quarter a year before, less 1; not told "
        "where fewer than 10 opportunities were won then.",
        "/dashboards/win-loss/",
    ),
    "open_requests": Wording(
        "Requests open", Side.MARKETING, Unit.COUNT,
        "Asked by sales and neither done nor declined at the end of these days, or now.", REQUESTS,
    ),
    "late_requests": Wording(
        "Requests past the promised day", Side.MARKETING, Unit.COUNT,
        "Of these, promised for a day that had passed.", REQUESTS,
    ),
    "open_comments": Wording(
        "Comments without a reply", Side.MARKETING, Unit.COUNT,
        "Comments to verdicts of these days to which marketing had not replied at their end, or has not until now.",
        FEEDBACK,
    ),
    "late_handoffs": Wording(
        "Hand-offs past their time", Side.SALES, Unit.COUNT,
        "Without an answer though their time was over, at the end of these days, or now.", WAITING,
    ),
    "unsigned_proposals": Wording(
        "Proposals to sign", BOTH, Unit.COUNT,
        "Agreements and definitions that wait for a signature now; not told of days that are over.", "/agreement/",
    ),
}  # fmt: skip


def lines(days: Days, goals: Iterable[Goal] | None = None) -> list[Line]:
    """Goals first, as they were agreed for these days (or ``goals``), then the promises of both sides."""
    currency = Organisation.get().currency
    held = goals_for(days.start, days.end) if goals is None else goals
    shared = (goal_line(one, currency) for one in attained(held, days))
    return [*shared, *promises(days), *sold(days, currency), *still_open(days)]


def goal_line(one: Attained, currency: str) -> Line:
    figure, measure = one.figure, one.measure
    return Line(
        measure=measure.key, label=measure.label, side=measure.side, unit=measure.unit.value, actual=figure.value,
        target=one.goal.target, attainment=one.attainment, n=figure.n, href=figure.href, goal=one, currency=currency,
    )  # fmt: skip


def promises(days: Days) -> Iterator[Line]:
    """The two-way service level (METRICS S6), the answers both ways, and what follows from them."""
    agreement = active_agreement()
    yield promise("verdicts_in_time", verdicts_in_time(days))
    yield promise("first_attempts_in_time", first_attempts_in_time(days))
    yield promise("attempts_kept", attempts_kept(given_up(days), agreement))
    asked = request_figures.answer_time(days.start, days.end)
    yield promise("requests_answered", Counted(asked.answered, asked.asked))
    kept = request_figures.promises_kept(days.start, days.end, today=own_day(days.at))
    yield promise("requests_kept", Counted(kept.met, kept.due))
    answered, reply_time = comments_answered(days)
    yield promise("comments_answered", answered)
    yield promise("closed_loop", closed_loop_rate(days.start, days.end, at=days.at))
    yield promise("feedback_coverage", feedback_coverage(days))
    sales = answer_time(days)
    yield line("sales_answer_time", sales.hours, n=sales.n)
    yield line("marketing_answer_time", reply_time.hours, n=reply_time.n)
    yield line("ride_alongs", ride_alongs(days))


def sold(days: Days, currency: str) -> Iterator[Line]:
    """What came of it all."""
    found = business(days.start, days.end, at=days.at)
    yield line("marketing_share", found.marketing_share, n=found.new_deals)
    yield replace(line("revenue_per_head", found.per_head, n=round(found.heads)), currency=currency)
    is_enough = found.deals_year_ago >= ENOUGH_DEALS
    yield line("growth", found.growth if is_enough else None, n=found.deals_year_ago)


def still_open(days: Days) -> Iterator[Line]:
    """What one side waits for from the other."""
    found = open_promises(days)
    yield line("open_requests", found.requests)
    yield line("late_requests", found.late_requests)
    yield line("open_comments", found.comments)
    yield line("late_handoffs", found.late_handoffs)
    yield line("unsigned_proposals", found.proposals)


def promise(measure: str, counted: Counted) -> Line:
    """What was promised for every single one."""
    rate = None if counted.rate is None else Decimal(str(counted.rate))
    return line(measure, rate, n=counted.whole, target=EVERY_ONE, attainment=rate)


def line(measure: str, actual: Decimal | float | None, **facts: Decimal | int | None) -> Line:
    wording = WORDINGS[measure]
    exact = None if actual is None else Decimal(str(actual))
    return Line(measure, wording.label, wording.side, wording.unit.value, exact, href=wording.href, **facts)  # type: ignore[arg-type]


def tell(question: Question, at: datetime) -> Told:
    if question.dimension or question.filters:
        raise BadQuestion("dimension", "Alignment is about the whole of both sides; it is not cut.")
    days = Days(question.start, question.end, at)
    return Told([row_of(one) for one in lines(days)], notes(days))


def row_of(one: Line) -> Row:
    return {
        "measure": one.measure,
        "title": one.label,
        "side": one.side,
        "unit": one.unit,
        "target": as_figure(one, one.target),
        "actual": as_figure(one, one.actual),
        "attainment": None if one.attainment is None else round(float(one.attainment), 4),
        "n": one.n,
        "leads_url": one.href,
    }


def as_figure(one: Line, value: Decimal | None) -> dict[str, str] | float | None:
    """Money as money, all else as a number."""
    if value is None:
        return None
    if one.unit == Unit.MONEY:
        return money(value, one.currency)
    return round(float(value), 4)


def notes(days: Days) -> list[str]:
    """What the figures leave out."""
    goals = attained(goals_for(days.start, days.end), days)
    return [*without_goals(goals), *other_currencies(goals)]


def without_goals(goals: Iterable[Attained]) -> list[str]:
    return [] if any(goals) else ["No shared goals were agreed on for these days."]


def other_currencies(goals: Iterable[Attained]) -> list[str]:
    return [
        f"{one.measure.label}: {one.figure.left_out} in currencies without a rate are left out."
        for one in goals
        if one.figure.left_out
    ]


ALIGNMENT = Report(
    name="alignment",
    title="Alignment",
    how=(
        "Goals are those of the agreement whose period has these days; of a longer period what adds up counts in "
        "proportion. Attainment is actual / target, and target / actual where less is better. A promise holds for "
        "every single case, so its target is 1. Leads are counted by activity date, each once."
    ),
    columns=(
        Column("measure", "Measure", "text", "; ".join(f"{w.label}: {w.how}" for w in WORDINGS.values())),
        Column("title", "Shown as", "text"),
        Column("side", "Side", "text", "marketing, sales or both: who is measured by it."),
        Column("unit", "Unit", "text", "count, money, ratio (0–1), hours, times"),
        Column("target", "Target", "number", "As agreed; empty when nothing was."),
        Column("actual", "Actual", "number", "Empty when there is nothing to tell."),
        Column("attainment", "Attainment", "ratio", "actual / target; target / actual where less is better."),
        Column("n", "Of", "count", "How many the figure is made of."),
        Column("leads_url", "Leads", "text", "The page of the rows behind it, where there is one."),
    ),
    tell=tell,
    identity=("measure",),
    span="quarter",
)
