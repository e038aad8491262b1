"""How well shares foretell outcomes (METRICS.md L8, L12).

``labels`` are 0 or 1, ``scores`` any figure that ranks, ``shares`` probabilities; one entry a row. What cannot be said
(one class only, no rows) is None. Ties count half wherever rows are ranked, so the order of rows never matters.
"""

from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.learning.table import Floats

Labels = NDArray[Any]
Z95 = 1.959963984540054
# An empty bin would make the index infinite (METRICS.md L12).
LEAST_SHARE = 1e-4


def auc(labels: Labels, scores: Floats) -> float | None:
    """How often a positive row ranks above a negative one."""
    positives, negatives = scores[labels == 1], scores[labels == 0]
    if not len(positives) or not len(negatives):
        return None
    ranks = midranks(np.concatenate([positives, negatives]))
    least = len(positives) * (len(positives) + 1) / 2
    return float((ranks[: len(positives)].sum() - least) / (len(positives) * len(negatives)))


def auc_interval(labels: Labels, scores: Floats) -> tuple[float, float] | None:
    """95 % by DeLong et al. (1988), computed by midranks (Sun and Xu 2014); needs two rows of each class."""
    positives, negatives = scores[labels == 1], scores[labels == 0]
    m, n = len(positives), len(negatives)
    if m < 2 or n < 2:
        return None
    ranks = midranks(np.concatenate([positives, negatives]))
    # Of each positive row the share of negative rows below it, and the other way round.
    below = (ranks[:m] - midranks(positives)) / n
    above = 1 - (ranks[m:] - midranks(negatives)) / m
    spread = Z95 * sqrt(below.var(ddof=1) / m + above.var(ddof=1) / n)
    middle = float(below.mean())
    return max(0.0, middle - spread), min(1.0, middle + spread)


def average_precision(labels: Labels, scores: Floats) -> float | None:
    """Precision averaged over the steps of recall; tied rows are one step."""
    positives = labels.sum()
    if not positives:
        return None
    hits, reached = hits_from_the_top(labels, scores)
    return float((np.diff(hits, prepend=0) * hits / reached).sum() / positives)


def brier(labels: Labels, shares: Floats) -> float | None:
    return float(((shares - labels) ** 2).mean()) if len(labels) else None


def brier_skill(labels: Labels, shares: Floats) -> float | None:
    """1 is perfect, 0 no better than telling everybody the share of positives, below 0 worse."""
    if not both_classes(labels):
        return None
    rate = labels.mean()
    return float(1 - ((shares - labels) ** 2).mean() / (rate * (1 - rate)))


def log_loss(labels: Labels, shares: Floats) -> float | None:
    if not len(labels):
        return None
    sure = np.clip(shares, 1e-15, 1 - 1e-15)
    return float(-np.where(labels == 1, np.log(sure), np.log1p(-sure)).mean())


def lift_at(labels: Labels, scores: Floats, share: float) -> float | None:
    """How many times more positives the best ``share`` of the rows holds than any such share."""
    return hits_among(labels, scores, share) / (ceil(share * len(labels)) * labels.mean()) if labels.any() else None


def share_in_top_half(labels: Labels, scores: Floats) -> float | None:
    return hits_among(labels, scores, 0.5) / float(labels.sum()) if labels.any() else None


def hits_among(labels: Labels, scores: Floats, share: float) -> float:
    """Positives among the best ``share`` of the rows; of rows tied at its edge, what chance would pick."""
    hits, reached = hits_from_the_top(labels, scores)
    return float(np.interp(ceil(share * len(labels)), np.append(0, reached), np.append(0, hits)))


def hits_from_the_top(labels: Labels, scores: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each distinct score from the highest: positives and rows with this score or a higher one."""
    order = np.argsort(-scores, kind="stable")
    ranked = scores[order]
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    return np.cumsum(labels[order], dtype=np.int64)[last], last + 1


def midranks(values: Floats) -> Floats:
    """Ranks from 1; equal values share the mean of their ranks."""
    _, place, many = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(many) - (many - 1) / 2)[place]


@dataclass(frozen=True)
class Bin:
    """Rows of about one predicted share: how many, the share predicted and seen, and 95 % of where the seen may lie."""

    rows: int
    predicted: float
    observed: float
    low: float
    high: float


def reliability(labels: Labels, shares: Floats, bins: int = 10) -> list[Bin]:
    """Bins of about equally many rows, by rising share; equal shares stay together."""
    if not len(labels):
        return []
    edges = np.unique(np.quantile(shares, np.linspace(0, 1, bins + 1)[1:-1], method="lower"))
    place = np.searchsorted(edges, shares, side="left")
    return [bin_of(labels[place == index], shares[place == index]) for index in np.unique(place)]


def bin_of(labels: Labels, shares: Floats) -> Bin:
    low, high = wilson(int(labels.sum()), len(labels))
    return Bin(len(labels), float(shares.mean()), float(labels.mean()), low, high)


def wilson(hits: int, rows: int) -> tuple[float, float]:
    """95 % interval of a share, Wilson (1927)."""
    rate, weight = hits / rows, Z95**2 / rows
    middle = (rate + weight / 2) / (1 + weight)
    spread = Z95 * sqrt(rate * (1 - rate) / rows + weight / (4 * rows)) / (1 + weight)
    return max(0.0, middle - spread), min(1.0, middle + spread)


def expected_calibration_error(labels: Labels, shares: Floats, bins: int = 10) -> float | None:
    """Mean distance between predicted and seen share over the bins of the reliability curve, by rows."""
    curve = reliability(labels, shares, bins)
    return sum(one.rows * abs(one.observed - one.predicted) for one in curve) / len(labels) if curve else None


def calibration_slope(labels: Labels, shares: Floats) -> float | None:
    """Slope of a logistic regression of the outcome on the log-odds told: 1 is right, below 1 too sure of itself."""
    told = logit(np.clip(shares, 1e-9, 1 - 1e-9))
    if not both_classes(labels) or np.ptp(told) < 1e-9:
        return None
    design = np.column_stack([np.ones(len(told)), told])
    line = np.array([0.0, 1.0])
    for _ in range(50):
        fitted = sigmoid(design @ line)
        weight = np.maximum(fitted * (1 - fitted), 1e-12)
        step = np.linalg.solve(design.T @ (design * weight[:, None]), design.T @ (labels - fitted))
        line += np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-10:
            return float(line[1])
    # It runs away where the outcomes are told apart without a mistake.
    return None


def psi(expected: Floats, actual: Floats) -> float:
    """Population stability index of the shares per bin: below 0.1 stable, 0.1 to 0.25 watch, above shifted."""
    expected, actual = (np.maximum(shares, LEAST_SHARE) for shares in (np.asarray(expected), np.asarray(actual)))
    return float(((actual - expected) * np.log(actual / expected)).sum())


def both_classes(labels: Labels) -> bool:
    return bool(len(labels)) and 0 < labels.sum() < len(labels)


def logit(shares: Floats) -> Floats:
    return np.log(shares) - np.log1p(-shares)


def sigmoid(log_odds: Floats) -> Floats:
    # Without exp of a large number on either side.
    small = np.exp(-np.abs(log_odds))
    return np.where(log_odds >= 0, 1 / (1 + small), small / (1 + small))
