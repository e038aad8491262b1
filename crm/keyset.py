"""Pages of a list, newest first, by the last id seen: the hundredth page costs what the first costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

from crm.requests import id_of

PAGE = 50
COUNT_UP_TO = 10_000


@dataclass(frozen=True)
class Page:
    """Rows of one page; the addresses are "" at an end of the list."""

    rows: Sequence[Any]
    newer_url: str
    older_url: str


def page_of(rows: QuerySet[Any], query: QueryDict, *, size: int = PAGE) -> Page:
    """The page that ``query`` asks for: ``after=ID`` older rows than that one, ``before=ID`` newer ones.

    ``rows`` are ordered here, by falling id. A number that is none asks for the first page.
    """
    after, before = id_of(query.get("after")), id_of(query.get("before"))
    if before:
        found = list(rows.filter(pk__gt=before).order_by("pk")[: size + 1])
        more_newer, more_older = len(found) > size, True
        found = found[:size][::-1]
    else:
        found = list((rows.filter(pk__lt=after) if after else rows).order_by("-pk")[: size + 1])
        more_newer, more_older = bool(after), len(found) > size
        found = found[:size]
    return Page(
        rows=found,
        newer_url=_address(query, before=found[0].pk) if found and more_newer else "",
        older_url=_address(query, after=found[-1].pk) if found and more_older else "",
    )


def count_up_to(rows: QuerySet[Any], limit: int = COUNT_UP_TO) -> int:
    """How many rows there are; ``limit + 1`` when there are more than ``limit``, without counting them all."""
    return rows.order_by().values("pk")[: limit + 1].count()


def count_words(count: int, limit: int = COUNT_UP_TO) -> str:
    """ "1,284", or "more than 10,000" for what `count_up_to` stopped at."""
    return f"more than {limit:,}" if count > limit else f"{count:,}"


def _address(query: QueryDict, **position: int) -> str:
    """The same address at another position of the list."""
    fresh = query.copy()
    for name in ("after", "before"):
        fresh.pop(name, None)
    for name, value in position.items():
        fresh[name] = str(value)
    return f"?{fresh.urlencode()}"
