"""Rows that people put into an order of their own, by a column `position`."""

from typing import Any

from django.db.models import Max, QuerySet


def last_position(rows: QuerySet[Any]) -> int:
    """Where a new row stands: behind all others."""
    highest = rows.aggregate(highest=Max("position"))["highest"]
    return 0 if highest is None else highest + 1


def move(rows: QuerySet[Any], pk: int, *, step: int) -> None:
    """Take one row up (-1) or down (1) among ``rows``; at an end it stays. Call it in a transaction."""
    present = list(rows.select_for_update())
    start = next((index for index, row in enumerate(present) if row.pk == pk), None)
    if start is None or not 0 <= start + step < len(present):
        return
    present.insert(start + step, present.pop(start))
    for position, row in enumerate(present):
        row.position = position
    rows.model._default_manager.bulk_update(present, ["position"])
