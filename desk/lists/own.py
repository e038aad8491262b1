"""Fields of the organisation's own in the lists: a spare column and a filter for each."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Q

from desk.lists.asker import Asker
from desk.lists.definition import Column, ListDefinition
from desk.lists.filters import Bounds, Choice, Days, Filter, Numbers, Option, Words, anything
from desk.models import ListKey
from leads.custom_fields import fields_of
from leads.custom_filters import NUMBERS, has_words, is_one_of, lies_between
from leads.custom_values import MOST_NUMBER
from leads.models import CustomField, CustomKind, CustomRecord

# Of which records the lists are.
RECORDS: dict[str, CustomRecord] = {
    ListKey.LEADS: CustomRecord.LEAD,
    ListKey.COMPANIES: CustomRecord.COMPANY,
    ListKey.OPPORTUNITIES: CustomRecord.OPPORTUNITY,
}
# The lists whose rows are also asked for what is known of their company.
WITH_COMPANY = (ListKey.LEADS,)
CELL = "desk/list/own_cell.html"


def with_own_fields(definition: ListDefinition) -> ListDefinition:
    """The list with the fields there are now, behind what it has anyway."""
    record = RECORDS.get(definition.key)
    if record is None:
        return definition
    own = fields_of(record)
    filters = [own_filter(field) for field in own]
    if definition.key in WITH_COMPANY:
        filters += [company_filter(field) for field in fields_of(CustomRecord.COMPANY)]
    return replace(
        definition,
        filters=(*definition.filters, *filters),
        columns=(*definition.columns, *map(own_column, own)),
    )


def own_column(field: CustomField) -> Column:
    css = "num" if field.kind in NUMBERS else ""
    return Column(
        f"custom.{field.name}", field.label, css=css, phone="", spare=True, is_named=True, cell=CELL, own=field
    )


def company_filter(field: CustomField) -> Filter:
    return own_filter(field, key="company.custom", label=f"Company: {field.label}", column="company__custom")


def own_filter(field: CustomField, *, key: str = "custom", label: str = "", column: str = "custom") -> Filter:
    """As the field's kind is asked for. ``column``: the ORM path of the JSON that holds it."""
    named: dict[str, Any] = {"key": f"{key}.{field.name}", "label": label or field.label}

    def is_any(values: Sequence[Any], asker: Asker) -> Q:
        return is_one_of(field, values, column)

    def says_yes(values: Sequence[str], asker: Asker) -> Q:
        return is_one_of(field, [value == "yes" for value in values], column)

    def has_any(values: Sequence[str], asker: Asker) -> Q:
        found = Q(pk__in=[])
        for value in values:
            found |= has_words(field, value, column)
        return found

    def lies_in(bounds: Bounds, asker: Asker) -> Q:
        return lies_between(field, bounds.low, bounds.high, column)

    makers: dict[str, Callable[[], Filter]] = {
        CustomKind.CHOICE: lambda: Choice(
            **named, options=lambda: [Option(choice, choice) for choice in field.choices], test=is_any, takes=anything
        ),
        CustomKind.YES_NO: lambda: Choice(
            **named, options=lambda: [Option("yes", "yes"), Option("no", "no")], test=says_yes
        ),
        CustomKind.TEXT: lambda: Words(**named, test=has_any),
        CustomKind.DATE: lambda: Days(**named, test=lies_in),
        CustomKind.NUMBER: lambda: Numbers(**named, least=-int(MOST_NUMBER), most=int(MOST_NUMBER), test=lies_in),
        CustomKind.MONEY: lambda: Numbers(**named, test=lies_in),
    }
    return makers[field.kind]()
