"""Words of reports: tabs, and the rows of a report as a table."""

from collections.abc import Sequence

from django import template

from crm.models import User
from funnel.pages import table
from funnel.pages.registry import tabs
from funnel.people.access import readable_ids
from funnel.reports.answer import Answer, Row
from funnel.reports.labels import dimension_word

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


@register.filter
def may_read_page_of(user: User, person: int | str | None) -> bool:
    """Whether ``user`` may open the own page of the person with this id."""
    return str(person).isdigit() and int(str(person)) in readable_ids(user)
