"""One share taken apart (METRICS.md L11): base + parts == logit(share)."""

from dataclasses import dataclass

import numpy as np

from scoring.learning.calibration import Calibration
from scoring.learning.document import Document, completed
from scoring.learning.metrics import sigmoid
from scoring.learning.table import Columns, is_missing, taken


@dataclass(frozen=True)
class Part:
    """What one feature adds to the log-odds; ``value``: the row's, None where missing."""

    feature: str
    value: float | str | bool | None
    log_odds: float


@dataclass(frozen=True)
class Explanation:
    """``base``: the log-odds told of a typical lead. ``parts``: the largest first, up or down."""

    base: float
    parts: list[Part]
    share: float


def explain(document: Document, columns: Columns, row: int = 0) -> Explanation:
    """Why ``predict`` tells this share of one row.

    The model's own log-odds are raw base + raw parts, exactly. Calibration is a rising function of their sum, so every
    part is stretched by the same factor, the slope of calibration between the raw base and the row:
    (told(row) - told(base)) / (raw(row) - raw(base)). The stretched parts then add up to told(row) - told(base).
    """
    one = taken(completed(document, columns), np.array([row]))
    raw_base, raw_parts = document.model.parts(one)
    raw = float(document.model.log_odds(one)[0]) if one else raw_base
    told = float(document.calibration.log_odds(np.array([raw]))[0])
    stretch = slope_between(document.calibration, raw_base, raw)
    parts = [Part(feature, value_of(one, feature), stretch * float(part[0])) for feature, part in raw_parts.items()]
    parts.sort(key=lambda part: (-abs(part.log_odds), part.feature))
    return Explanation(told - sum(part.log_odds for part in parts), parts, float(sigmoid(np.array([told]))[0]))


def importance(document: Document, columns: Columns) -> list[tuple[str, float]]:
    """Each feature and by how much it moves the model's log-odds on the average of these rows, the largest first."""
    _, parts = document.model.parts(completed(document, columns))
    found = [(feature, float(np.abs(part).mean())) for feature, part in parts.items()]
    return sorted(found, key=lambda one: (-one[1], one[0]))


def slope_between(calibration: Calibration, base: float, raw: float) -> float:
    if abs(raw - base) < 1e-6:
        # The parts cancel out: any slope adds up, the one nearby is right.
        base, raw = base - 1e-3, base + 1e-3
    low, high = calibration.log_odds(np.array([base, raw])).tolist()
    return (high - low) / (raw - base)


def value_of(columns: Columns, feature: str) -> float | str | bool | None:
    column = columns[feature]
    if column.kind == "category":
        value = column.values[0]
        return None if is_missing(value) else str(value)
    number = float(column.numbers()[0])
    if np.isnan(number):
        return None
    return number > 0 if column.kind == "flag" else number
