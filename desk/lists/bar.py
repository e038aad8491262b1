"""What stands above the rows: tabs, search, the filters in force, the one being edited, the heads of the columns."""

from dataclasses import dataclass
from typing import Any

from desk.lists.asking import Asked
from desk.lists.definition import Column
from desk.lists.filters import Filter
from desk.models import SavedView


@dataclass(frozen=True)
class Chip:
    """A filter in force, or the one just being chosen. ``editor``: what its open editor needs; None while shut."""

    filter: Filter
    words: str
    edit_address: str
    without_address: str
    editor: dict[str, Any] | None
    kept: list[tuple[str, str]]


@dataclass(frozen=True)
class Bar:
    chips: list[Chip]
    offered: list[tuple[str, str]]
    clear_address: str
    search_kept: list[tuple[str, str]]
    # All columns but the first, and whether each is shown.
    columns: list[tuple[Column, bool]]
    columns_kept: list[tuple[str, str]]
    usual_columns_address: str


def bar_of(asked: Asked) -> Bar:
    edited = asked.query.get("edit", "")
    values = {each.filter.key: each.values for each in asked.in_force}
    chips = [
        chip_of(asked, each, values.get(each.key, {}), is_open=each.key == edited)
        for each in asked.definition.filters
        if each.key in values or (each.key == edited and each.offered)
    ]
    offered = [(each.label, asked.address(edit=each.key)) for each in asked.definition.filters if each.offered]
    names = [name for each in asked.in_force for name in each.filter.names]
    return Bar(
        chips=chips,
        offered=offered,
        clear_address=asked.address("q", *names),
        search_kept=asked.kept("q"),
        columns=[(column, column in asked.columns) for column in asked.definition.columns[1:]],
        columns_kept=asked.kept("columns"),
        usual_columns_address=asked.address("columns"),
    )


def chip_of(asked: Asked, asked_filter: Filter, values: dict[str, list[str]], *, is_open: bool) -> Chip:
    return Chip(
        filter=asked_filter,
        words=asked_filter.said(values) if values else "",
        edit_address=asked.address(edit=asked_filter.key) if asked_filter.offered else "",
        without_address=asked.address(*asked_filter.names),
        editor=asked_filter.asks(values) if is_open else None,
        kept=asked.kept(*asked_filter.names),
    )


@dataclass(frozen=True)
class Head:
    """A column with the way to order by it. ``direction``: as aria-sort has it."""

    column: Column
    cell: str
    address: str
    direction: str


def heads_of(asked: Asked) -> list[Head]:
    return [head_of(asked, column) for column in asked.columns]


def head_of(asked: Asked, column: Column) -> Head:
    cell = asked.definition.cell_of(column)
    sort = next((sort for sort in asked.definition.sorts if sort.key == column.sort), None)
    if sort is None:
        return Head(column, cell, "", "")
    present, falls = asked.sort
    is_present = present.key == sort.key
    wants_falling = not falls if is_present else sort.descending
    address = asked.address(ordering=f"{'-' if wants_falling else ''}{sort.key}")
    return Head(column, cell, address, ("descending" if falls else "ascending") if is_present else "none")


@dataclass(frozen=True)
class TabLink:
    label: str
    address: str
    is_present: bool
    note: str = ""
    is_shared: bool = False


def tabs_of(asked: Asked, views: list[SavedView], shown: SavedView | None) -> list[TabLink]:
    """The parts of the list with the present filters, and the saved views as they were saved."""
    tabs = [
        TabLink(tab.label, asked.address("view", tab=tab.key), tab == asked.tab and not shown)
        for tab in asked.definition.tabs
    ]
    return tabs + [
        TabLink(
            view.name, f"?{view.query}&view={view.pk}", view == shown, said_of(view, asked), view.team_id is not None
        )
        for view in views
    ]


def view_shown(asked: Asked, views: list[SavedView]) -> SavedView | None:
    """The saved view that the address came from, changed since or not."""
    return next((view for view in views if str(view.pk) == asked.query.get("view", "")), None)


def said_of(view: SavedView, asked: Asked) -> str:
    """Whose view it is, where it is somebody else's."""
    if view.owner_id == asked.asker.user.pk:
        return f"Shared with {view.team}" if view.team else ""
    return f"Made by {view.owner}{'' if view.owner.is_active else ', who has left'}"


@dataclass(frozen=True)
class SortLink:
    label: str
    address: str
    is_present: bool


def sorts_of(asked: Asked) -> list[SortLink]:
    present, _falls = asked.sort
    sorts = [asked.definition.newest, *[sort for sort in asked.definition.sorts if sort is not asked.definition.newest]]
    return [SortLink(sort.label, asked.address(ordering=sort.first), sort.key == present.key) for sort in sorts]
