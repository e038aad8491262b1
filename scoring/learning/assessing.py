"""The figures of a model on rows it has not seen, beside those of the rules."""

from dataclasses import asdict
from typing import Any

import numpy as np

from scoring.learning.metrics import (
    Labels,
    auc,
    auc_interval,
    average_precision,
    brier,
    brier_skill,
    calibration_slope,
    expected_calibration_error,
    hits_from_the_top,
    lift_at,
    log_loss,
    reliability,
    share_in_top_half,
)
from scoring.learning.table import Floats, Table

LIFTS = (0.1, 0.2, 0.3)
# Points a curve is drawn by.
CURVE = np.linspace(0, 1, 51)


def figures_of(table: Table, shares: Floats) -> dict[str, Any]:
    """All figures as JSON; None where a figure cannot be said, as with one class only."""
    labels = table.labels
    low, high = auc_interval(labels, shares) or (None, None)
    rules_low, rules_high = auc_interval(labels, table.rules) or (None, None)
    return {
        "rows": len(table),
        "positives": table.positives,
        "auc": auc(labels, shares),
        "auc_low": low,
        "auc_high": high,
        "rules_auc": auc(labels, table.rules),
        "rules_auc_low": rules_low,
        "rules_auc_high": rules_high,
        "average_precision": average_precision(labels, shares),
        "brier": brier(labels, shares),
        "brier_skill": brier_skill(labels, shares),
        "log_loss": log_loss(labels, shares),
        "lift": {f"{share:.0%}": lift_at(labels, shares, share) for share in LIFTS},
        "top_half": share_in_top_half(labels, shares),
        "calibration_error": expected_calibration_error(labels, shares),
        "calibration_slope": calibration_slope(labels, shares),
        "observed": float(labels.mean()),
        "predicted": float(shares.mean()),
        "reliability": [asdict(one) for one in reliability(labels, shares)],
        "gain": gain(labels, shares),
        "rules_gain": gain(labels, table.rules),
    }


def gain(labels: Labels, scores: Floats) -> list[list[float]]:
    """[share of leads taken from the top, share of the positives among them], from 0, 0 to 1, 1."""
    if not labels.any():
        return []
    hits, reached = hits_from_the_top(labels, scores)
    found = np.interp(CURVE, np.append(0, reached / len(labels)), np.append(0, hits / labels.sum()))
    return [[round(float(taken), 4), round(float(share), 6)] for taken, share in zip(CURVE, found, strict=True)]
