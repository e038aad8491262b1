"""How values become columns a linear model can weigh, and how its weights become a scorecard's shapes again.

- A number bends: beside the clipped value stands its rank, and the rank beyond each quantile. All are straight between
  the same knots, so any weighing of them is a curve through these knots. The outermost knots clip: a revenue of
  50,000,000 counts as the largest usual one.
- A level of a category has a column of its own once it is seen often enough; all rarer ones share one, which also
  stands for levels never seen. Missing is a level.
- A flag has a column for yes and one for missing.
"""

from collections import Counter
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from scoring.learning.scorecard import Curve, Shape, Steps, Switch
from scoring.learning.table import Column, Columns, Floats, is_missing

QUANTILES = (0.005, 0.1, 0.3, 0.5, 0.7, 0.9, 0.995)
# Rows a level needs to be weighed by itself; the most levels that are, of one category and of all together.
LEAST_ROWS = 10
MOST_LEVELS = 100
ALL_LEVELS = 400
LEAST_LEVELS = 5


class Encoder(Protocol):
    """Of one feature: its columns, and the shape that weights of these columns make."""

    @property
    def feature(self) -> str: ...
    @property
    def width(self) -> int: ...
    def encoded(self, column: Column) -> Floats: ...
    def shape(self, weights: Floats) -> Shape: ...


def encoders_of(columns: Columns) -> list[Encoder]:
    """One for each feature that says anything, by name, so that the order of columns does not matter."""
    categories = sum(column.kind == "category" for column in columns.values())
    levels = min(MOST_LEVELS, max(LEAST_LEVELS, ALL_LEVELS // max(categories, 1)))
    found = [encoder_of(name, columns[name], levels) for name in sorted(columns)]
    return [encoder for encoder in found if encoder]


def encoder_of(feature: str, column: Column, most_levels: int = MOST_LEVELS) -> Encoder | None:
    """None for a feature that is the same everywhere."""
    match column.kind:
        case "number":
            return bends_of(feature, column.numbers())
        case "category":
            return levels_of(feature, column, most_levels)
        case "flag":
            values = column.numbers()
            return YesNo(feature) if len(np.unique(values)) > 1 else None


def silent(columns: Columns) -> list[str]:
    """Features that are the same everywhere."""
    return [name for name, column in columns.items() if encoder_of(name, column) is None]


@dataclass(frozen=True)
class Bends:
    """A number: missing, clipped value, rank, and rank beyond each inner knot; all but the first scaled to spread 1."""

    feature: str
    knots: Floats
    ranks: Floats
    middle: Floats
    spread: Floats

    @property
    def width(self) -> int:
        return 1 + len(self.spread)

    def encoded(self, column: Column) -> Floats:
        values = column.numbers()
        missing = np.isnan(values)
        basis = self.basis(np.interp(np.where(missing, self.knots[0], values), self.knots, self.knots))
        return np.column_stack([missing, np.where(missing[:, None], 0.0, (basis - self.middle) / self.spread)])

    def basis(self, clipped: Floats) -> Floats:
        return number_basis(clipped, self.knots, self.ranks)

    def shape(self, weights: Floats) -> Curve:
        heights = ((self.basis(self.knots) - self.middle) / self.spread) @ weights[1:]
        return Curve(self.feature, tuple(self.knots.tolist()), tuple(heights.tolist()), float(weights[0]))


def number_basis(clipped: Floats, knots: Floats, ranks: Floats) -> Floats:
    rank = np.interp(clipped, knots, ranks)
    return np.column_stack([clipped, rank, *(np.maximum(rank - inner, 0.0) for inner in ranks[1:-1])])


def bends_of(feature: str, values: Floats) -> Bends | None:
    seen = values[~np.isnan(values)]
    if not len(seen) or (len(seen) == len(values) and np.ptp(seen) == 0):
        return None
    knots = knots_of(seen)
    # How much of the rows lies below each knot, half of those on it.
    ordered = np.sort(seen)
    ranks = (np.searchsorted(ordered, knots, "left") + np.searchsorted(ordered, knots, "right")) / (2 * len(seen))
    basis = number_basis(np.clip(seen, knots[0], knots[-1]), knots, ranks)
    spread = basis.std(axis=0)
    return Bends(feature, knots, ranks, basis.mean(axis=0), np.where(spread > 0, spread, 1.0))


def knots_of(seen: Floats) -> Floats:
    """Distinct quantiles; of the rest as well where nearly all values are one and the same, as counts often are."""
    knots = np.unique(np.quantile(seen, QUANTILES, method="lower"))
    usual = knots[np.argmax([(seen == knot).sum() for knot in knots])]
    rest = seen[seen != usual]
    if len(knots) < 4 and len(rest) >= LEAST_ROWS:
        knots = np.unique(np.append(knots, np.quantile(rest, (0.1, 0.5, 0.9), method="lower")))
    return knots


@dataclass(frozen=True)
class Levels:
    """A category: a column for each level kept, one for all others, one for missing."""

    feature: str
    kept: tuple[str, ...]

    @property
    def width(self) -> int:
        return len(self.kept) + 2

    def encoded(self, column: Column) -> Floats:
        levels = {level: place for place, level in enumerate(self.kept)}
        codes = column.codes(levels, other=len(levels), missing=len(levels) + 1)
        return np.eye(len(levels) + 2)[codes]

    def shape(self, weights: Floats) -> Steps:
        *kept, other, missing = weights.tolist()
        return Steps(self.feature, dict(zip(self.kept, kept, strict=True)), other, missing)


def levels_of(feature: str, column: Column, most: int = MOST_LEVELS) -> Levels | None:
    counts = Counter(column.values.tolist())
    if len({None if is_missing(value) else str(value) for value in counts}) < 2:
        return None
    ranked = sorted(
        (-rows, str(level)) for level, rows in counts.items() if not is_missing(level) and rows >= LEAST_ROWS
    )
    return Levels(feature, tuple(level for _, level in ranked[:most]))


@dataclass(frozen=True)
class YesNo:
    width: ClassVar[int] = 2
    feature: str

    def encoded(self, column: Column) -> Floats:
        values = column.numbers()
        return np.column_stack([values > 0, np.isnan(values)]).astype(np.float64)

    def shape(self, weights: Floats) -> Switch:
        yes, missing = weights.tolist()
        return Switch(self.feature, yes, 0.0, missing)
