"""The funnel page: what its blocks show, gathered from reports and the reads beside them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from crm.models import Cursor
from crm.words import interval, number, percent
from feedback.agreement import active_agreement
from funnel.forms import spans
from funnel.metrics.intervals import Share, share
from funnel.queries import Freshness, Waiting, freshness, left_path, waiting_now
from funnel.reports.answer import Answer, Row
from funnel.reports.funnel import FUNNEL
from funnel.reports.labels import labels
from funnel.reports.question import MISSING, Question
from funnel.reports.registry import answer
from funnel.reports.velocity import MEASURES, Lasted, velocities
from funnel.selection import DRILLDOWN, Selection
from leads.lifecycle import RANK, SUCCESS, Stage
from leads.models import Lead

# Fewer than this say nothing of a rate.
FEW = 10
MOST_KEYS = 100
SIDES = {"marketing": "Marketing", "waiting": "Waiting", "sales": "Sales"}
END_TO_END = {"captured_to_won": "Captured to won", "opportunity_to_close": "Opportunity to close"}
WAY_WORDS = {
    "lost": "lost",
    "disqualified": "disqualified",
    "nurture": "in nurture",
    "returned": "back for repair",
    "unanswered": "no answer in time",
}


@dataclass(frozen=True)
class KeyRow:
    """One line of the table cut by a dimension: the seven counts, and the two rates people ask for."""

    label: str
    href: str
    cells: list[Row]
    accepted: Share
    won: Share
    is_thin: bool


@dataclass(frozen=True)
class Length:
    """How long something took: the median, and within what nine of ten were done; None without any."""

    name: str
    label: str
    href: str
    n: int
    median: timedelta | None
    p90: timedelta | None

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
    """Everything the page shows of one question."""

    question: Question
    answer: Answer
    sentence: str
    bars: list[dict[str, Any]]
    has_rates: bool
    stages: list[Row]
    table: list[KeyRow]
    keys_left_out: int
    months: dict[str, Any] | None
    sides: list[Length]
    end_to_end: list[Length]
    waiting: Waiting
    waiting_by: list[Waiting]
    due_hours: int
    freshness: Freshness
    mark: str
    has_leads: bool


def dashboard(question: Question, *, at: datetime, ordering: str = "") -> Dashboard:
    """The blocks of the page. Rates, intervals and counts come from the report, so that page, API and CSV agree."""
    whole = replace(question, dimension="", key=None, filters=tuple(question.held.items()))
    answered = answer(FUNNEL, whole, at=at)
    left = left_path(whole, at=at)
    every, by_recipient = waiting_now(at=at)
    cut = cut_by(question, ordering)
    return Dashboard(
        question=question,
        answer=answered,
        sentence=sentence(answered.rows, left, by_recipient),
        bars=bars(whole, answered.rows, left),
        has_rates=answered.rows[0]["entered"] >= FEW if answered.rows else False,
        stages=answered.rows,
        table=cut[:MOST_KEYS],
        keys_left_out=max(0, len(cut) - MOST_KEYS),
        months=month_chart(cut_by(question, "label")) if question.dimension == "month" else None,
        sides=lengths(whole, SIDES),
        end_to_end=lengths(whole, END_TO_END),
        waiting=every,
        waiting_by=by_recipient[:6],
        due_hours=active_agreement().hours_to_verdict,
        freshness=freshness(at=at),
        mark=mark(at=at),
        has_leads=answered.rows[0]["entered"] > 0 or Lead.objects.exists(),
    )


def mark(*, at: datetime) -> str:
    """Changes when the figures, or what is known of their freshness, changed: an open page asks for no other news."""
    cursor = Cursor.objects.filter(pk="funnel").first()
    place = f"{cursor.xid}.{cursor.position}" if cursor else "none"
    return f"{place}.{'stale' if freshness(at=at).is_stale else 'fresh'}"


def bars(question: Question, rows: list[Row], left: dict[str, dict[str, int]]) -> list[dict[str, Any]]:
    """A bar a stage; between two bars the share that went on; those who left stand beside the stage they left from."""
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
    if mqls < FEW:
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


def lengths(question: Question, measures: dict[str, str]) -> list[Length]:
    """These measures of the report *velocity*, as lengths of time."""
    return [
        Length(
            row.measure,
            measures[row.measure],
            f"{DRILLDOWN}?{Lasted(question, row.measure).query()}",
            row.n,
            as_time(row.median_days),
            as_time(row.p90_days),
        )
        for row in velocities(question, measures)
    ]


def as_time(days: float | None) -> timedelta | None:
    return None if days is None else timedelta(days=days)


def cut_by(question: Question, ordering: str) -> list[KeyRow]:
    """The report's rows turned into one line a key; by size, or as ``ordering`` says."""
    if not question.dimension:
        return []
    lines: dict[str, list[Row]] = {}
    for row in FUNNEL.rows(replace(question, key=None)):
        lines.setdefault(row["key"], []).append(row)
    found = [key_row(question, key, cells) for key, cells in lines.items()]
    return sorted(found, key=order_of(ordering), reverse=ordering.startswith("-")) if ordering else found


def key_row(question: Question, key: str, cells: list[Row]) -> KeyRow:
    entered = {row["stage"]: row["entered"] for row in cells}
    mqls = entered.get(Stage.MQL, 0)
    return KeyRow(
        label=cells[0]["label"],
        href=f"?{narrowed(question, key).query()}",
        cells=cells,
        accepted=share(entered.get(Stage.ACCEPTED, 0), mqls),
        won=share(entered.get(Stage.CUSTOMER, 0), mqls),
        is_thin=mqls < FEW,
    )


def month_chart(rows: list[KeyRow]) -> dict[str, Any]:
    """Columns a month for the stages managers compare, each opening its leads (static/js/chart.js)."""
    shown = (Stage.MQL, Stage.ACCEPTED, Stage.CUSTOMER)
    return {
        "xAxis": {"type": "category", "data": [row.label for row in rows]},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {
                "name": str(stage.label),
                "type": "bar",
                "itemStyle": {"color": f"var(--stage-{stage})"},
                "data": [
                    {"value": cell["entered"], "href": cell["leads_url"]}
                    for row in rows
                    for cell in row.cells
                    if cell["stage"] == stage
                ],
            }
            for stage in shown
        ],
    }


def narrowed(question: Question, key: str) -> Question:
    """The same question about this key alone: its month, or its dimension held."""
    if question.dimension == "month":
        return question.at_key(key)
    held = "" if key == MISSING else key
    return replace(question, dimension="", key=None, filters=(*question.filters, (question.dimension, held)))


def order_of(ordering: str) -> Callable[[KeyRow], Any]:
    """By label, by a rate (none last), or by the count of a stage."""
    field = ordering.lstrip("-")
    if field == "label":
        return lambda row: row.label.casefold()
    if field in {"accepted", "won"}:
        return lambda row: -1 if getattr(row, field).rate is None else getattr(row, field).rate
    return lambda row: next((cell["entered"] for cell in row.cells if cell["stage"] == field), 0)


def held_chips(question: Question) -> list[dict[str, str]]:
    """The dimensions held at one key, each with the address without it."""
    chips = []
    for dimension, key in question.filters:
        others = tuple(pair for pair in question.filters if pair[0] != dimension)
        name = labels(dimension, [key])[key]
        chips.append({"label": f"{dimension}: {name}", "address": f"?{replace(question, filters=others).query()}"})
    return chips


def span_chips(question: Question, today: date) -> list[dict[str, Any]]:
    """Spans of days to choose with one click; the chosen one is marked."""
    chosen = (question.start, question.end)
    chips = [
        {
            "label": label,
            "address": f"?{replace(question, start=start, end=end).query()}",
            "current": chosen == (start, end),
        }
        for label, start, end in spans(today)
    ]
    everything = {name: value for name, value in question.parameters().items() if name not in {"from", "to"}}
    return [*chips, {"label": "Everything", "address": f"?{urlencode(everything)}", "current": False}]


def words_of(question: Question) -> list[str]:
    """The days a drill-down is about, how it counts, and what is held, in words."""
    last = question.end - timedelta(days=1)
    names = held_names(question.held.items())
    days = f"{question.start:%-d %b %Y} to {last:%-d %b %Y}"
    basis = "by start date" if question.basis == "cohort" else "by activity date"
    return [f"{basis}, {days}", "each lead once" if question.first_only else "every time round", *names]


def held_names(held: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{dimension}: {labels(dimension, [key])[key]}" for dimension, key in held]


def heading_of(selection: Selection | Lasted) -> str:
    """What the leads of a drill-down have in common."""
    if isinstance(selection, Lasted):
        return f"Counted in “{MEASURES[selection.measure].title}”"
    if not selection.stage:
        return "Leads behind this figure"
    label = Stage(selection.stage).label
    if selection.how:
        return f"Stopped at {label}: {WAY_WORDS.get(selection.how, 'still running')}"
    return {"entered": f"Reached {label}", "converted": f"Went on from {label}", "left": f"Stopped at {label}"}[
        selection.count
    ]
