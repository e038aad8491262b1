from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.learning.splitting import DAY, chances, folds, hold_out
from scoring.learning.table import Column
from tests.scoring.learning.tables import LONG_AGO, table_of


def table(days, *, groups=None, known_after=0.0):
    days = np.asarray(days, dtype=float)
    made = table_of({"x": Column("number", days)}, np.arange(len(days)) % 2, days=days)
    own = np.arange(len(days)) if groups is None else np.asarray(groups)
    return replace(made, known_at=made.at + known_after * DAY, groups=own)


def test_the_newest_fifth_tests():
    split = hold_out(table([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]), seed=1, embargo_days=0)
    assert (split.train.tolist(), split.test.tolist()) == ([9, 8, 7, 6, 5, 4, 3, 2], [1, 0])
    assert (split.begins, split.unknown, split.straddling) == (LONG_AGO + 8 * DAY, 0, 0)


def test_what_was_not_known_when_the_test_began_teaches_nothing():
    assert hold_out(table(range(10), known_after=2), seed=1, embargo_days=0).train.tolist() == [0, 1, 2, 3, 4, 5, 6]
    split = hold_out(table(range(10), known_after=2), seed=1, embargo_days=3)
    assert (split.train.tolist(), split.unknown) == ([0, 1, 2, 3], 4)


days = st.lists(st.integers(0, 60), min_size=10, max_size=60)


@given(days, st.integers(1, 12), st.integers(0, 5), st.integers(0, 20))
@settings(deadline=None)
def test_groups_never_straddle_and_nothing_later_teaches(days, groups, seed, known_after):
    rows = table(days, groups=np.arange(len(days)) * 7 % groups, known_after=known_after)
    split = hold_out(rows, seed=seed, embargo_days=1)
    by_time = split.begins is not None
    for one in [split, *folds(rows, seed=seed, embargo_days=1, by_time=by_time)]:
        assert not set(rows.groups[one.train]) & set(rows.groups[one.test])
        assert not set(one.train) & set(one.test)
        if one.begins is not None:
            assert (rows.known_at[one.train] + DAY <= one.begins).all()
            assert (rows.at[one.test] >= one.begins).all()
    told = [row for fold in folds(rows, seed=seed, embargo_days=1, by_time=by_time) for row in fold.test]
    assert len(told) == len(set(told))


@pytest.mark.parametrize(
    "days",
    [
        [3] * 200,
        np.linspace(0, 0.9, 200),
        [np.nan] * 200,
        [*range(199), np.nan],
        # Two imports: nearly all rows are of the later one.
        [0] * 20 + [30] * 180,
    ],
)
def test_without_usable_dates_groups_are_dealt_by_chance(days):
    rows = table(days, groups=np.arange(200) // 2)
    split = hold_out(rows, seed=3, embargo_days=0)
    assert split.begins is None
    assert 20 <= len(split.test) <= 60
    assert len(split.train) + len(split.test) == 200
    assert not set(rows.groups[split.train]) & set(rows.groups[split.test])
    assert hold_out(rows, seed=4, embargo_days=0).test.tolist() != split.test.tolist()


def test_rows_of_one_moment_stay_together():
    split = hold_out(table([0] * 70 + [5] * 30), seed=1, embargo_days=0)
    assert split.test.tolist() == list(range(70, 100))


def test_each_stretch_is_told_from_what_came_before():
    found = folds(table(range(100)), seed=1, embargo_days=0, by_time=True)
    assert [(len(fold.train), fold.test.min(), fold.test.max()) for fold in found] == [
        (54, 54, 68),
        (69, 69, 83),
        (84, 84, 99),
    ]


def test_where_outcomes_take_too_long_folds_are_dealt_by_chance():
    found = folds(table(range(100), known_after=500), seed=1, embargo_days=0, by_time=True)
    assert [fold.begins for fold in found] == [None] * 5
    assert sorted(row for fold in found for row in fold.test) == list(range(100))


def test_chances_are_even_and_depend_on_group_and_seed_alone():
    many = chances(np.arange(20_000), 7)
    assert np.histogram(many, bins=10, range=(0, 1))[0] == pytest.approx(2_000, rel=0.1)
    assert chances(np.array([5, -3, 2**62]), 7)[0] == many[5]
    assert chances(np.array([5]), 8)[0] != many[5]
