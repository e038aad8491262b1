"""Fitting a calibration to log-odds told for rows that came after those the model learnt from (METRICS.md L9)."""

from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.isotonic import IsotonicRegression

from scoring.learning.calibration import MOST_LOG_ODDS, Beta, Calibration, Isotonic, calibrated
from scoring.learning.metrics import Z95, both_classes, logit, sigmoid
from scoring.learning.table import Floats

# Isotonic regression needs so many rows not to memorise them.
ISOTONIC_ROWS = 1_000
# What speaks for leaving the model's own figures alone, as some 250 rows would: a calibration learnt from few rows does
# more harm than good.
PRIOR = 60.0


def calibration_for(raw: Floats, labels: NDArray[np.int8], *, tied: bool) -> Calibration:
    """The calibration for rows in order of time.

    ``tied``: a = b, the sigmoid, for models that are logistic already.
    """
    if not both_classes(labels):
        return Beta()
    half = len(raw) // 2
    if len(raw) >= ISOTONIC_ROWS and both_classes(labels[:half]) and isotonic_wins(raw, labels, half, tied=tied):
        return fit_isotonic(raw, labels)
    return fit_beta(raw, labels, tied=tied)


def isotonic_wins(raw: Floats, labels: NDArray[np.int8], half: int, *, tied: bool) -> bool:
    """Whether it has the lower Brier score on the later rows, learnt from the earlier, by more than chance explains."""
    beta, isotonic = fit_beta(raw[:half], labels[:half], tied=tied), fit_isotonic(raw[:half], labels[:half])
    missed = [(calibrated(rival, raw[half:]) - labels[half:]) ** 2 for rival in (beta, isotonic)]
    gain = missed[0] - missed[1]
    return bool(gain.mean() > Z95 * gain.std() / sqrt(len(gain)))


def fit_beta(raw: Floats, labels: NDArray[np.int8], *, tied: bool = False) -> Beta:
    """Likeliest a, b >= 0 and c, drawn towards 1, 1, 0 by ``PRIOR``."""
    basis = np.column_stack([-np.logaddexp(0, -raw), np.logaddexp(0, raw), np.ones(len(raw))])
    if tied:
        basis = np.column_stack([basis[:, 0] + basis[:, 1], basis[:, 2]])
    identity = np.append(np.ones(basis.shape[1] - 1), 0.0)

    def loss(weights: Floats) -> tuple[float, Floats]:
        told = basis @ weights
        away = weights - identity
        value = np.logaddexp(0, told).sum() - told @ labels + PRIOR / 2 * away @ away
        return float(value), basis.T @ (sigmoid(told) - labels) + PRIOR * away

    bounds = [(0.0, None)] * (basis.shape[1] - 1) + [(None, None)]
    found = minimize(loss, identity, jac=True, bounds=bounds, method="L-BFGS-B", options={"ftol": 1e-14, "gtol": 1e-8})
    *slopes, c = (float(weight) for weight in found.x)
    return Beta(slopes[0], slopes[-1], c)


def fit_isotonic(raw: Floats, labels: NDArray[np.int8]) -> Isotonic:
    """The steps of isotonic regression, each at the mean of its log-odds, with half a row of either outcome added."""
    fitted = IsotonicRegression().fit_transform(raw, labels)
    steps, place, rows = np.unique(fitted, return_inverse=True, return_counts=True)
    at = np.bincount(place, raw) / rows
    shares = (np.bincount(place, labels) + 0.5) / (rows + 1)
    # Smoothing may bring a short step below the one before it.
    told = np.maximum.accumulate(logit(shares)).clip(-MOST_LOG_ODDS, MOST_LOG_ODDS)
    return Isotonic(tuple(at.tolist()), tuple(told.tolist())) if len(steps) else Isotonic((0.0,), (0.0,))
