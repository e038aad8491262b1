"""Words for the selection bar."""

from typing import Any

from django import template

from crm.deeds import MOST_AT_ONCE
from desk.bulk.verbs import BulkVerb, verbs_for
from desk.lists.definition import ListDefinition

register = template.Library()


@register.simple_tag(takes_context=True)
def bulk_verbs(context: dict[str, Any], asked: ListDefinition) -> list[BulkVerb]:
    """What the person may do with many rows of this list."""
    return verbs_for(context["request"].user, asked.key)


@register.simple_tag
def all_of_them(asked: ListDefinition, count: int) -> str:
    """ "all 1,284 leads", "the newest 10,000 leads" where one deed takes no more."""
    if count > MOST_AT_ONCE:
        return f"the newest {MOST_AT_ONCE:,} {asked.nouns}"
    return f"all {count:,} {asked.counted(count)}"
