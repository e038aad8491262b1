"""Pages of a list by the last row seen: the thousandth page costs what the first costs.

A position is the id of a row, after its value where the order has one: "7", "2026-03-02~7". ``after`` asks for the page
behind it, ``before`` for the one ahead of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import EmptyResultSet, ValidationError
from django.db import connections
from django.db.models import F, Field, Q, QuerySet
from django.db.models.expressions import Combinable
from django.http import QueryDict

from crm.requests import id_of

PAGE = 50
COUNT_UP_TO = 10_000
LONGEST_VALUE = 400
Value = str | Combinable | None

# The inner query is the list. Flattened into the outer one it is walked in the order of an index; behind the fence it
# is read as a whole, then sorted.
RUN = "SELECT {columns} FROM ({rows} {fence}) AS listed ({columns}) WHERE {where} ORDER BY {order} LIMIT %s"
FENCE = "OFFSET 0"


@dataclass(frozen=True)
class Page:
    """Rows of one page; the addresses are "" at an end of the list."""

    rows: Sequence[Any]
    newer_url: str
    older_url: str


@dataclass(frozen=True)
class Order:
    """By a value, then by id, both the same way; rows without a value come last, newest first.

    ``value``: a field or an expression, None for the id alone; ``field`` reads one from an address. An empty text is
    no value where ``can_be_blank``. ``nulls_last``: how the index of a falling order was built.
    """

    value: Value = None
    field: "Field[Any, Any] | None" = None
    descending: bool = True
    can_miss: bool = False
    can_be_blank: bool = False
    nulls_last: bool = False
    # The id, as the table of the value has it.
    pk: str = "pk"

    def turned(self, *, descending: bool) -> "Order":
        return replace(self, descending=descending)

    def read(self, text: str) -> Any:
        """A value as `Place` wrote it; ValidationError when it is none."""
        if self.field is None:
            return text
        value = self.field.to_python(text)
        self.field.run_validators(value)
        return value


NEWEST = Order()


@dataclass(frozen=True)
class Place:
    """Where a row stands in an order. ``value`` None: among the rows without one."""

    pk: int
    value: Any = None

    def __str__(self) -> str:
        if self.value is None:
            return str(self.pk)
        return f"{self.value.isoformat() if isinstance(self.value, datetime) else self.value}~{self.pk}"


def page_of(
    rows: QuerySet[Any],
    query: QueryDict,
    *,
    order: Order = NEWEST,
    shown: QuerySet[Any] | None = None,
    is_short: bool = False,
    size: int = PAGE,
) -> Page:
    """The page that ``query`` asks for; a position that makes no sense asks for the first.

    ``shown``: rows as the page shows them, where that is more than ``rows`` says. ``is_short``: so few rows that it is
    cheaper to sort them than to look for them along an index.
    """
    after, before = (read_place(query.get(name, ""), order) for name in ("after", "before"))
    fence = FENCE if is_short else ""
    if before:
        found = places(rows, order, before, size + 1, fence=fence, back=True)
        more_newer, more_older = len(found) > size, True
        found = found[:size][::-1]
    else:
        found = places(rows, order, after, size + 1, fence=fence)
        more_newer, more_older = after is not None, len(found) > size
        found = found[:size]
    by_id = (rows if shown is None else shown).in_bulk([place.pk for place in found]) if found else {}
    return Page(
        rows=[by_id[place.pk] for place in found if place.pk in by_id],
        newer_url=_address(query, before=found[0]) if found and more_newer else "",
        older_url=_address(query, after=found[-1]) if found and more_older else "",
    )


def places(
    rows: QuerySet[Any], order: Order, start: Place | None, limit: int, *, fence: str = "", back: bool = False
) -> list[Place]:
    """The next ``limit`` rows behind ``start``, or ahead of it, nearest first."""
    runs = [Run(order.value, order.descending, order.pk, can_be_blank=order.can_be_blank, nulls_last=order.nulls_last)]
    if order.can_miss:
        runs.append(Run(None, missing=order.value, can_be_blank=order.can_be_blank))
    if back:
        runs.reverse()
    if start:
        runs = runs[next(at for at, run in enumerate(runs) if run.is_bare == (start.value is None)) :]
    found: list[Place] = []
    for run in runs:
        if len(found) < limit:
            found += run.places(rows, start, limit - len(found), fence=fence, back=back)
        start = None
    return found


@dataclass(frozen=True)
class Run:
    """A stretch of a list with one order throughout: the rows with a value, or those in which it is ``missing``."""

    value: Value
    descending: bool = True
    pk: str = "pk"
    missing: Value = None
    can_be_blank: bool = False
    nulls_last: bool = False

    @property
    def is_bare(self) -> bool:
        return self.value is None

    def places(self, rows: QuerySet[Any], start: Place | None, limit: int, *, fence: str, back: bool) -> list[Place]:
        columns = ["id"] if self.is_bare else ["value", "id"]
        falling = self.descending != back
        conditions, values = [self.has_value], []
        if start:
            conditions.append(f"({', '.join(columns)}) {'<' if falling else '>'} ({', '.join(['%s'] * len(columns))})")
            values = [start.pk] if self.is_bare else [start.value, start.pk]
        try:
            inner, parameters = self.listed(rows).query.sql_with_params()
        except EmptyResultSet:
            return []
        sql = RUN.format(
            columns=", ".join(columns),
            rows=inner,
            fence=fence,
            where=" AND ".join(conditions),
            order=", ".join(f"{column} {self.way(column, falling=falling)}" for column in columns),
        )
        with connections[rows.db].cursor() as cursor:
            cursor.execute(sql, [*parameters, *values, limit])
            return [Place(row[-1], None if self.is_bare else row[0]) for row in cursor.fetchall()]

    @property
    def has_value(self) -> str:
        if self.is_bare:
            return "TRUE"
        return "value > ''" if self.can_be_blank else "value IS NOT NULL"

    def way(self, column: str, *, falling: bool) -> str:
        """DESC or ASC; an index serves a value only where its nulls lie as the order says, though there are none."""
        nulls = f" NULLS {'LAST' if falling else 'FIRST'}" if self.nulls_last and column == "value" else ""
        return f"{'DESC' if falling else 'ASC'}{nulls}"

    def listed(self, rows: QuerySet[Any]) -> QuerySet[Any, Any]:
        """The rows of this stretch, as (value, id)."""
        rows = rows.order_by()
        if self.missing is not None:
            none = Q(order_value__isnull=True) | Q(order_value="") if self.can_be_blank else Q(order_value__isnull=True)
            rows = rows.annotate(order_value=as_expression(self.missing)).filter(none)
        if self.is_bare:
            return rows.values_list(self.pk)
        return rows.annotate(order_value=as_expression(self.value)).values_list("order_value", self.pk)


def as_expression(value: Value) -> Combinable:
    return value if isinstance(value, Combinable) else F(str(value))


def read_place(text: str | None, order: Order) -> Place | None:
    """ "2026-03-02~7" as a place in ``order``; None for what makes no sense there."""
    value, mark, number = (text or "").rpartition("~")
    pk, is_bare = id_of(number), not mark
    if not pk or (is_bare != (order.value is None) and not (is_bare and order.can_miss)) or len(value) > LONGEST_VALUE:
        return None
    try:
        return Place(pk) if is_bare else Place(pk, order.read(value))
    except ValidationError:
        return None


def count_up_to(rows: QuerySet[Any], limit: int = COUNT_UP_TO) -> int:
    """How many rows there are; ``limit + 1`` when there are more than ``limit``, without counting them all."""
    return rows.order_by().values("pk")[: limit + 1].count()


def count_words(count: int, limit: int = COUNT_UP_TO) -> str:
    """ "1,284", or "more than 10,000" for what `count_up_to` stopped at."""
    return f"more than {limit:,}" if count > limit else f"{count:,}"


def _address(query: QueryDict, **position: Place) -> str:
    """The same address at another position of the list."""
    fresh = query.copy()
    for name in ("after", "before"):
        fresh.pop(name, None)
    for name, place in position.items():
        fresh[name] = str(place)
    return f"?{fresh.urlencode()}"
