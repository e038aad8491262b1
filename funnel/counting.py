"""Counting all facts into cells of days, for a rebuild: in memory, a hundred times faster a fact than GROUP BY.

Facts come out of the database as whole numbers: days as days since 2000, keys of a dimension as their place in a list.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from tempfile import TemporaryFile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from funnel.sql import CELL_COLUMNS, COUNTERS, KEY_OF
from leads.lifecycle import RANK, SUCCESS

Numbers = NDArray[np.int32]

EPOCH = date(2000, 1, 1)
# Stands for "never"; later than any day, so that the first of several days is their minimum.
NEVER = 9_999_999
DAYS = ("began_on", *(f"{stage}_on" for stage in SUCCESS))
# Cells that are counted at once, whether or not anything is in them: 8 counters of 8 bytes each.
CELLS_AT_A_TIME = 1_000_000


@dataclass(frozen=True)
class Facts:
    """Facts in columns. ``on[0]`` is the day the episode began, ``on[rank]`` the day it entered that stage."""

    furthest: Numbers
    first: NDArray[np.bool_]
    on: list[Numbers]
    codes: dict[str, Numbers]
    keys: dict[str, list[str]]

    def chosen(self, which: NDArray[Any]) -> "Facts":
        codes = {dimension: code[which] for dimension, code in self.codes.items()}
        return Facts(self.furthest[which], self.first[which], [day[which] for day in self.on], codes, self.keys)


def copy_day_cells(sql: Any, *, source: str, table: str) -> None:
    """Count the facts of ``source`` by every dimension, and write the cells to ``table``, a transaction each."""
    sql.execute(f"SELECT EXISTS (SELECT FROM {source})")
    if not sql.fetchone()[0]:
        return
    facts = read_facts(sql, source)
    for dimension, keys in facts.keys.items():
        names = [escaped(key) for key in keys]
        with TemporaryFile("w+") as file:
            for code, day, stage, counts in day_cells(facts, dimension):
                counted = "\t".join(map(str, counts))
                file.write(f"{dimension}\tday\t{date_of(day)}\t{names[code]}\t{stage}\t{counted}\n")
            file.seek(0)
            sql.copy_expert(f"COPY {table} ({', '.join(CELL_COLUMNS)}) FROM STDIN", file)


def read_facts(sql: Any, source: str) -> Facts:
    keys = {dimension: distinct_keys(sql, dimension, source) for dimension in KEY_OF}
    days = ", ".join(f"{day} - date '{EPOCH}'" for day in DAYS)
    places = ", ".join(f"{dimension}_key.place - 1" for dimension in KEY_OF)
    joins = " ".join(
        f"JOIN unnest(%(k_{dimension})s::text[]) WITH ORDINALITY AS {dimension}_key (key, place)"
        f" ON {dimension}_key.key = {key}"
        for dimension, key in KEY_OF.items()
    )
    statement = f"COPY (SELECT furthest, (episode = 1)::int, {days}, {places} FROM {source} {joins}) TO STDOUT"
    asked = sql.mogrify(statement, {f"k_{dimension}": known for dimension, known in keys.items()}).decode()
    with TemporaryFile("w+") as file:
        sql.copy_expert(f"{asked} (NULL '{NEVER}')", file)
        file.seek(0)
        rows = np.loadtxt(file, dtype=np.int32, delimiter="\t", ndmin=2)
    furthest, first, *rest = rows.T
    codes = dict(zip(KEY_OF, rest[len(DAYS) :], strict=True))
    return Facts(furthest, first.astype(bool), rest[: len(DAYS)], codes, keys)


def distinct_keys(sql: Any, dimension: str, source: str) -> list[str]:
    sql.execute(f"SELECT DISTINCT {KEY_OF[dimension]} FROM {source}")
    return [key for (key,) in sql.fetchall()]


def day_cells(facts: Facts, dimension: str) -> Iterator[tuple[int, int, int, list[int]]]:
    """(place of the key, day, stage, its counters in the order of CELL_COLUMNS) of every cell that is not empty."""
    low, high = bounds(facts)
    days = high - low + 1
    known, keys_at_a_time = len(facts.keys[dimension]), max(1, CELLS_AT_A_TIME // days)
    for start in range(0, known, keys_at_a_time):
        end = min(known, start + keys_at_a_time)
        code = facts.codes[dimension]
        part = facts.chosen((code >= start) & (code < end))
        offset = (part.codes[dimension].astype(np.int64) - start) * days - low
        for rank in RANK.values():
            counts = count_stage(part, rank, offset, (end - start) * days)
            filled = np.flatnonzero(counts.any(axis=0))
            places, found = filled // days + start, filled % days + low
            stages, told = [rank] * len(filled), counts[:, filled].T.tolist()
            yield from zip(places.tolist(), found.tolist(), stages, told, strict=True)


def bounds(facts: Facts) -> tuple[int, int]:
    """The first and the last day on which anything happened."""
    low = min(int(day.min()) for day in facts.on)
    return low, max(int(day[day < NEVER].max(initial=low)) for day in facts.on)


def count_stage(facts: Facts, rank: int, offset: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """One row of ``size`` cells for each counter of a stage; a fact's cell is ``offset`` plus the day."""
    never = np.full_like(facts.furthest, NEVER)
    entered_on, passed_on, began_on = facts.on[rank], np.minimum.reduce([never, *facts.on[rank + 1 :]]), facts.on[0]
    entered = entered_on < NEVER
    counted = {
        "entered": (entered_on, entered),
        "converted": (entered_on, entered & (facts.furthest > rank)),
        "advanced": (passed_on, passed_on < NEVER),
        "reached": (began_on, facts.furthest >= rank),
    }
    rows = [
        np.bincount((offset + day)[which & of], minlength=size)
        for of in (np.True_, facts.first)
        for day, which in (counted[counter] for counter in COUNTERS)
    ]
    return np.stack(rows)


@cache
def date_of(day: int) -> str:
    return (EPOCH + timedelta(days=day)).isoformat()


def escaped(key: str) -> str:
    """A key as COPY reads it."""
    return key.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
