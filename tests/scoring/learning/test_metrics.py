import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from scoring.learning.metrics import (
    Bin,
    auc,
    auc_interval,
    average_precision,
    brier,
    brier_skill,
    calibration_slope,
    expected_calibration_error,
    lift_at,
    log_loss,
    logit,
    psi,
    reliability,
    share_in_top_half,
    sigmoid,
    wilson,
)

LABELS = np.array([1, 1, 0, 1, 0, 0, 0, 0, 1, 0])
SHARES = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.35, 0.1])

outcomes = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 20)), min_size=2, max_size=60).filter(
    lambda rows: 0 < sum(label for label, _ in rows) < len(rows)
)


def arrays(rows):
    return np.array([label for label, _ in rows]), np.array([score / 20 for _, score in rows])


def test_l8_figures_of_ten_rows():
    assert auc(LABELS, SHARES) == pytest.approx(0.833333, abs=1e-6)
    assert average_precision(LABELS, SHARES) == pytest.approx(0.830357, abs=1e-6)
    assert brier(LABELS, SHARES) == pytest.approx(0.16725, abs=1e-9)
    assert brier_skill(LABELS, SHARES) == pytest.approx(0.303125, abs=1e-9)
    assert log_loss(LABELS, SHARES) == pytest.approx(0.498228, abs=1e-6)
    assert lift_at(LABELS, SHARES, 0.3) == pytest.approx(1.6667, abs=1e-4)
    assert share_in_top_half(LABELS, SHARES) == 0.75


def test_l12_population_stability_index():
    assert psi(np.array([0.2, 0.5, 0.3]), np.array([0.1, 0.6, 0.3])) == pytest.approx(0.087547, abs=1e-6)


def test_l12_an_empty_bin_is_no_infinity():
    assert psi(np.array([0.5, 0.5, 0.0]), np.array([0.5, 0.4, 0.1])) == pytest.approx(
        0.1 * np.log(0.5 / 0.4) + 0.0999 * np.log(0.1 / 1e-4)
    )


@given(outcomes)
@settings(deadline=None)
def test_scikit_learn_agrees_also_on_ties(rows):
    labels, scores = arrays(rows)
    assert auc(labels, scores) == pytest.approx(reference.roc_auc_score(labels, scores))
    assert average_precision(labels, scores) == pytest.approx(reference.average_precision_score(labels, scores))


@given(outcomes)
def test_only_the_order_of_scores_counts_for_auc(rows):
    labels, scores = arrays(rows)
    assert auc(labels, np.exp(3 * scores) - 7) == auc(labels, scores)


@given(outcomes, st.randoms())
@settings(deadline=None)
def test_the_order_of_rows_does_not_count(rows, random):
    mixed = random.sample(rows, len(rows))
    for figure in (auc, average_precision, share_in_top_half, lambda *both: lift_at(*both, 0.3)):
        assert figure(*arrays(mixed)) == pytest.approx(figure(*arrays(rows)))


@given(outcomes)
def test_the_interval_holds_its_auc(rows):
    labels, scores = arrays(rows)
    interval = auc_interval(labels, scores)
    if 2 <= labels.sum() <= len(labels) - 2:
        assert interval[0] <= auc(labels, scores) + 1e-12
        assert auc(labels, scores) <= interval[1] + 1e-12
    else:
        assert interval is None


def test_the_interval_covers_the_truth_nineteen_times_of_twenty():
    random = np.random.default_rng(3)
    labels = np.repeat([1, 0], 60)
    # Normal scores one deviation apart have an AUC of 0.7602.
    found = [auc_interval(labels, random.normal(size=120) + labels) for _ in range(400)]
    assert 0.92 <= np.mean([low <= 0.76025 <= high for low, high in found]) <= 0.98


def test_nothing_is_said_of_one_class_or_no_rows():
    ones, none = np.ones(3, dtype=int), np.empty(0)
    assert (auc(ones, SHARES[:3]), auc_interval(ones, SHARES[:3]), brier_skill(ones, SHARES[:3])) == (None, None, None)
    assert (auc(none, none), brier(none, none), log_loss(none, none), lift_at(none, none, 0.3)) == (None,) * 4
    assert (reliability(none, none), expected_calibration_error(none, none), calibration_slope(none, none)) == (
        [],
        None,
        None,
    )


def test_all_alike_ranks_nobody():
    alike = np.full(10, 0.4)
    assert (auc(LABELS, alike), lift_at(LABELS, alike, 0.3), share_in_top_half(LABELS, alike)) == (0.5, 1.0, 0.5)
    assert calibration_slope(LABELS, alike) is None


def test_reliability_counts_every_row_once_and_keeps_equal_shares_together():
    labels, shares = np.array([0, 1, 0, 1, 1, 1]), np.array([0.2, 0.2, 0.2, 0.8, 0.8, 0.9])
    assert reliability(labels, shares, 3) == [
        Bin(3, pytest.approx(0.2), pytest.approx(1 / 3), *wilson(1, 3)),
        Bin(2, pytest.approx(0.8), 1.0, *wilson(2, 2)),
        Bin(1, pytest.approx(0.9), 1.0, *wilson(1, 1)),
    ]
    assert expected_calibration_error(labels, shares, 3) == pytest.approx((3 * (1 / 3 - 0.2) + 2 * 0.2 + 0.1) / 6)


def test_wilson_by_hand():
    # (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n) with 12 of 80: (0.15 + 0.0240 ± 0.0812) / 1.0480.
    assert wilson(12, 80) == (pytest.approx(0.0879, abs=1e-4), pytest.approx(0.2441, abs=1e-4))
    assert wilson(0, 10)[0] == 0.0


def test_the_slope_says_how_much_too_sure_shares_are():
    random = np.random.default_rng(5)
    odds = random.normal(0, 1.5, 50_000)
    labels = (random.random(50_000) < sigmoid(odds)).astype(int)
    assert calibration_slope(labels, sigmoid(odds)) == pytest.approx(1, abs=0.03)
    assert calibration_slope(labels, sigmoid(2 * odds)) == pytest.approx(0.5, abs=0.02)
    assert calibration_slope(np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.8, 0.9])) is None


@given(st.floats(-30, 30))
def test_sigmoid_and_logit_undo_each_other(log_odds):
    assert logit(sigmoid(np.array([log_odds])))[0] == pytest.approx(log_odds, abs=1e-2 if log_odds > 15 else 1e-6)
