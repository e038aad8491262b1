"""What a change of some facts adds to the cells, for a drain: those that stand now less those that stood.

The same passages as of a rebuild (funnel/facts/counting.py), but few of them over many days and keys.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from funnel.facts.binary import Column
from funnel.facts.counting import SLOTS, TALLY, Facts, Numbers, Passages, first_of_month
from funnel.facts.sql import CELL_COLUMNS, COUNTED, COUNTED_ON, KEY_OF
from leads.lifecycle import RANK

STAGES = len(RANK)


def differences(rows: Sequence[tuple[Any, ...]]) -> tuple[dict[str, Column], list[str]]:
    """Cells that differ, a column each of CELL_COLUMNS, for facts as WRITE_FACTS tells them; and the keys.

    Dimension, grain and key are told by their places, the key's in the list of all keys.
    """
    columns = dict(zip(COUNTED, zip(*rows, strict=True), strict=True))
    keyed = {dimension: np.unique(columns[dimension], return_inverse=True) for dimension in KEY_OF}
    facts = Facts.of(
        {name: np.array(columns[name], dtype=np.int64) for name in ("furthest", "first", *COUNTED_ON)},
        {dimension: place for dimension, (_keys, place) in keyed.items()},
        {dimension: keys.tolist() for dimension, (keys, _place) in keyed.items()},
    )
    _pairs, pair = np.unique(columns["of"], return_inverse=True)
    parts = zip(*cells(facts, np.array(columns["sign"]), pair), strict=True)
    found = (np.concatenate(part).astype(np.int32) for part in parts)
    return dict(zip(CELL_COLUMNS, found, strict=True)), [key for keys in facts.keys.values() for key in keys]


def cells(facts: Facts, sign: Numbers, pair: Numbers) -> Iterator[list[Numbers]]:
    """Cells that differ, dimension by dimension; ``pair`` is the same for what stands and what stood of an episode."""
    passages = [Passages.at(rank, facts) for rank in RANK.values()]
    fact = np.concatenate([each.fact for each in passages])
    slot = np.concatenate([each.slot for each in passages])
    stage = np.repeat(np.arange(STAGES), [len(each.fact) for each in passages])
    is_new = one_sided((pair[fact] * STAGES + stage) * len(facts.days) * SLOTS + slot)
    before = 0
    for number, (dimension, keys) in enumerate(facts.keys.items()):
        moved = one_sided(pair * len(keys) + facts.place[dimension])
        some = is_new | moved[fact]
        key, its_stage, its_sign = facts.place[dimension][fact[some]], stage[some], sign[fact[some]]
        day, its_slot = np.divmod(slot[some], SLOTS)
        day += facts.days.start
        for grain, on in enumerate((day, first_of_month(day))):
            cell, place = np.unique((on * len(keys) + key) * STAGES + its_stage, return_inverse=True)
            slots = np.bincount(place * SLOTS + its_slot, weights=its_sign, minlength=len(cell) * SLOTS)
            counters = slots.astype(np.int64).reshape(-1, SLOTS) @ TALLY
            differ = counters.any(axis=1)
            rest, its_rank = np.divmod(cell[differ], STAGES)
            its_day, its_key = np.divmod(rest, len(keys))
            told = np.full(len(rest), number), np.full(len(rest), grain)
            yield [*told, its_day, its_key + before, its_rank + 1, *counters[differ].T]
        before += len(keys)


def one_sided(what: Numbers) -> Numbers:
    """Where ``what`` does not occur twice: what stands and stood alike cancels itself out."""
    _values, place, times = np.unique(what, return_inverse=True, return_counts=True)
    return np.asarray(times[place] == 1)
