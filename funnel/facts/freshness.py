"""How fresh the figures are."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from crm.models import Cursor

STALE_AFTER = timedelta(seconds=30)


@dataclass(frozen=True)
class Freshness:
    """Up to when the figures are complete, and whether that is longer ago than it should be."""

    computed_at: datetime | None
    is_stale: bool


def freshness(*, at: datetime) -> Freshness:
    """Of all figures of this room. They are stale when a change waits, or nobody has looked, for half a minute."""
    computed_at = Cursor.objects.filter(pk="funnel").values_list("current_at", flat=True).first()
    return Freshness(computed_at, computed_at is None or at - computed_at > STALE_AFTER)
