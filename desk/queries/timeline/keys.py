"""What is newest among several sources: one SQL statement that takes at most a page of each, by its index."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, NamedTuple

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Func, IntegerField, Model, OuterRef, Q, QuerySet, Value

PAGE = 20


class Rank(IntEnum):
    """The kinds of entries; of one moment the higher rank stands above."""

    OPENED = 0
    CLOSED = 1
    LEAD_EDIT = 2
    TOUCH = 3
    PASS = 4
    MOVE = 5
    ACTIVITY = 6
    TASK = 7
    OPPORTUNITY_EDIT = 8
    CONTACT_EDIT = 9
    COMPANY_EDIT = 10
    IMPRESSION = 11


class Key(NamedTuple):
    """Where an entry stands in the time line; unique over all sources."""

    at: datetime
    rank: int
    pk: int

    @property
    def cursor(self) -> str:
        return f"{self.at.astimezone(UTC).isoformat()}~{self.rank}~{self.pk}"


def read_cursor(text: str) -> Key | None:
    """The key a cursor names; None, the first page, for an unreadable one."""
    try:
        at, rank, pk = text.split("~")
        return Key(datetime.fromisoformat(at.replace(" ", "+")), int(rank), int(pk))
    except ValueError:
        return None


@dataclass(frozen=True)
class Source:
    """Rows of one kind that belong, by their column ``of``, to ``owners``; ``at`` names the column of their moment."""

    rank: Rank
    rows: QuerySet[Any]
    of: str
    owner: type[Model]
    owners: list[int]
    at: str = "at"

    def keys(self, before: Key | None) -> QuerySet[Any]:
        """The newest keys behind ``before``, one more than a page shows."""
        rows = self.rows if before is None else self.rows.filter(self.behind(before))
        if len(self.owners) == 1:
            rows = self.newest(rows.filter(**{self.of: self.owners[0]}))
        else:
            rows = self.newest(self.rows.model._default_manager.filter(pk__in=self.newest_of_each(rows)))
        named = rows.annotate(happened=F(self.at), rank=Value(self.rank, IntegerField()), entry=F("pk"))
        return named.values_list("happened", "rank", "entry")

    def newest(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.order_by(f"-{self.at}", "-pk")[: PAGE + 1]

    def newest_of_each(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Ids of the newest rows of every owner, so that none is read further back than a page reaches."""
        ids = ArraySubquery(self.newest(rows.filter(**{self.of: OuterRef("pk")})).values("pk"))
        return self.owner._default_manager.filter(pk__in=self.owners).values_list(Func(ids, function="unnest"))

    def behind(self, key: Key) -> Q:
        """What stands below ``key``: of the same moment the lower ranks, and the lower ids of its own."""
        older = Q(**{f"{self.at}__lt": key.at})
        if self.rank == key.rank:
            return older | Q(**{self.at: key.at, "pk__lt": key.pk})
        return older | Q(**{self.at: key.at}) if self.rank < key.rank else older


def newest_keys(sources: list[Source], before: Key | None) -> list[Key]:
    """The newest keys of all sources behind ``before``, at most one more than a page."""
    if not sources:
        return []
    first, *others = [source.keys(before) for source in sources]
    found = first.union(*others).order_by("-happened", "-rank", "-entry")[: PAGE + 1] if others else first
    return [Key(*row) for row in found]
