import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.learning.calibrating import calibration_for, fit_beta, fit_isotonic
from scoring.learning.calibration import Beta, Isotonic, calibrated, calibration_from_json
from scoring.learning.metrics import brier, calibration_slope, sigmoid

log_odds = st.lists(st.floats(-8, 8), min_size=2, max_size=40)


def outcomes(rows, *, stretch=1.0, seed=2):
    """Raw log-odds that exaggerate by ``stretch``, and what became of the rows."""
    random = np.random.default_rng(seed)
    true = random.normal(-1, 1.2, rows)
    return stretch * true, (random.random(rows) < sigmoid(true)).astype(np.int8)


@given(log_odds)
def test_l9_the_beta_family_holds_the_identity(raw):
    assert Beta(1, 1, 0).log_odds(np.array(raw)) == pytest.approx(np.array(raw), abs=1e-9)


def test_l9_beta_is_the_formula():
    share = np.array([0.1, 0.5, 0.93])
    told = 0.7 * np.log(share) - 1.4 * np.log(1 - share) + 0.3
    assert Beta(0.7, 1.4, 0.3).log_odds(np.log(share / (1 - share))) == pytest.approx(told)


def test_l9_what_is_right_is_left_alone():
    raw, labels = outcomes(4_000)
    beta = fit_beta(raw, labels)
    assert (beta.a, beta.b, beta.c) == (
        pytest.approx(1, abs=0.15),
        pytest.approx(1, abs=0.3),
        pytest.approx(0, abs=0.2),
    )


def test_a_boast_is_taken_back():
    raw, labels = outcomes(4_000, stretch=2.5)
    assert calibration_slope(labels, calibrated(fit_beta(raw, labels), raw)) == pytest.approx(1, abs=0.1)


def test_few_rows_change_little():
    raw, labels = outcomes(12)
    assert np.abs(fit_beta(raw, labels).log_odds(raw) - raw).max() < 0.5


def test_a_tied_beta_is_a_sigmoid():
    beta = fit_beta(*outcomes(500, stretch=2), tied=True)
    assert beta.a == beta.b


@given(st.lists(st.tuples(st.floats(-8, 8), st.integers(0, 1)), min_size=2, max_size=60))
@settings(max_examples=60, deadline=None)
def test_calibration_never_turns_an_order_round(rows):
    raw, labels = np.array([one for one, _ in rows]), np.array([label for _, label in rows], dtype=np.int8)
    for calibration in (fit_beta(raw, labels), fit_isotonic(raw, labels)):
        told = calibration.log_odds(np.sort(raw))
        assert np.isfinite(told).all()
        assert (np.diff(told) >= -1e-9).all()


def bent(rows, seed=4):
    """A model that is right only in steps, which no beta can follow."""
    random = np.random.default_rng(seed)
    raw = random.normal(0, 2, rows)
    return raw, (random.random(rows) < np.where(raw < -1, 0.05, np.where(raw < 1, 0.45, 0.5))).astype(np.int8)


def test_l9_isotonic_takes_a_thousand_rows_and_must_win():
    assert isinstance(calibration_for(*bent(6_000), tied=False), Isotonic)
    assert isinstance(calibration_for(*bent(900), tied=False), Beta)
    raw, labels = bent(6_000)
    fresh, truth = bent(6_000, seed=9)
    rivals = (fit_isotonic(raw, labels), fit_beta(raw, labels))
    isotonic, beta = (brier(truth, calibrated(one, fresh)) for one in rivals)
    assert isotonic < beta


@pytest.mark.parametrize("labels", [[0, 0, 0], [1, 1, 1], []])
def test_one_class_teaches_no_calibration(labels):
    assert calibration_for(np.zeros(len(labels)), np.array(labels, dtype=np.int8), tied=False) == Beta()


@pytest.mark.parametrize("calibration", [Beta(0.5, 1.25, -0.1), Isotonic((-1.0, 0.5), (-2.0, 0.25))])
def test_text_gives_the_same_calibration(calibration):
    assert calibration_from_json(calibration.as_json()) == calibration


def test_an_unknown_calibration_is_refused():
    with pytest.raises(ValueError, match="unknown kind"):
        calibration_from_json({"kind": "guess"})
