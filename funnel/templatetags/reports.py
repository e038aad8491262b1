"""Words of reports: tabs, and the rows of a report as a table."""

from collections.abc import Sequence

from django import template

from funnel.pages import table
from funnel.pages.registry import tabs
from funnel.reports.answer import Answer, Row
from funnel.views.filter_line import dimension_word

register = template.Library()
register.filter(table.said)
register.filter(dimension_word)


@register.inclusion_tag("funnel/tabs.html")
def report_tabs(current: str) -> dict[str, object]:
    """The five tabs of reports, and the reports under the present one."""
    upper, lower = tabs(current)
    return {"upper": upper, "lower": lower}


@register.simple_tag
def report_table(
    answer: Answer, before: Answer | None, rows: Sequence[Row] | None = None, ordering: str = "", thin: str = "n"
) -> table.Table:
    """Rows as heads and lines of cells, beside what stood there before."""
    return table.table(answer, before, rows, ordering=ordering, thin=thin)
