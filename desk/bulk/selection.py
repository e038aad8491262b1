"""Which records somebody chose on a list: some by hand, or all that its filters find."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import Http404, QueryDict

from crm.deeds import MOST_AT_ONCE
from crm.keyset import count_up_to
from crm.models import User
from crm.requests import id_of
from desk.lists.asking import rows_asked
from desk.lists.definition import ListDefinition
from desk.lists.registry import list_of
from desk.models import ListKey


@dataclass(frozen=True)
class Selection:
    """``asked``: the list; ``query``: its address behind the "?"; ``ids``: what was ticked, unless ``is_all``."""

    asked: ListDefinition
    user: User
    query: str
    ids: tuple[int, ...]
    is_all: bool

    @property
    def rows(self) -> QuerySet[Any]:
        if self.is_all:
            return rows_asked(self.asked.key, QueryDict(self.query), self.user)
        return self.asked.rows().filter(pk__in=self.ids)

    def ids_at_once(self) -> list[int]:
        """As many ids as one deed takes, the newest records first."""
        if not self.is_all:
            return list(self.ids)
        return list(self.rows.order_by("-pk").values_list("pk", flat=True)[:MOST_AT_ONCE])

    @cached_property
    def found(self) -> int:
        """How many records these are; at most one more than a deed takes."""
        return count_up_to(self.rows, MOST_AT_ONCE)

    @property
    def count(self) -> int:
        """How many of them a deed takes."""
        return min(self.found, MOST_AT_ONCE)

    @property
    def is_cut(self) -> bool:
        return self.found > MOST_AT_ONCE

    @property
    def noun(self) -> str:
        return self.asked.counted(self.count)

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What a form carries along, to mean the same records."""
        chosen = [("all", "1")] if self.is_all else [("id", str(pk)) for pk in self.ids]
        return [("list", self.asked.key), ("query", self.query), *chosen]


def selection_of(fields: QueryDict, user: User) -> Selection:
    """What a form of the selection bar or of a deed names. Raises Http404 for a list that is none."""
    key = fields.get("list", "")
    if key not in ListKey.values:
        raise Http404("There is no such list.")
    query = fields.get("query", "")
    if "\0" in unquote(query):
        raise BadRequest("This address holds a character that no text can hold.")
    ids = dict.fromkeys(id_of(text) for text in fields.getlist("id")[:MOST_AT_ONCE])
    return Selection(
        asked=list_of(key),
        user=user,
        query=query,
        ids=tuple(pk for pk in ids if pk),
        is_all=fields.get("all") == "1",
    )
