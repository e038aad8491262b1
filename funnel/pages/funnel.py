"""The funnel page: what its blocks show, gathered from reports and the reads beside them."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from crm.intervals import ENOUGH, share
from crm.words import interval, number, percent
from feedback.agreement import active_agreement
from funnel.facts.freshness import Freshness, freshness
from funnel.handoffs.waiting import Waiting, waiting_now
from funnel.keeping import kept
from funnel.pages.annotations import Event, events, marked
from funnel.pages.by_key import KeyRow, cut_by, month_chart
from funnel.pages.charts import Chart
from funnel.pages.comparing import Before, before
from funnel.pages.drilldown import WAY_WORDS
from funnel.pages.page import Asked, mark
from funnel.queries import left_path
from funnel.reports.answer import Answer, Row
from funnel.reports.funnel import FUNNEL
from funnel.reports.question import Question
from funnel.reports.registry import answer, fingerprint
from funnel.reports.velocity import Lasted
from funnel.selection import DRILLDOWN, Selection
from funnel.targets.goals import Attained, attainment
from funnel.times.lengths import velocities
from leads.lifecycle import RANK, SUCCESS, Stage
from leads.models import Lead

MOST_KEYS = 100
SIDES = {"marketing": "Marketing", "waiting": "Waiting", "sales": "Sales"}
END_TO_END = {"captured_to_won": "Captured to won", "opportunity_to_close": "Opportunity to close"}


@dataclass(frozen=True)
class Length:
    """How long something took: the median, and within what nine of ten were done; None without any, or where so many
    still run. ``total``: all of them together, as far as they have come."""

    name: str
    label: str
    href: str
    n: int
    median: timedelta | None
    p90: timedelta | None
    total: timedelta

    @property
    def median_days(self) -> str:
        return in_days(self.median)

    @property
    def p90_days(self) -> str:
        return in_days(self.p90)


def in_days(length: timedelta | None) -> str:
    """To four digits, for who compares: "14.6507 days"."""
    return "" if length is None else f"{length / timedelta(days=1):.4f} days"


@dataclass(frozen=True)
class Dashboard:
    """Everything the page shows of one question.

    ``breaks``: new definitions within these days; ``happened``: all events of them, None without a chart over time.
    ``counted_at``: when lengths and ways out were counted, which among a million leads are kept for a while.
    """

    question: Question
    answer: Answer
    compared: Before | None
    sentence: str
    bars: list[dict[str, Any]]
    has_rates: bool
    stages: list[Row]
    breaks: list[Event]
    table: list[KeyRow]
    keys_left_out: int
    months: Chart | None
    happened: list[Event] | None
    sides: list[Length]
    end_to_end: list[Length]
    counted_at: datetime
    waiting: Waiting
    waiting_by: list[Waiting]
    due_hours: int
    pace: list[Attained]
    freshness: Freshness
    mark: str
    has_leads: bool


def dashboard(question: Question, *, at: datetime, today: date, asked: Asked) -> Dashboard:
    """The blocks of the page. Rates, intervals and counts come from the report, so that page, API and CSV agree."""
    whole = whole_of(question)
    answered = answer(FUNNEL, whole, at=at)
    compared = before(question, today) if asked.compare else None
    earlier = answer(FUNNEL, whole_of(compared.question), at=at).rows if compared else []
    which = fingerprint(FUNNEL, whole)
    left = kept(f"left path:{which}", left_path, whole, at=at)
    lasted = kept(f"lengths:{which}", lengths, whole, SIDES | END_TO_END, at=at)
    every, by_recipient = waiting_now(at=at)
    cut = cut_by(question, asked.ordering or by_default(question), compared.question if compared else None)
    agreement = active_agreement()
    happened = events(whole)
    marks = happened if asked.marks else []
    months = month_by_month(question, cut)
    return Dashboard(
        question=question,
        answer=answered,
        compared=compared,
        sentence=sentence(answered.rows, left.value, by_recipient),
        bars=bars(whole, answered.rows, left.value, earlier),
        has_rates=answered.rows[0]["entered"] >= ENOUGH if answered.rows else False,
        stages=answered.rows,
        breaks=[event for event in happened if event.is_break],
        table=cut[:MOST_KEYS],
        keys_left_out=max(0, len(cut) - MOST_KEYS),
        months=marked(month_chart(question, months, today), marks) if months else None,
        happened=marks if months else None,
        sides=lasted.value[: len(SIDES)],
        end_to_end=lasted.value[len(SIDES) :],
        counted_at=min(left.at, lasted.at),
        waiting=every,
        waiting_by=by_recipient[:6],
        due_hours=agreement.hours_to_verdict,
        pace=attainment(agreement, at=at).value,
        freshness=freshness(at=at),
        mark=mark(at=at),
        has_leads=answered.rows[0]["entered"] > 0 or Lead.objects.exists(),
    )


def whole_of(question: Question) -> Question:
    """The same question with nothing cut, what is held still held."""
    return replace(question, dimension="", key=None, filters=tuple(question.held.items()))


def month_by_month(question: Question, cut: list[KeyRow]) -> list[KeyRow]:
    """The months of the chart: where they are what the table is cut by, or where nothing is and there are some."""
    if question.dimension == "month":
        return cut
    found = [] if question.dimension else cut_by(replace(question, dimension="month"), "month")
    return found if len(found) > 1 else []


def by_default(question: Question) -> str:
    return "month" if question.dimension == "month" else ""


def bars(
    question: Question, rows: list[Row], left: dict[str, dict[str, int]], earlier: list[Row]
) -> list[dict[str, Any]]:
    """A bar a stage; between two bars the share that went on; those who left stand beside the stage they left from.

    ``earlier``: the rows of the days it is compared with, none without.
    """
    was = {row["stage"]: row for row in earlier}
    before: Row | None = None
    drawn = []
    for row in rows:
        stage = row["stage"]
        drawn.append(
            {
                "stage": stage,
                "count": row["entered"],
                "href": row["leads_url"],
                "running": left[stage]["open"] if question.basis == "cohort" else 0,
                "aside": aside(question, stage, left[stage]),
                "rate": before and before["rate"],
                "rate_low": before and before["rate_low"],
                "rate_high": before and before["rate_high"],
                "count_before": was[stage]["entered"] if was else None,
                "rate_before": was[before["stage"]]["rate"] if was and before else None,
            }
        )
        before = row
    return drawn


def aside(question: Question, stage: str, left: dict[str, int]) -> list[dict[str, Any]]:
    """Who got to ``stage`` and no further, by what became of them."""
    return [
        {"label": words, "count": left[way], "href": drilldown(Selection(question, stage, "left", way))}
        for way, words in WAY_WORDS.items()
        if left[way]
    ]


def drilldown(selection: Selection) -> str:
    return f"{DRILLDOWN}?{selection.query()}"


def sentence(rows: list[Row], left: dict[str, dict[str, int]], waiting: list[Waiting]) -> str:
    """What a manager should know, in words; nothing when there is too little to say it of."""
    entered = {row["stage"]: row["entered"] for row in rows}
    mqls, accepted = entered.get(Stage.MQL, 0), entered.get(Stage.ACCEPTED, 0)
    if mqls < ENOUGH:
        return ""
    said = f"Of {number(mqls)} MQLs, {percent(accepted / mqls)} were accepted"
    taken = share(accepted, mqls)
    if taken.low is not None:
        said += f" ({interval(taken.low, taken.high)})"
    said += f"{biggest_drop(left)}."
    late = max(waiting, key=lambda row: row.overdue, default=None)
    if late and late.overdue:
        said += f" {late.label} lets {number(late.overdue)} wait past their time."
    return said


def biggest_drop(left: dict[str, dict[str, int]]) -> str:
    """The stage where most who had become MQL left the path; "" when nobody did."""
    lost = {
        stage: sum(count for way, count in left[stage].items() if way != "open")
        for stage in SUCCESS
        if RANK[stage] >= RANK[Stage.MQL]
    }
    worst = max(lost, key=lambda stage: lost[stage])
    return f"; most who get no further stop at {worst.label} ({number(lost[worst])})" if lost[worst] else ""


def lengths(question: Question, measures: dict[str, str], *, at: datetime) -> list[Length]:
    """These measures of the report *velocity*, as lengths of time."""
    return [
        Length(
            row.measure,
            measures[row.measure],
            f"{DRILLDOWN}?{Lasted(question, row.measure).query()}",
            row.n,
            as_time(row.median_days),
            as_time(row.p90_days),
            timedelta(microseconds=row.total_us),
        )
        for row in velocities(question, measures, at=at)
    ]


def as_time(days: float | None) -> timedelta | None:
    return None if days is None else timedelta(days=days)
