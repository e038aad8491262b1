import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.learning.additive import PENALTIES, Ridge, encoded, path
from scoring.learning.encoding import LEAST_ROWS, MOST_LEVELS, encoder_of, encoders_of, knots_of, silent
from scoring.learning.metrics import auc, sigmoid
from scoring.learning.scorecard import Curve, Scorecard, Steps, Switch
from scoring.learning.table import Column
from tests.scoring.learning.tables import leads, table_of, truth_of


def numbers(*values):
    return Column("number", np.array(values, dtype=float))


def categories(*values):
    return Column("category", np.array(values, dtype=object))


def test_a_scorecard_is_looked_up_and_added():
    card = Scorecard(
        -1.0,
        (
            Curve("employees", (10.0, 100.0), (0.0, 0.9), 0.2),
            Steps("country", {"de": 0.5}, -0.1, 0.05),
            Switch("demo", 0.7, -0.3, 0.0),
        ),
    )
    columns = {
        "employees": numbers(55, 5, 50_000_000, np.nan, np.inf),
        "country": categories("de", "xx", None, "de", ""),
        "demo": Column("flag", np.array([1, 0, np.nan, 1, 0])),
    }
    assert card.log_odds(columns) == pytest.approx([0.65, -1.4, -0.05, 0.4, -1.05])
    assert Scorecard.from_json(card.as_json()) == card
    assert np.mean(sum(card.centred(columns).parts(columns)[1].values())) == pytest.approx(0, abs=1e-12)
    assert card.centred(columns).log_odds(columns) == pytest.approx(card.log_odds(columns))


def test_the_scorecard_says_what_the_regression_says():
    table = leads(800)
    encoders = encoders_of(table.columns)
    matrix = encoded(encoders, table.columns, len(table))
    from scoring.learning.additive import weigh

    base, weights = weigh(matrix, table.labels, 3.0)
    assert Ridge(3.0).fit(table).log_odds(table.columns) == pytest.approx(base + matrix @ weights, abs=1e-9)


def test_penalties_are_told_apart_in_one_go():
    table = leads(600)
    earlier, later = table.take(np.arange(400)), table.take(np.arange(400, 600))
    for penalty, told in zip(PENALTIES, path(earlier, later), strict=True):
        assert told == pytest.approx(Ridge(penalty).fit(earlier).log_odds(later.columns), abs=1e-9)


def test_it_bends():
    """The best leads lie in the middle, where no straight line finds them."""
    random = np.random.default_rng(1)
    values = random.normal(size=3_000)
    table = table_of({"x": Column("number", values)}, random.random(3_000) < sigmoid(1.5 - 2 * np.abs(values)))
    assert auc(table.labels, Ridge(1.0).fit(table).log_odds(table.columns)) > 0.68


def test_it_comes_close_to_the_truth():
    table, fresh = leads(4_000), leads(4_000, seed=2)
    told = Ridge(3.0).fit(table).log_odds(fresh.columns)
    assert auc(fresh.labels, told) > auc(fresh.labels, truth_of(fresh.columns)) - 0.01


def test_an_absurd_value_counts_as_the_largest_usual_one():
    table = leads(1_000)
    table.columns["employees"].values[7:9] = 50_000_000, 1e300
    card = Ridge(3.0).fit(table)
    curve = next(shape for shape in card.shapes if shape.feature == "employees")
    assert max(curve.at) < 10_000
    assert curve.of(numbers(50_000_000, 1e300)).tolist() == [curve.log_odds[-1], curve.missing]
    assert auc(table.labels, card.log_odds(table.columns)) > auc(table.labels, truth_of(table.columns)) - 0.02


def test_a_number_that_is_nearly_always_zero_still_has_a_curve():
    assert knots_of(np.concatenate([np.zeros(990), np.arange(1.0, 21.0)])).tolist() == [0, 2, 10, 14, 18]


def test_rare_levels_are_one_and_missing_is_a_level():
    values = ["de"] * 50 + ["fr"] * LEAST_ROWS + ["li"] * (LEAST_ROWS - 1) + [None] * 5
    encoder = encoder_of("country", categories(*values))
    assert encoder.kept == ("de", "fr")
    assert encoder.encoded(categories("de", "li", "nowhere", None, "")).tolist() == [
        [1, 0, 0, 0],
        [0, 0, 1, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 1],
        [0, 0, 0, 1],
    ]


def test_a_huge_number_of_levels_is_bounded():
    pages = categories(*(f"page {row // LEAST_ROWS}" for row in range(5_000)))
    assert len(encoder_of("page", pages).kept) == MOST_LEVELS
    many = {f"page {place}": pages for place in range(50)}
    assert [len(encoder.kept) for encoder in encoders_of(many)] == [8] * 50
    each_its_own = categories(*(f"id {row}" for row in range(500)))
    assert encoder_of("id", each_its_own).kept == ()


def test_what_is_the_same_everywhere_is_left_out():
    columns = {
        "nothing": numbers(np.nan, np.nan, np.inf),
        "constant": numbers(4, 4, 4),
        "one level": categories("a", "a", "a"),
        "no level": categories(None, "", None),
        "always": Column("flag", np.ones(3)),
        "given or not": numbers(4, np.nan, 4),
        "two": categories("a", None, "a"),
    }
    assert silent(columns) == ["nothing", "constant", "one level", "no level", "always"]


anything = st.lists(
    st.tuples(
        st.one_of(st.floats(), st.just(5e7)), st.one_of(st.none(), st.text(max_size=3)), st.sampled_from([0, 1, np.nan])
    ),
    min_size=4,
    max_size=40,
)


@given(anything, anything, st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_whatever_comes_is_learnt_from_and_told(learnt, told, seed):
    labels = np.random.default_rng(seed).permutation(np.arange(len(learnt)) % 2)
    card = Ridge(3.0).fit(table_of(columns_of(learnt), labels))
    assert np.isfinite(card.log_odds(columns_of(told))).all()


def columns_of(rows):
    amounts, names, flags = zip(*rows, strict=True)
    return {
        "amount": numbers(*amounts),
        "name": categories(*names),
        "flag": Column("flag", np.array(flags, dtype=float)),
    }
