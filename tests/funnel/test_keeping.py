"""What is counted anew and what is kept: funnel/keeping.py."""

import pytest
from django.core.cache import cache

from funnel import keeping
from funnel.keeping import kept


@pytest.fixture(autouse=True)
def fresh():
    cache.delete("test:kept")


@pytest.mark.parametrize(("slow_seconds", "counted"), [(60, 2), (-1, 1)])
def test_only_what_took_long_is_shown_again(monkeypatch, slow_seconds, counted):
    monkeypatch.setattr(keeping, "SLOW_SECONDS", slow_seconds)
    monkeypatch.setattr(keeping, "KEEP_TIMES", 1_000_000)
    calls: list[int] = []

    def count() -> list[int]:
        calls.append(1)
        return [len(calls)]

    kept("test:kept", count)
    assert kept("test:kept", count) == [counted]
    assert len(calls) == counted
