"""The page *pipeline*: what is open, what of it is likely, and whether it is enough."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from crm.words import about_money, number, percent
from funnel.deals.chosen import Chosen
from funnel.pages.charts import MONEY, Chart, Series
from funnel.pages.face import Face
from funnel.pages.figures import Figure
from funnel.pages.table import month_words
from funnel.reports.answer import Answer, Row
from funnel.reports.pipeline import BY_TIME, OF_NOW, Page, chosen
from funnel.reports.question import MISSING, Question

MOST_BARS = 15
MARK_LABELS = {"overdue": "Overdue", "undated": "No expected close", "stalled": "Stalled", "quiet": "Gone quiet"}
MARK_NOTES = {
    "overdue": "their expected close has passed",
    "undated": "nobody said when",
    "stalled": "longer in a stage than 9 in 10 won ones",
    "quiet": "nothing for 14 days, nothing planned",
}


def face(answer: Answer, before: Answer | None) -> Face:
    shown: Page = answer.told.page
    more = {"figures": list(figures(answer.question, shown)), "connected": shown.connected}
    if not shown.total["deals"]:
        return Face(missing="No opportunity is open. One stands here as soon as it is opened.", rows=(), more=more)
    return Face(sentence(shown), [chart(answer)], more=more)


def sentence(shown: Page) -> str:
    """ "€1.9m is open in 143 opportunities, and €640k of it is likely. In Q4 it covers 2.1 times …"."""
    total, currency = shown.total, shown.total["value"]["currency"]
    amounts = {
        name: about_money(float(total[name]["amount"]), currency) for name in ("value", "weighted", "low", "high")
    }
    deals = total["deals"]
    said = f"{amounts['value']} is open in {number(deals)} opportunit{'y' if deals == 1 else 'ies'}, and "
    said += f"{amounts['weighted']} of it is likely ({amounts['low']} to {amounts['high']})."
    return f"{said} {covered(shown)}".rstrip()


def covered(shown: Page) -> str:
    coverage, name = shown.outlook.coverage, shown.outlook.quarter.label
    if shown.outlook.quota is None:
        return ""
    if coverage.coverage is None:
        return f"{name} is made already."
    enough = f", and it takes {coverage.required:.1f}" if coverage.required else ""
    return f"What is due in {name} covers {coverage.coverage:.1f} times what is still missing{enough}."


def figures(question: Question, shown: Page) -> Iterator[Figure]:
    coverage, flow = shown.outlook.coverage, shown.flow
    currency = shown.total["value"]["currency"]
    yield Figure(
        f"Coverage of {shown.outlook.quarter.label}",
        "–" if coverage.coverage is None else f"{coverage.coverage:.1f}×",
        coverage_said(shown),
        due_in_quarter(question, shown),
    )
    yield Figure(
        "Opened against closed",
        "–" if flow.balance is None else f"{flow.balance:.2f}×",
        f"{about_money(flow.created, currency)} opened, {about_money(flow.closed, currency)} closed in these days",
    )
    whole, then = replace(question, dimension="", key=None, filters=tuple(question.held.items())), then_of(shown)
    for name, label in MARK_LABELS.items():
        if shown.past and name in OF_NOW:
            continue
        count = shown.total[name]
        address = Chosen(whole, state="open", only=name, on=then).address if count else ""
        yield Figure(label, number(count), MARK_NOTES[name], address)


def then_of(shown: Page) -> date | None:
    return shown.on if shown.past else None


def due_in_quarter(question: Question, shown: Page) -> str:
    """The address of what covers the quarter."""
    quarter = shown.outlook.quarter
    asked = replace(question, dimension="", key=None, filters=tuple(question.held.items()))
    due = Chosen(replace(asked, start=quarter.start, end=quarter.end), on=then_of(shown), forecast="open_pipeline")
    return due.address if shown.outlook.open_deals else ""


def coverage_said(shown: Page) -> str:
    coverage = shown.outlook.coverage
    if shown.outlook.quota is None:
        return "no revenue quota is set"
    if coverage.coverage is None:
        return "the quota is booked"
    if coverage.required is None or coverage.gap_share is None:
        return f"{shown.outlook.closed} of 10 closed tell no win rate"
    return f"{coverage.required:.1f}× needed; {percent(coverage.gap_share)} of the gap to be expected"


def chart(answer: Answer) -> Chart:
    """Value and what is likely, by stage; cut by something, by that."""
    question = answer.question
    by_stage = not question.dimension
    bars = answer.rows if by_stage else added_up(answer.rows)
    names = [row["title"] if by_stage else name_of(question, row) for row in bars]
    hrefs = [row["deals_url"] if by_stage else chosen(question, key_of(row)).address for row in bars]
    values, likely = ([float(row[name]["amount"]) for row in bars] for name in ("value", "weighted"))
    top = max(range(len(bars)), key=lambda place: values[place])
    is_time = question.dimension in BY_TIME
    return Chart(
        id="open",
        title="By stage" if by_stage else "By expected close" if is_time else "Most valuable",
        says=f"Value and likely value of open opportunities; most stands in {names[top]}.",
        categories=names,
        series=(
            Series("Value", values, "color-mix(in oklab, var(--stage-opportunity) 30%, transparent)", hrefs=hrefs),
            Series("Likely", likely, "var(--stage-opportunity)", hrefs=hrefs),
        ),
        unit=MONEY,
        currency=bars[0]["value"]["currency"],
        horizontal=not is_time,
        wide=True,
    )


def added_up(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """One bar a key, of all its stages."""
    found: dict[Any, dict[str, Any]] = {}
    for row in rows:
        bar = found.setdefault(row["key"], {**row, "value": {**row["value"], "amount": 0}, "weighted": {"amount": 0}})
        for name in ("value", "weighted"):
            bar[name]["amount"] += float(row[name]["amount"])
    return list(found.values())[:MOST_BARS]


def key_of(row: Row) -> str:
    return "" if row["key"] == MISSING else str(row["key"])


def name_of(question: Question, row: Row) -> str:
    if question.dimension in BY_TIME and row["key"] == MISSING:
        return "No date"
    return month_words(row["key"]) if question.dimension == "month" else str(row["label"])
