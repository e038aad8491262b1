"""How far leads have moved away from those a model learnt from (METRICS.md L12): PSI over fixed bins."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from scoring.learning.metrics import psi
from scoring.learning.table import Column, Columns, Floats, is_missing

BINS = 10
MOST_LEVELS = 20


@dataclass(frozen=True)
class Bins:
    """How the rows learnt from spread: over inner ``edges`` of numbers, or ``levels`` and all others; then missing."""

    shares: tuple[float, ...]
    edges: tuple[float, ...] = ()
    levels: tuple[str, ...] = ()

    def drift(self, column: Column) -> float:
        return psi(np.array(self.shares), spread(column, self.edges, self.levels))

    def as_json(self) -> dict[str, Any]:
        return {"shares": list(self.shares), "edges": list(self.edges), "levels": list(self.levels)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Bins":
        return cls(tuple(data["shares"]), tuple(data["edges"]), tuple(data["levels"]))


@dataclass(frozen=True)
class Reference:
    """The spread of the shares told and of each feature, over the rows learnt from."""

    score: Bins
    features: dict[str, Bins]

    def drift(self, columns: Columns, shares: Floats) -> dict[str, Any]:
        """{"score": PSI, "features": {name: PSI}}; a feature that is no longer given is left out."""
        features = {name: bins.drift(columns[name]) for name, bins in self.features.items() if name in columns}
        return {"score": self.score.drift(Column("number", shares)), "features": features}

    def as_json(self) -> dict[str, Any]:
        return {"score": self.score.as_json(), "features": {name: one.as_json() for name, one in self.features.items()}}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Reference":
        features = {name: Bins.from_json(one) for name, one in data["features"].items()}
        return cls(Bins.from_json(data["score"]), features)


def reference_of(columns: Columns, shares: Floats) -> Reference:
    features = {name: bins_of(columns[name]) for name in sorted(columns)}
    return Reference(bins_of(Column("number", shares)), features)


def bins_of(column: Column) -> Bins:
    edges: tuple[float, ...] = ()
    levels: tuple[str, ...] = ()
    if column.kind == "category":
        counts = Counter(str(value) for value in column.values.tolist() if not is_missing(value))
        ranked = sorted((-rows, level) for level, rows in counts.items())
        levels = tuple(level for _, level in ranked[:MOST_LEVELS])
    else:
        values = column.numbers()
        seen = values[~np.isnan(values)]
        inner = np.unique(np.quantile(seen, np.linspace(0, 1, BINS + 1)[1:-1], method="lower")) if len(seen) else seen
        edges = tuple(inner.tolist())
    return Bins(tuple(spread(column, edges, levels).tolist()), edges, levels)


def spread(column: Column, edges: tuple[float, ...], levels: tuple[str, ...]) -> Floats:
    """The share of rows in each bin; the last bin is missing, the one before it a category's other levels."""
    if column.kind == "category":
        places = column.codes(
            {level: place for place, level in enumerate(levels)}, other=len(levels), missing=len(levels) + 1
        )
        bins = len(levels) + 2
    else:
        values = column.numbers()
        bins = len(edges) + 2
        places = np.where(np.isnan(values), bins - 1, np.searchsorted(edges, values, side="left"))
    return np.bincount(places, minlength=bins) / max(len(places), 1)
