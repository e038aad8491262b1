"""The funnel page: what its blocks show, gathered from reports and the reads beside them."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from crm.intervals import share
from crm.models import Cursor
from crm.words import interval, number, percent
from feedback.agreement import active_agreement
from funnel.by_key import FEW, KeyRow, cut_by, month_chart, order_of
from funnel.drilldown import WAY_WORDS
from funnel.queries import Freshness, Waiting, freshness, left_path, waiting_now
from funnel.reports.answer import Answer, Row
from funnel.reports.funnel import FUNNEL
from funnel.reports.question import Question
from funnel.reports.registry import answer
from funnel.reports.velocity import Lasted, velocities
from funnel.selection import DRILLDOWN, Selection
from leads.lifecycle import RANK, SUCCESS, Stage
from leads.models import Lead

MOST_KEYS = 100
SIDES = {"marketing": "Marketing", "waiting": "Waiting", "sales": "Sales"}
END_TO_END = {"captured_to_won": "Captured to won", "opportunity_to_close": "Opportunity to close"}


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
    lasted = lengths(whole, SIDES | END_TO_END)
    return Dashboard(
        question=question,
        answer=answered,
        sentence=sentence(answered.rows, left, by_recipient),
        bars=bars(whole, answered.rows, left),
        has_rates=answered.rows[0]["entered"] >= FEW if answered.rows else False,
        stages=answered.rows,
        table=cut[:MOST_KEYS],
        keys_left_out=max(0, len(cut) - MOST_KEYS),
        months=month_chart(sorted(cut, key=order_of("label"))) if question.dimension == "month" else None,
        sides=lasted[: len(SIDES)],
        end_to_end=lasted[len(SIDES) :],
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
