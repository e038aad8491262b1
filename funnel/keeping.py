"""Figures that took long to count are shown again for a while and counted anew in the background.

Those of a small installation are always live: only what took longer than a moment is kept.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Generic, TypeVar

from django.core.cache import cache
from django.utils import timezone
from kombu.exceptions import OperationalError

from crm import __version__

Counted = TypeVar("Counted")

# What took longer is kept.
SLOW_SECONDS = 0.3
# So many times as long as it took to count, but not longer than this, it counts as news.
FRESH_TIMES = 100
FRESH_AT_MOST = timedelta(minutes=5)
# Older than this it is not shown any more: who asks waits until it is counted.
SHOWN_AT_MOST = timedelta(hours=1)
# One at a time counts the same figures; who died while counting is forgotten.
COUNTING_AT_MOST = timedelta(minutes=2)


@dataclass(frozen=True)
class Kept(Generic[Counted]):
    """What was counted, and when. ``fresh_until``: then it is counted again, while it is still shown."""

    value: Counted
    at: datetime
    fresh_until: datetime


def kept(key: str, count: Callable[..., Counted], *asked: Any, at: datetime) -> Kept[Counted]:
    """What ``count(*asked, at=at)`` gives, or gave when it last took long.

    ``count`` is a function of a module and ``asked`` values that can be pickled, so that a worker can count again.
    """
    # What an older version kept may have another shape.
    key = f"figures:{__version__}:{key}"
    found: Kept[Counted] | None = cache.get(key)
    if found is None:
        return count_now(key, count, asked, at=at)
    if at >= found.fresh_until:
        count_later(key, count, asked)
    return found


def count_now(key: str, count: Callable[..., Counted], asked: tuple[Any, ...], *, at: datetime) -> Kept[Counted]:
    began = monotonic()
    value = count(*asked, at=at)
    took = monotonic() - began
    counted = Kept(value, at, at + min(timedelta(seconds=FRESH_TIMES * took), FRESH_AT_MOST))
    if took > SLOW_SECONDS:
        cache.set(key, counted, SHOWN_AT_MOST.total_seconds())
    else:
        cache.delete(key)
    return counted


def count_later(key: str, count: Callable[..., Any], asked: tuple[Any, ...]) -> None:
    """A worker counts it, once however many ask meanwhile; without a broker who comes after the hour does."""
    from funnel.tasks import count_again

    if cache.add(f"{key}:asked", (count, asked), COUNTING_AT_MOST.total_seconds()):
        try:
            count_again.apply_async((key,), retry=False, expires=COUNTING_AT_MOST.total_seconds())
        except OperationalError:
            return


def count_asked(key: str) -> None:
    """What `count_later` asked a worker for."""
    if (call := cache.get(f"{key}:asked")) is None:
        return
    count, asked = call
    try:
        count_now(key, count, asked, at=timezone.now())
    finally:
        cache.delete(f"{key}:asked")
