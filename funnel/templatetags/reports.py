"""Words of reports: tabs, and a row of a report as cells."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django import template

from crm.words import money, number, percent
from funnel.pages.registry import tabs
from funnel.reports.answer import Answer, Column, Row

register = template.Library()
# Units whose figures stand at the right.
WORDS = ("text", "")


class Cell(NamedTuple):
    """``before``: what stood there in the days before, "" when nobody compares or nothing stood there."""

    title: str
    text: str
    href: str
    is_figure: bool
    before: str


@register.inclusion_tag("funnel/tabs.html")
def report_tabs(current: str) -> dict[str, object]:
    """The five tabs of reports, and the reports under the present one."""
    upper, lower = tabs(current)
    return {"upper": upper, "lower": lower}


@register.filter
def shown_columns(answer: Answer) -> list[Column]:
    """The columns of the page's table: what is for programs only is left out."""
    hidden = {"key"} if "label" in {column.name for column in answer.report.columns} else set()
    links = {column.link for column in answer.report.columns if column.link}
    without = {*hidden, *links, "leads_url", *([] if answer.question.dimension else ["label"])}
    return [column for column in answer.report.columns if column.shown and column.name not in without]


@register.filter
def is_figure(column: Column) -> bool:
    return column.unit not in WORDS


@register.simple_tag
def report_cells(answer: Answer, before: Answer | None, rows: Sequence[Row] | None = None) -> Iterator[list[Cell]]:
    """Each row as cells of the shown columns, beside what stood there before."""
    columns, identity = shown_columns(answer), answer.report.identity
    earlier = {tuple(row.get(name) for name in identity): row for row in before.rows} if before else {}
    for row in answer.rows if rows is None else rows:
        was = earlier.get(tuple(row.get(name) for name in identity), {})
        yield [cell_of(column, row, was) for column in columns]


def cell_of(column: Column, row: Row, was: Mapping[str, Any]) -> Cell:
    known = is_figure(column) and column.name in was
    return Cell(
        title=column.title,
        text=said(row.get(column.name), column.unit),
        href=(row.get(column.link) or "") if column.link else "",
        is_figure=is_figure(column),
        before=said(was[column.name], column.unit) if known else "",
    )


def said(value: Any, unit: str) -> str:
    """A value of a report in words; "–" for what cannot be told."""
    if value is None:
        return "–"
    if isinstance(value, Mapping) and "amount" in value:
        return money(value["amount"], value["currency"])
    match unit:
        case "ratio":
            return percent(value)
        case "percent":
            return f"{number(value)} %"
        case "days" | "hours":
            return f"{number(round(value, 1))} {unit[0]}"
        case "count" | "number":
            return number(round(value, 4)) if isinstance(value, float) else number(value)
    return str(value)
