"""What a list is made of. The lists are written down in the modules beside this one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Model, Q, QuerySet

from crm.keyset import NEWEST, Order
from crm.models import User
from desk.lists.asker import Asker
from desk.lists.filters import Filter
from leads.models import CustomField

Rows = QuerySet[Any]


@dataclass(frozen=True)
class Column:
    """One column. Its cell is the partial of the same key in templates/desk/list/<list>_cells.html.

    ``sort``: key of the order that a click on its head asks for. ``phone``: what becomes of it on a card, one of
    "wide", "end", "not-on-phone"; "" takes the next place. ``spare``: shown only when chosen.
    """

    key: str
    label: str
    sort: str = ""
    css: str = ""
    phone: str = "not-on-phone"
    spare: bool = False
    # On a card the value alone would not say what it is.
    is_named: bool = False
    # The template of its cell, where it is none of the list's own.
    cell: str = ""
    # The field of the organisation's own that it shows.
    own: CustomField | None = None
    # Puts onto the rows of one page what its cells need besides; asked only where it is shown.
    complete: Callable[[Sequence[Any], Asker], None] = lambda rows, asker: None


@dataclass(frozen=True)
class Sort:
    """An order people can choose. ``descending``: what the first click gives."""

    key: str
    label: str
    order: Order
    descending: bool = True

    @property
    def first(self) -> str:
        """How an address asks for it the first time."""
        return f"-{self.key}" if self.descending else self.key


@dataclass(frozen=True)
class Tab:
    """A part of the list that somebody works through."""

    key: str
    label: str
    rows: Callable[[Any, Asker], Any]
    empty_title: str
    empty_text: str
    # The columns shown unless others are chosen, behind the first; none: the usual ones.
    columns: tuple[str, ...] = field(default=(), kw_only=True)
    # Words and address of the page that tells how this goes.
    report: tuple[str, str] | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Fact:
    """One part of the line of truth: how many rows ``query`` finds, and the way to them."""

    words: str
    query: str


@dataclass(frozen=True)
class Action:
    """A way to bring rows: the label of a link and the name of its page.

    ``panel``: the page opens beside the list; ``when_empty``: offered only by an empty list.
    """

    label: str
    page: str
    icon: str = "plus"
    key: str = ""
    panel: bool = False
    when_empty: bool = False
    allowed: Callable[[User], bool] = lambda user: True


@dataclass(frozen=True, kw_only=True)
class ListDefinition:
    """One list: its rows, what it can be asked, what it shows.

    ``rows``: all there is, archived rows included; ``shown``: the same rows with what the cells read; ``complete``:
    what cells need besides, put onto the rows of one page.
    """

    key: str
    title: str
    noun: str
    nouns: str
    model: type[Model]
    rows: Callable[[], Rows]
    shown: Callable[[Rows], Rows]
    complete: Callable[[Sequence[Any], Asker], None] = lambda rows, asker: None
    search: Callable[[str], Q]
    placeholder: str
    filters: tuple[Filter, ...]
    columns: tuple[Column, ...]
    sorts: tuple[Sort, ...]
    tabs: tuple[Tab, ...]
    first_tab: Callable[[User], str]
    facts: tuple[Fact, ...] = ()
    newest: Sort = field(default_factory=lambda: Sort("added", "Newest first", NEWEST))
    icon: str = "list"
    actions: tuple[Action, ...] = ()
    # The lists it stands beside, itself included.
    beside: tuple[str, ...] = ()
    # A template in the head of the page that leads to another view of the same rows.
    switch: str = ""

    @property
    def can_archive(self) -> bool:
        return hasattr(self.model, "archived_at")

    @property
    def page_name(self) -> str:
        return f"desk:{self.key}"

    @property
    def cells(self) -> str:
        return f"desk/list/{self.key}_cells.html"

    def cell_of(self, column: Column) -> str:
        return column.cell or f"{self.cells}#{column.key}"

    def counted(self, count: int) -> str:
        return self.noun if count == 1 else self.nouns
