"""The rows of a report as a table for people: ordered, bounded, each figure with its drill-down and what was before."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple

from crm.intervals import ENOUGH
from crm.words import interval, money, number, percent
from funnel.pages.charts import RATIO, length
from funnel.reports.answer import Answer, Column, Row
from funnel.reports.labels import dimension_word
from funnel.reports.question import MISSING, QUARTER, Question

MOST_ROWS = 200
# Units of what is read, not counted.
WORDS = ("text", "")


class Head(NamedTuple):
    """The head of a column. ``ordering``: what the address says to order by it, ``direction`` as it is ordered now."""

    name: str
    title: str
    how: str
    is_figure: bool
    ordering: str
    direction: str


class Cell(NamedTuple):
    """``before``: what stood there in the days before, "" when nobody compares or nothing stood there. ``likely``:
    where a rate probably lies."""

    title: str
    text: str
    href: str
    is_figure: bool
    before: str
    key: str
    likely: str = ""


class Line(NamedTuple):
    cells: list[Cell]
    is_thin: bool


@dataclass(frozen=True)
class Table:
    """``left_out``: how many further rows only the CSV has."""

    heads: list[Head]
    lines: list[Line]
    left_out: int


def table(
    answer: Answer,
    before: Answer | None,
    rows: Sequence[Row] | None = None,
    *,
    ordering: str = "",
    thin: str = "n",
    names: Sequence[str] = (),
    most: int = MOST_ROWS,
) -> Table:
    """The rows (the answer's, unless others are given) in the order asked for, at most ``most`` of them; of all columns
    that are for people, or those with ``names``."""
    columns = columns_named(answer, names) if names else shown_columns(answer)
    found = ordered(answer.rows if rows is None else rows, columns, ordering)
    earlier = by_identity(before) if before else {}
    lines = [line(answer, columns, row, earlier, thin) for row in found[:most]]
    return Table([head(answer, column, ordering) for column in columns], lines, max(0, len(found) - most))


def columns_named(answer: Answer, names: Sequence[str]) -> list[Column]:
    by_name = {column.name: column for column in answer.report.columns}
    return [by_name[name] for name in names if name in by_name]


def shown_columns(answer: Answer) -> list[Column]:
    """What is for programs only, or says the same in every row, is left out."""
    hidden = {"key"} if "label" in {column.name for column in answer.report.columns} else set()
    links = {column.link for column in answer.report.columns if column.link}
    without = {*hidden, *links, "leads_url", *([] if answer.question.dimension else ["label"])}
    return [column for column in answer.report.columns if column.shown and column.name not in without]


def is_figure(column: Column) -> bool:
    return column.unit not in WORDS


def head(answer: Answer, column: Column, ordering: str) -> Head:
    direction = {column.name: "ascending", f"-{column.name}": "descending"}.get(ordering, "none")
    # Who orders by a figure mostly wants the largest on top.
    first, second = (f"-{column.name}", column.name) if is_figure(column) else (column.name, f"-{column.name}")
    cut = column.name == "label" and dimension_word(answer.question.dimension).capitalize()
    title = cut or column.title
    return Head(column.name, title, column.how, is_figure(column), second if ordering == first else first, direction)


def ordered(rows: Sequence[Row], columns: Iterable[Column], ordering: str) -> Sequence[Row]:
    """By a shown column, what cannot be told at the end; as the report gives them when it is no column of it."""
    name = ordering.removeprefix("-")
    if name not in {column.name for column in columns}:
        return rows
    known = [row for row in rows if comparable(row.get(name)) is not None]
    unknown = [row for row in rows if comparable(row.get(name)) is None]
    by_value: Callable[[Row], Any] = lambda row: comparable(row[name])  # noqa: E731
    return [*sorted(known, key=by_value, reverse=ordering.startswith("-")), *unknown]


def comparable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return Decimal(value["amount"]) if value.get("amount") is not None else None
    return value.casefold() if isinstance(value, str) else value


def by_identity(answer: Answer) -> dict[tuple[Any, ...], Row]:
    return {identity_of(answer, row): row for row in answer.rows}


def identity_of(answer: Answer, row: Row) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in answer.report.identity)


def line(
    answer: Answer, columns: Sequence[Column], row: Row, earlier: Mapping[tuple[Any, ...], Row], thin: str
) -> Line:
    was = earlier.get(identity_of(answer, row), {})
    count = row.get(thin)
    is_thin = isinstance(count, int) and count < ENOUGH
    return Line([cell(answer, columns, column, row, was) for column in columns], is_thin)


def cell(answer: Answer, columns: Sequence[Column], column: Column, row: Row, was: Mapping[str, Any]) -> Cell:
    known = is_figure(column) and column.name in was
    value = row.get(column.name)
    is_label = column.name == "label" and not column.link
    return Cell(
        title=column.title,
        text=key_words(answer.question, value) if is_label else said(value, column.unit),
        href=narrowing(answer, row) if is_label else behind(column, row),
        is_figure=is_figure(column),
        before=said(was[column.name], column.unit) if known else "",
        key=".".join(str(part) for part in (*identity_of(answer, row), column.name)),
        likely=likely(column, row, {one.name for one in columns}),
    )


def behind(column: Column, row: Row) -> str:
    """The address of what is behind a figure; nothing is behind none."""
    return (row.get(column.link) or "") if row.get(column.name) else ""


def likely(column: Column, row: Row, shown: set[str]) -> str:
    """ "likely 12–19 %" of a rate whose bounds have no column of their own."""
    low, high = f"{column.name}_low", f"{column.name}_high"
    if column.unit != RATIO or low in shown or row.get(column.name) is None:
        return ""
    return interval(row.get(low), row.get(high))


def key_words(question: Question, label: Any) -> str:
    """A key in words: "2026-03" is "Mar 2026"."""
    if question.dimension == "month" and isinstance(label, str) and label[:4].isdigit():
        return month_words(label)
    return said(label, "text")


def month_words(month: str) -> str:
    return f"{date.fromisoformat(f'{month}-01'):%b %Y}"


def narrowing(answer: Answer, row: Row) -> str:
    """The address of this page about that row alone."""
    question, key = answer.question, row.get("key")
    if not question.dimension or question.key is not None or key is None:
        return ""
    # No days are those of a missing date.
    if key == MISSING and question.dimension in ("month", QUARTER):
        return ""
    return f"?{narrowed(question, key).query()}"


def narrowed(question: Question, key: str) -> Question:
    """The same question about this key alone: its month, or its dimension held."""
    if question.dimension in ("month", QUARTER):
        return question.at_key(key)
    held = "" if key == MISSING else key
    filters = tuple(pair for pair in question.filters if pair[0] != question.dimension)
    return replace(question, dimension="", key=None, filters=(*filters, (question.dimension, held)))


def said(value: Any, unit: str) -> str:
    """A value of a report in words; "–" for what cannot be told."""
    if value is None or value == "":
        return "–"
    if isinstance(value, Mapping) and "amount" in value:
        return money(whole(Decimal(value["amount"])), value["currency"])
    match unit:
        case "ratio":
            return percent(value).replace("-", "−")
        case "percent":
            return f"{number(value)} %"
        case "days" | "hours":
            return length(value, unit)
        case "count" | "number":
            return number(round(value, 4) if isinstance(value, float) else value).replace("-", "−")
    return ", ".join(str(part) for part in value) if isinstance(value, list | tuple) else str(value)


def whole(amount: Decimal) -> Decimal:
    """Nobody reads cents of thousands; the CSV has them."""
    return amount.quantize(Decimal(1), ROUND_HALF_UP) if abs(amount) >= 1_000 else amount
