import numpy as np
import pytest

from scoring.learning.drift import MOST_LEVELS, Reference, reference_of
from scoring.learning.metrics import psi
from scoring.learning.table import Column
from tests.scoring.learning.tables import leads


def test_the_rows_learnt_from_do_not_drift_from_themselves():
    columns, shares = leads(2_000).columns, np.random.default_rng(1).random(2_000)
    drift = reference_of(columns, shares).drift(columns, shares)
    assert drift == {"score": 0.0, "features": {"country": 0.0, "demo": 0.0, "employees": 0.0, "noise": 0.0}}


def test_chance_is_stable_and_another_market_is_not():
    columns, shares = leads(2_000).columns, np.random.default_rng(1).random(2_000)
    other = dict(leads(2_000, seed=2).columns)
    other["employees"] = Column("number", other["employees"].values * 3)
    other["country"] = Column("category", np.where(np.arange(2_000) % 2, other["country"].values, "us"))
    drift = reference_of(columns, shares).drift(other, shares**2)
    assert drift["features"]["noise"] < 0.02
    assert drift["features"]["demo"] < 0.02
    assert min(drift["score"], drift["features"]["employees"], drift["features"]["country"]) > 0.25


def test_bins_are_those_of_the_rows_learnt_from():
    learnt = Column("category", np.array(["a"] * 2 + ["b"] * 5 + [None] * 3, dtype=object))
    now = Column("category", np.array(["a"] * 1 + ["b"] * 6 + ["new"] * 3, dtype=object))
    reference = reference_of({"x": learnt}, np.full(10, 0.5))
    expected = psi(np.array([0.5, 0.2, 0.0, 0.3]), np.array([0.6, 0.1, 0.3, 0.0]))
    assert reference.drift({"x": now}, np.full(10, 0.5))["features"] == {"x": pytest.approx(expected)}


def test_a_field_no_longer_given_is_left_out_and_levels_are_bounded():
    pages = Column("category", np.array([f"page {row % 300}" for row in range(900)], dtype=object))
    reference = reference_of({"page": pages, "gone": Column("number", np.arange(900.0))}, np.full(900, 0.5))
    assert len(reference.features["page"].levels) == MOST_LEVELS
    assert reference.drift({"page": pages}, np.full(900, 0.5))["features"] == {"page": 0.0}
    assert Reference.from_json(reference.as_json()) == reference
