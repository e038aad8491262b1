"""Figures that took long to count are shown again for a while; those of a small installation are always live."""

from collections.abc import Callable
from time import monotonic
from typing import TypeVar

from django.core.cache import cache

Counted = TypeVar("Counted")

# What took longer is kept, for so many times as long as it took, but not for ever.
SLOW_SECONDS = 0.3
KEEP_TIMES = 100
KEEP_AT_MOST_SECONDS = 600


def kept(key: str, count: Callable[[], Counted]) -> Counted:
    """What ``count`` gives, or gave when it last took long."""
    found: Counted | None = cache.get(key)
    if found is not None:
        return found
    began = monotonic()
    counted = count()
    took = monotonic() - began
    if took > SLOW_SECONDS:
        cache.set(key, counted, min(KEEP_TIMES * took, KEEP_AT_MOST_SECONDS))
    return counted
