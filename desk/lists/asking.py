"""What an address asks of a list: tab, search, filters, order, columns. Nothing in an address can break a list."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, reduce
from operator import and_
from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone

from crm.keyset import Order
from crm.models import User
from desk.lists.asker import Asker
from desk.lists.definition import Column, ListDefinition, Sort, Tab
from desk.lists.filters import Filter, Values
from desk.lists.registry import list_of

LONGEST_SEARCH = 120
# What says where in the list one stands, not which list it is.
POSITION = ("after", "before", "edit")


def rows_asked(key: str, query: QueryDict, user: User, *, at: datetime | None = None) -> QuerySet[Any]:
    """The rows of a list that an address asks for: tab, search and filters; no order, no page."""
    return Asked(list_of(key), query, Asker(user, at or timezone.now())).rows


@dataclass(frozen=True)
class InForce:
    """A filter that an address uses, with the values that count."""

    filter: Filter
    values: Values

    @property
    def words(self) -> str:
        """ "Stage: MQL"."""
        return f"{self.filter.label}: {self.filter.said(self.values)}"


@dataclass(frozen=True)
class Asked:
    """An address, read as a question to a list."""

    definition: ListDefinition
    query: QueryDict
    asker: Asker

    @cached_property
    def tab(self) -> Tab:
        by_key = {tab.key: tab for tab in self.definition.tabs}
        return by_key.get(self.query.get("tab", ""), by_key[self.definition.first_tab(self.asker.user)])

    @cached_property
    def search(self) -> str:
        return self.query.get("q", "").strip()[:LONGEST_SEARCH]

    @cached_property
    def readings(self) -> tuple[list[InForce], list[str]]:
        in_force, notes = [], []
        for asked in self.definition.filters:
            reading = asked.read(self.query)
            notes += reading.notes
            if reading.values:
                in_force.append(InForce(asked, reading.values))
        return in_force, notes

    @property
    def in_force(self) -> Sequence[InForce]:
        return self.readings[0]

    @property
    def notes(self) -> Sequence[str]:
        """What the address says that makes no sense."""
        return self.readings[1]

    @property
    def is_narrowed(self) -> bool:
        return bool(self.in_force or self.search)

    @property
    def is_set_up(self) -> bool:
        """Whether it is more than one of the tabs: worth a name."""
        return self.is_narrowed or "ordering" in self.query or "columns" in self.query

    @cached_property
    def rows(self) -> QuerySet[Any]:
        return self.rows_without("")

    def rows_without(self, left_out: str) -> QuerySet[Any]:
        """The rows with all filters but one; "q" is the search."""
        used = [each for each in self.in_force if each.filter.key != left_out]
        rows = self.definition.rows()
        if self.definition.can_archive and not any(each.filter.key == "archived" for each in used):
            rows = rows.filter(archived_at__isnull=True)
        rows = self.tab.rows(rows, self.asker)
        conditions = [each.filter.condition(each.values, self.asker) for each in used]
        if self.search and left_out != "q":
            conditions.append(self.definition.search(self.search))
        return rows.filter(reduce(and_, conditions, Q()))

    @cached_property
    def sort(self) -> tuple[Sort, bool]:
        """The order asked for, and whether it falls."""
        wanted = self.query.get("ordering", "")
        by_key = {sort.key: sort for sort in self.definition.sorts}
        sort = by_key.get(wanted.removeprefix("-"))
        return (sort, wanted.startswith("-")) if sort else (self.definition.newest, self.definition.newest.descending)

    @property
    def order(self) -> Order:
        sort, descending = self.sort
        return sort.order.turned(descending=descending)

    @cached_property
    def columns(self) -> Sequence[Column]:
        """The chosen ones in the order of the list, its first column always; else the usual ones."""
        wanted = {key for value in self.query.getlist("columns") for key in value.split(",")}
        chosen = [column for column in self.definition.columns[1:] if column.key in wanted]
        by_tab = [column for column in self.definition.columns[1:] if column.key in self.tab.columns]
        usual = by_tab or [column for column in self.definition.columns[1:] if not column.spare]
        return [self.definition.columns[0], *(chosen or usual)]

    def address(self, *without: str, **values: str) -> str:
        """The same question with other values, at the beginning of its list."""
        fresh = self.query.copy()
        for name in (*POSITION, *without):
            fresh.pop(name, None)
        for name, value in values.items():
            fresh[name] = value
        return f"?{fresh.urlencode()}"

    @property
    def question(self) -> str:
        """The address behind "?", at the beginning of the list."""
        return self.address().removeprefix("?")

    @property
    def sort_words(self) -> str:
        sort, falls = self.sort
        return f"by {sort.label.lower()}, {'falling' if falls else 'rising'}"

    def kept(self, *without: str) -> list[tuple[str, str]]:
        """What a form must send along to ask the same with other values for ``without``."""
        names = [name for name in self.query if name not in (*POSITION, *without)]
        return [(name, value) for name in names for value in self.query.getlist(name)]
