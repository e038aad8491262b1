"""What is learnt from and what is tested on (METRICS.md L7): the newest rows test, only what was known before teaches.

Rows of one group are never on both sides: a group that would be goes to one of them by a coin that depends on the group
and the seed alone, and its rows on the other side are left out. Without usable times, groups are dealt at random.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.learning.table import Floats, Rows, Table

TEST_SHARE = 0.2
DAY = 86_400.0
# Where stretches of time begin that are told from all before them, as shares of the rows. The first comes late: what
# learns from much fewer rows than the model to keep is less sure of itself, and would teach another calibration.
ORIGINS = (0.55, 0.7, 0.85)
RANDOM_FOLDS = 5
# Where the last stretch alone holds so many rows, it is enough.
ENOUGH_TOLD = 5_000
# Rows of each class a fold needs to learn from.
LEAST_CLASS = 10


@dataclass(frozen=True)
class Split:
    """Row numbers, in order of time. ``begins``: when the test begins, None where rows were dealt at random.

    ``unknown``: rows before it whose outcome was not known in time. ``straddling``: rows left out for their group.
    """

    train: Rows
    test: Rows
    begins: float | None
    unknown: int = 0
    straddling: int = 0


def hold_out(table: Table, *, seed: int, embargo_days: float) -> Split:
    """The newest fifth as test; at random where times do not tell rows apart (a file imported without dates)."""
    begins = test_begin(table.at)
    if begins is None:
        chance = chances(table.groups, seed)
        return Split(np.flatnonzero(chance >= TEST_SHARE), np.flatnonzero(chance < TEST_SHARE), None)
    return split_at(table, begins, np.inf, seed=seed, embargo_days=embargo_days)


def test_begin(at: Floats) -> float | None:
    """When the newest fifth begins; None if times are missing, lie within a day, or come in lumps too large to cut."""
    if not len(at) or np.isnan(at).any() or np.ptp(at) < DAY:
        return None
    times, rows = np.unique(at, return_counts=True)
    newer = rows[::-1].cumsum()[::-1] / len(at)
    best = int(np.argmin(np.abs(newer - TEST_SHARE)))
    return float(times[best]) if TEST_SHARE / 2 <= newer[best] <= 2 * TEST_SHARE else None


def folds(table: Table, *, seed: int, embargo_days: float, by_time: bool) -> list[Split]:
    """Splits to choose and calibrate by: each later stretch told from the rows before it; else groups at random.

    Together the tests never hold a row twice. At random as well where outcomes take so long to be known that no stretch
    is left.
    """
    if by_time:
        ordered = np.sort(table.at)
        edges = [ordered[int(share * (len(table) - 1))] for share in ORIGINS]
        pairs = zip(edges, [*edges[1:], np.inf], strict=True)
        found = [split_at(table, start, end, seed=seed, embargo_days=embargo_days) for start, end in pairs]
        if usable := [split for split in found if is_usable(table, split)]:
            return usable[-1:] if len(usable[-1].test) >= ENOUGH_TOLD else usable
    place = np.floor(chances(table.groups, seed + 1) * RANDOM_FOLDS)
    found = [Split(np.flatnonzero(place != fold), np.flatnonzero(place == fold), None) for fold in range(RANDOM_FOLDS)]
    return [split for split in found if is_usable(table, split)]


def is_usable(table: Table, split: Split) -> bool:
    return bool(len(split.test)) and table.take(split.train).rarer >= LEAST_CLASS


def split_at(table: Table, begins: float, ends: float, *, seed: int, embargo_days: float) -> Split:
    order = np.argsort(table.at, kind="stable")
    before, test = order[table.at[order] < begins], order[(table.at[order] >= begins) & (table.at[order] < ends)]
    # An outcome that nobody could know when the test began teaches nothing; what is not dated was known at once.
    known_at = np.where(np.isnan(table.known_at), table.at, table.known_at)
    train = before[known_at[before] + embargo_days * DAY <= begins]
    kept_train, kept_test = apart(table.groups, train, test, seed=seed)
    left_out = len(train) + len(test) - len(kept_train) - len(kept_test)
    return Split(kept_train, kept_test, begins, len(before) - len(train), left_out)


def apart(groups: NDArray[np.int64], train: Rows, test: Rows, *, seed: int) -> tuple[Rows, Rows]:
    straddles = np.intersect1d(groups[train], groups[test])
    heads = chances(straddles, seed) < 0.5
    return train[~np.isin(groups[train], straddles[heads])], test[~np.isin(groups[test], straddles[~heads])]


def chances(groups: NDArray[np.int64], seed: int) -> Floats:
    """A number from 0 to 1 for each group, the same wherever and whenever it is asked for (SplitMix64, Steele 2014)."""
    mixed = groups.astype(np.uint64) + np.uint64((seed + 1) * 0x9E3779B97F4A7C15 % 2**64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return ((mixed ^ (mixed >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) / 2**53
