"""The table of the funnel page cut by a dimension: one line a key, and the months as a chart."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from crm.intervals import Share, share
from funnel.reports.answer import Row
from funnel.reports.funnel import rows
from funnel.reports.question import MISSING, Question
from leads.lifecycle import Stage

# Fewer than this say nothing of a rate.
FEW = 10


@dataclass(frozen=True)
class KeyRow:
    """One line of the table cut by a dimension: the seven counts, and the two rates people ask for."""

    label: str
    href: str
    cells: list[Row]
    accepted: Share
    won: Share
    is_thin: bool


def cut_by(question: Question, ordering: str) -> list[KeyRow]:
    """The report's rows turned into one line a key; by size, or as ``ordering`` says."""
    if not question.dimension:
        return []
    lines: dict[str, list[Row]] = {}
    for row in rows(replace(question, key=None)):
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
