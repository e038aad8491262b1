import numpy as np
import pytest

from scoring.learning.metrics import logit, sigmoid
from scoring.learning.table import Column
from scoring.learning.thinning import thinned
from tests.scoring.learning.tables import table_of


def test_l10_a_share_learnt_from_a_tenth_of_the_negatives():
    labels = np.repeat([1, 0], [100, 10_000])
    less, shift = thinned(table_of({"x": Column("number", np.arange(10_100.0))}, labels), 1_100)

    assert (less.positives, len(less)) == (100, 1_100)
    assert sigmoid(logit(np.array([0.6])) + shift)[0] == pytest.approx(0.130435, abs=1e-6)


def test_few_rows_are_kept_as_they_are():
    table = table_of({"x": Column("number", np.arange(10.0))}, np.arange(10) % 2)
    assert thinned(table, 10) == (table, 0.0)


def test_two_large_classes_are_halved_alike():
    table = table_of({"x": Column("number", np.arange(1_000.0))}, np.arange(1_000) % 2)
    less, shift = thinned(table, 100)
    assert (less.positives, len(less), shift) == (50, 100, 0.0)
    # Spread over all the time there is.
    assert less.columns["x"].values.min() < 5
    assert less.columns["x"].values.max() > 995
