"""Naive Bayes as a scorecard (METRICS.md L3, after Odoo): what can be said while outcomes are few.

Each value is weighed by itself, as if the features had nothing to do with each other. That needs fewer outcomes than
weighing them together, and makes it too sure of itself, which calibration corrects.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import log
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from scoring.learning.encoding import encoder_of, levels_of
from scoring.learning.scorecard import Curve, Scorecard, Shape, Steps, Switch
from scoring.learning.table import Column, Floats, Table, is_missing

# Added to every count, so that what was never seen is unlikely and not impossible.
NEVER = 0.1
QUARTERS = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class Naive:
    """How to make a scorecard of frequencies alone; a missing value says nothing."""

    method: ClassVar[str] = "additive"

    def fit(self, table: Table) -> Scorecard:
        shapes = tuple(shape_of(name, table.columns[name], table.labels) for name in table.columns if told(name, table))
        prior = log((table.positives + NEVER) / (len(table) - table.positives + NEVER))
        return Scorecard(prior, tuple(sorted(shapes, key=lambda shape: shape.feature))).centred(table.columns)

    def settings(self) -> dict[str, Any]:
        return {"weights": "naive Bayes"}


def told(feature: str, table: Table) -> bool:
    return encoder_of(feature, table.columns[feature]) is not None


def shape_of(feature: str, column: Column, labels: NDArray[np.int8]) -> Shape:
    match column.kind:
        case "number":
            return curve_of(feature, column.numbers(), labels)
        case "flag":
            found = evidence_of(column.numbers() > 0, labels, ~np.isnan(column.numbers()))
            return Switch(feature, found.get(True, 0.0), found.get(False, 0.0), 0.0)
        case "category":
            return steps_of(feature, column, labels)


def steps_of(feature: str, column: Column, labels: NDArray[np.int8]) -> Steps:
    encoder = levels_of(feature, column)
    kept = set(encoder.kept) if encoder else set()
    known = np.array([not is_missing(value) for value in column.values.tolist()])
    # Rare levels are one.
    names = [str(value) if str(value) in kept else None for value in column.values.tolist()]
    found = evidence_of(names, labels, known)
    return Steps(feature, {name: found[name] for name in sorted(kept)}, found.get(None, 0.0), 0.0)


def curve_of(feature: str, values: Floats, labels: NDArray[np.int8]) -> Curve:
    """What each quarter of the values says stands at its median."""
    known = ~np.isnan(values)
    quarters = np.searchsorted(np.unique(np.quantile(values[known], QUARTERS)), values, side="left")
    found = evidence_of(quarters, labels, known)
    points = sorted(
        (float(np.median(values[known & (quarters == quarter)])), worth) for quarter, worth in found.items()
    )
    return Curve(feature, tuple(at for at, _ in points), tuple(worth for _, worth in points), 0.0)


def evidence_of(values: Iterable[Any], labels: NDArray[np.int8], known: NDArray[np.bool_]) -> dict[Any, float]:
    """For each known value what it adds to the log-odds."""
    rows = [(value, label) for value, label, one in zip(values, labels.tolist(), known.tolist(), strict=True) if one]
    won, lost = (Counter(value for value, label in rows if label == wanted) for wanted in (1, 0))
    levels = set(won) | set(lost)
    return evidence(
        {value: won[value] + NEVER for value in levels},
        {value: lost[value] + NEVER for value in levels},
    )


def evidence(won: dict[Any, float], lost: dict[Any, float]) -> dict[Any, float]:
    """ln of how much more frequent each value is among the won than among the lost, from counts by value."""
    won_in_all, lost_in_all = sum(won.values()), sum(lost.values())
    return {value: log(won[value] / won_in_all) - log(lost[value] / lost_in_all) for value in won}
