"""The table of the funnel page cut by a dimension: one line a key, and the months as a chart."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from crm.intervals import ENOUGH, Share, share
from funnel.pages.charts import Chart, Series
from funnel.pages.table import key_words, month_words, narrowed
from funnel.reports.answer import Row
from funnel.reports.funnel import rows
from funnel.reports.question import Question
from leads.lifecycle import Stage


@dataclass(frozen=True)
class KeyRow:
    """One line of the table cut by a dimension: the counts of the stages, and the two rates people ask for.

    ``before``: the same of the days before, where the reader compares and there was something.
    """

    key: str
    label: str
    href: str
    cells: list[Row]
    accepted: Share
    won: Share
    is_thin: bool
    before: "KeyRow | None" = None

    @property
    def compared(self) -> list[tuple[Row, int | None]]:
        """Each cell beside the count of the days before."""
        was = {cell["stage"]: cell["entered"] for cell in self.before.cells} if self.before else {}
        return [(cell, was.get(cell["stage"])) for cell in self.cells]


def cut_by(question: Question, ordering: str, before: Question | None = None) -> list[KeyRow]:
    """The report's rows turned into one line a key; by size, or as ``ordering`` says."""
    if not question.dimension:
        return []
    found = lines(question)
    # Months of other days are other months.
    if before and question.dimension != "month":
        earlier = {line.key: line for line in lines(before)}
        found = [replace(line, before=earlier.get(line.key)) for line in found]
    return sorted(found, key=order_of(ordering), reverse=ordering.startswith("-")) if ordering else found


def lines(question: Question) -> list[KeyRow]:
    by_key: dict[str, list[Row]] = {}
    for row in rows(replace(question, key=None)):
        by_key.setdefault(row["key"], []).append(row)
    return [key_row(question, key, cells) for key, cells in by_key.items()]


def key_row(question: Question, key: str, cells: list[Row]) -> KeyRow:
    entered = {row["stage"]: row["entered"] for row in cells}
    mqls = entered.get(Stage.MQL, 0)
    return KeyRow(
        key=key,
        label=key_words(question, cells[0]["label"]),
        href=f"?{narrowed(question, key).query()}",
        cells=cells,
        accepted=share(entered.get(Stage.ACCEPTED, 0), mqls),
        won=share(entered.get(Stage.CUSTOMER, 0), mqls),
        is_thin=mqls < ENOUGH,
    )


def month_chart(question: Question, rows: list[KeyRow], today: date) -> Chart:
    """Columns a month for the stages managers compare, each opening its leads; the month of today is not over."""
    months = sorted(rows, key=lambda row: row.key)
    days = [date.fromisoformat(f"{row.key}-01") for row in months]
    running = next((index for index, day in enumerate(days) if day >= today.replace(day=1)), None)
    shown = (Stage.MQL, Stage.ACCEPTED, Stage.CUSTOMER)
    return Chart(
        id="months",
        title="Month by month",
        says="MQLs, accepted leads and customers a month; the table below has the numbers.",
        categories=[month_words(row.key) for row in months],
        series=[stage_series(stage, months, running) for stage in shown],
        days=days,
        note="by start date" if question.basis == "cohort" else "by activity date",
        wide=True,
    )


def stage_series(stage: Stage, months: list[KeyRow], running: int | None) -> Series:
    cells = [cell for row in months for cell in row.cells if cell["stage"] == stage]
    return Series(
        str(stage.label),
        [cell["entered"] for cell in cells],
        colour=f"var(--stage-{stage})",
        hrefs=[cell["leads_url"] for cell in cells],
        running_from=running,
    )


def order_of(ordering: str) -> Callable[[KeyRow], Any]:
    """By label, by a rate (none last), or by the count of a stage."""
    field = ordering.lstrip("-")
    if field in {"label", "month"}:
        return lambda row: row.key if field == "month" else row.label.casefold()
    if field in {"accepted", "won"}:
        return lambda row: -1 if getattr(row, field).rate is None else getattr(row, field).rate
    return lambda row: next((cell["entered"] for cell in row.cells if cell["stage"] == field), 0)
