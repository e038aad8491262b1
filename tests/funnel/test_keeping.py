"""What is counted anew and what is kept: funnel/keeping.py."""

from datetime import timedelta

import pytest
from django.core.cache import cache

from crm import __version__
from funnel import keeping
from funnel.keeping import SHOWN_AT_MOST, count_asked, kept
from funnel.tasks import count_again
from tests.factories import MONDAY

KEY = "test:kept"
PLACE = f"figures:{__version__}:{KEY}"
counts: list[tuple] = []


def count(*asked, at) -> list:
    counts.append(asked)
    return [len(counts), at]


@pytest.fixture(autouse=True)
def fresh():
    counts.clear()
    cache.delete_many([PLACE, f"{PLACE}:asked"])
    yield
    cache.delete_many([PLACE, f"{PLACE}:asked"])


@pytest.fixture
def slow(monkeypatch):
    """Counting takes long, and what was counted is fresh for a minute."""
    monkeypatch.setattr(keeping, "SLOW_SECONDS", -1)
    monkeypatch.setattr(keeping, "FRESH_AT_MOST", timedelta(minutes=1))
    monkeypatch.setattr(keeping, "FRESH_TIMES", 1e9)


@pytest.fixture
def asked(monkeypatch):
    """What a worker was asked to count again."""
    keys: list[str] = []
    monkeypatch.setattr(count_again, "apply_async", lambda args, **how: keys.extend(args))
    return keys


def test_what_is_counted_in_a_moment_is_always_live(asked):
    assert kept(KEY, count, at=MONDAY).value == [1, MONDAY]
    assert kept(KEY, count, at=MONDAY).value == [2, MONDAY]
    assert asked == []


def test_what_took_long_is_shown_again_with_the_time_it_was_counted(slow, asked):
    kept(KEY, count, at=MONDAY)

    again = kept(KEY, count, at=MONDAY + timedelta(seconds=30))
    assert (again.value, again.at) == ([1, MONDAY], MONDAY)
    assert asked == []


def test_what_is_old_is_shown_once_more_while_one_worker_counts(slow, asked):
    later = MONDAY + timedelta(minutes=2)
    kept(KEY, count, "a", 1, at=MONDAY)

    assert [kept(KEY, count, "a", 1, at=later).at for _ in range(3)] == [MONDAY] * 3
    assert asked == [PLACE]

    count_asked(PLACE)
    assert counts == [("a", 1), ("a", 1)]
    assert kept(KEY, count, "a", 1, at=later).at > MONDAY
    assert asked == [PLACE]


def test_an_hour_old_figure_is_shown_no_more(slow, asked):
    kept(KEY, count, at=MONDAY)

    assert cache.ttl(PLACE) == pytest.approx(SHOWN_AT_MOST.total_seconds(), abs=5)


def test_a_worker_that_is_asked_late_finds_nothing_to_do():
    count_asked(PLACE)
    assert counts == []


def test_what_became_quick_is_live_again(slow, asked, monkeypatch):
    kept(KEY, count, at=MONDAY)
    kept(KEY, count, at=MONDAY + timedelta(minutes=2))
    monkeypatch.setattr(keeping, "SLOW_SECONDS", 60)

    count_asked(PLACE)

    assert kept(KEY, count, at=MONDAY).value == [3, MONDAY]
