"""Counting all facts into cells, for a rebuild: in memory, a hundred times faster a fact than GROUP BY.

Facts come out of the database as whole numbers (funnel/facts/binary.py): their days, and for each dimension a number
that stands for the key.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnel.facts.binary import read_numbers, write_rows
from funnel.facts.sql import CELL_COUNTERS, CODE_OF, COUNTED_ON, KEY_OF, NO_KEY, NO_NUMBER, WORDS
from leads.lifecycle import RANK

Numbers = NDArray[Any]

# Later than any day, so that the first of several days is their minimum.
NEVER = NO_NUMBER
CODED = {"furthest": "i2", "first": "i2", **dict.fromkeys(COUNTED_ON, "i4"), **dict.fromkeys(KEY_OF, "i8")}
# Cells that are counted at once, whether or not anything is in them: 8 slots of 8 bytes each.
CELLS_AT_A_TIME = 1_000_000
EPOCH = np.datetime64("2000-01-01", "D")

# What a fact may do on a day of a stage; in a slot of its own if the episode is the lead's first.
ENTERED, ENTERED_AND_WENT_ON, ADVANCED, REACHED = range(4)
SLOTS = 8
# Which counters each slot adds to.
COUNTED_IN = {
    "entered": (ENTERED, ENTERED_AND_WENT_ON),
    "converted": (ENTERED_AND_WENT_ON,),
    "advanced": (ADVANCED,),
    "reached": (REACHED,),
}
TALLY = np.array([
    [slot // 2 in COUNTED_IN[counter.removesuffix("_first")] and slot % 2 >= counter.endswith("_first")
     for counter in CELL_COUNTERS]
    for slot in range(SLOTS)
], dtype=np.int64)  # fmt: skip


@dataclass(frozen=True)
class Facts:
    """Facts in columns. ``on[0]`` is the day the episode began, ``on[rank]`` the day it entered that stage.

    ``place`` has for each dimension the place of the fact's key in ``keys``; ``days`` the first and the last day on
    which anything happened.
    """

    furthest: Numbers
    first: Numbers
    on: list[Numbers]
    place: dict[str, Numbers]
    keys: dict[str, list[str]]
    days: range

    @classmethod
    def of(cls, columns: dict[str, Numbers], place: dict[str, Numbers], keys: dict[str, list[str]]) -> "Facts":
        on = [columns[day] for day in COUNTED_ON]
        first = min(int(day.min()) for day in on)
        last = max(int(day[day < NEVER].max(initial=first)) for day in on)
        return cls(columns["furthest"], columns["first"], on, place, keys, range(first, last + 1))


@dataclass(frozen=True)
class Passages:
    """What all facts do at one stage: ``fact`` its place among the facts, ``slot`` the one it adds to, day by day."""

    fact: Numbers
    slot: Numbers

    @classmethod
    def at(cls, rank: int, facts: Facts) -> "Passages":
        entered_on, began_on = facts.on[rank], facts.on[0]
        passed_on = np.minimum.reduce([np.full_like(began_on, NEVER), *facts.on[rank + 1 :]])
        entered, passed = np.flatnonzero(entered_on < NEVER), np.flatnonzero(passed_on < NEVER)
        reached = np.flatnonzero(facts.furthest >= rank)
        went_on = np.where(facts.furthest[entered] > rank, ENTERED_AND_WENT_ON, ENTERED)
        fact = np.concatenate([entered, passed, reached])
        done = np.concatenate([went_on, np.full(len(passed), ADVANCED), np.full(len(reached), REACHED)])
        day = np.concatenate([entered_on[entered], passed_on[passed], began_on[reached]]) - facts.days.start
        return cls(fact, day.astype(np.int64) * SLOTS + 2 * done + facts.first[fact])


def copy_cells(sql: Any, *, source: str, table: str) -> None:
    """Count the facts of ``source`` by every dimension and write the cells to ``table``, some at a time."""
    if (facts := read_facts(sql, source)) is None:
        return
    for rank in RANK.values():
        passages = Passages.at(rank, facts)
        for dimension in KEY_OF:
            for names, counted in count(facts, passages, dimension):
                write_cells(sql, table, dimension, rank, names, counted, days=facts.days)


def read_facts(sql: Any, source: str) -> Facts | None:
    """None: there are none."""
    days = ", ".join(f"coalesce({day}, 'infinity')" for day in COUNTED_ON)
    codes = ", ".join(CODE_OF.values())
    rows = read_numbers(sql, f"SELECT furthest, (episode = 1)::int::smallint, {days}, {codes} FROM {source}", CODED)
    if not len(rows["furthest"]):
        return None
    place, keys = {}, {}
    for dimension in KEY_OF:
        code = rows.pop(dimension)
        known, keys[dimension] = known_keys(sql, dimension, code, source)
        place[dimension] = np.searchsorted(known, code)
    return Facts.of(rows, place, keys)


def known_keys(sql: Any, dimension: str, codes: Numbers, source: str) -> tuple[Numbers, list[str]]:
    """Codes in their order, each with its key: a number is its own code, a word must be looked up."""
    if dimension not in WORDS:
        known = np.unique(codes)
        return known, ["" if code == NO_KEY else str(code) for code in known]
    sql.execute(f"SELECT DISTINCT {CODE_OF[dimension]} AS code, {dimension} FROM {source} ORDER BY code")
    found, keys = zip(*sql.fetchall(), strict=True)
    return np.array(found), list(keys)


def count(facts: Facts, passages: Passages, dimension: str) -> Iterator[tuple[list[str], Numbers]]:
    """Some keys at a time, what was counted of them: an array of keys, days and slots."""
    keys, a_key = facts.keys[dimension], len(facts.days) * SLOTS
    slot = (facts.place[dimension] * a_key)[passages.fact] + passages.slot
    at_a_time = max(1, CELLS_AT_A_TIME // len(facts.days))
    for start in range(0, len(keys), at_a_time):
        names = keys[start : start + at_a_time]
        low, size = start * a_key, len(names) * a_key
        some = slot if len(names) == len(keys) else slot[(slot >= low) & (slot < low + size)]
        yield names, np.bincount(some - low, minlength=size).reshape(len(names), -1, SLOTS)


def write_cells(
    sql: Any, table: str, dimension: str, rank: int, names: list[str], counted: Numbers, *, days: range
) -> None:
    """The cells of these keys that are not empty, by day and by month."""
    day = np.array(days)
    months, begins = np.unique(first_of_month(day), return_index=True)
    for grain, on, slots in (("day", day, counted), ("month", months, np.add.reduceat(counted, begins, axis=1))):
        for some, keys in same_length(names):
            key, at = np.nonzero(slots[some].any(axis=2))
            if len(key):
                counters = (slots[some][key, at] @ TALLY).astype(np.int32)
                write_rows(sql, table, {
                    "dimension": dimension.encode(), "grain": grain.encode(), "day": on[at].astype(np.int32),
                    "key": keys[key] if keys[0] else b"", "stage": np.full(len(key), rank, dtype=np.int16),
                    **dict(zip(CELL_COUNTERS, counters.T, strict=True)),
                })  # fmt: skip


def first_of_month(day: Numbers) -> Numbers:
    month = (EPOCH + day).astype("datetime64[M]")
    return (month.astype("datetime64[D]") - EPOCH).astype(np.int64)


def same_length(names: list[str]) -> Iterator[tuple[list[int], Numbers]]:
    """Places and words of names that take as many bytes, so that their rows have one width."""
    encoded = [name.encode() for name in names]
    by_length = sorted(range(len(names)), key=lambda place: len(encoded[place]))
    for _length, places in groupby(by_length, key=lambda place: len(encoded[place])):
        some = list(places)
        yield some, np.array([encoded[place] for place in some])
