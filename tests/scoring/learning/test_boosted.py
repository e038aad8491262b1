import numpy as np
import pytest

from scoring.learning.additive import Ridge
from scoring.learning.boosted import (
    SMOOTHING,
    STATISTIC_FOLDS,
    Boosting,
    best_boosting,
    coded,
    worth_of_levels,
    worth_out_of_fold,
)
from scoring.learning.metrics import auc
from scoring.learning.splitting import chances
from scoring.learning.table import Column
from tests.scoring.learning.tables import leads, table_of

SMALL = Boosting(leaves=4, rounds=30, step=0.1, seed=1)


def categories(values):
    return Column("category", np.array(values, dtype=object))


def test_a_level_is_worth_its_own_outcomes_mixed_with_all():
    worth = worth_of_levels("page", categories(["a"] * 60 + ["b"] * 30 + [None] * 8), np.repeat([1, 0], [49, 49]))
    # "a" has 49 of 60, "b" none of 30; the general share is a half.
    assert worth.log_odds == pytest.approx({"a": np.log(59 / 21), "b": np.log(10 / 40)})
    assert (worth.other, worth.missing) == pytest.approx((0.0, np.log(SMOOTHING / 2 / (SMOOTHING / 2 + 8))))


def test_a_row_does_not_tell_itself_its_outcome():
    """Each row a level of its own: what others say of it is nothing."""
    table = table_of({"id": categories([f"id {row}" for row in range(400)])}, np.arange(400) % 2)
    worth = worth_out_of_fold(table.columns["id"], table, 1)
    assert 0.4 < auc(table.labels, worth) < 0.6


def test_out_of_fold_is_what_the_other_folds_teach():
    table = leads(500)
    country = table.columns["country"]
    worth = worth_out_of_fold(country, table, 3)
    fold = np.floor(chances(table.groups, 5) * STATISTIC_FOLDS)
    inside, outside = np.flatnonzero(fold == 2), np.flatnonzero(fold != 2)
    others = worth_of_levels("country", categories(country.values[outside]), table.labels[outside])
    assert worth[inside] == pytest.approx(others.of(categories(country.values[inside])))


def test_missing_comes_after_the_last_level():
    levels, codes = coded(categories(["b", None, "a", "", 7]))
    assert (levels, codes.tolist()) == (["7", "a", "b"], [2, 3, 1, 3, 0])


def test_interplay_is_what_trees_find_and_the_scorecard_does_not():
    table, fresh = leads(3_000, interplay=True), leads(3_000, seed=2, interplay=True)
    boosting = best_boosting(table.take(np.arange(2_400)), table.take(np.arange(2_400, 3_000)), seed=1)
    trees, card = (recipe.fit(table).log_odds(fresh.columns) for recipe in (boosting, Ridge(3.0)))
    assert auc(fresh.labels, trees) > auc(fresh.labels, card) + 0.1


def test_the_same_rows_make_the_same_text():
    assert SMALL.fit(leads(1_000)).text == SMALL.fit(leads(1_000)).text


def test_levels_never_seen_and_gaps_are_told():
    trees = SMALL.fit(leads(1_000))
    told = trees.log_odds(
        {
            "employees": Column("number", np.array([np.inf, np.nan, -1e300])),
            "country": categories(["nowhere", None, ""]),
            "demo": Column("flag", np.array([np.nan, 1, 0])),
            "noise": Column("number", np.full(3, np.nan)),
        }
    )
    assert np.isfinite(told).all()


def test_parts_add_up_to_what_is_told():
    table = leads(1_000)
    trees = SMALL.fit(table)
    base, parts = trees.parts(table.columns)
    assert base + sum(parts.values()) == pytest.approx(trees.log_odds(table.columns), abs=1e-9)
