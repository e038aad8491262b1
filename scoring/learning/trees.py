"""A gradient-boosted model: LightGBM's own text, and how features become its numbers."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import lightgbm
import numpy as np

from scoring.learning.scorecard import Steps, shape_as_json, shape_from_json
from scoring.learning.table import Column, Columns, Floats, Kind

# So many rows are made ready at a time, to bound memory.
BLOCK = 100_000


@dataclass(frozen=True)
class Plain:
    """A number or flag as it is; trees know missing values."""

    feature: str
    kind: Kind

    def of(self, column: Column) -> Floats:
        return column.numbers()


Input = Plain | Steps


@dataclass(frozen=True)
class Trees:
    """``text``: LightGBM's model; ``inputs``: its columns in order, levels of categories by what they were worth.

    ``shift`` is added to what it tells, where it learnt from thinned rows.
    """

    method: ClassVar[str] = "boosted"
    kind: ClassVar[str] = "trees"
    inputs: tuple[Input, ...]
    text: str
    shift: float = 0.0

    @property
    def features(self) -> dict[str, Kind]:
        return {one.feature: one.kind for one in self.inputs}

    @cached_property
    def booster(self) -> lightgbm.Booster:
        return lightgbm.Booster(model_str=self.text)

    def log_odds(self, columns: Columns) -> Floats:
        rows = len(next(iter(columns.values())).values) if columns else 0
        blocks = [slice(start, start + BLOCK) for start in range(0, rows, BLOCK)]
        told = [self.booster.predict(self.matrix(columns, block), raw_score=True) for block in blocks]
        return self.shift + np.concatenate(told) if told else np.empty(0)

    def matrix(self, columns: Columns, rows: slice) -> Floats:
        found = [columns[one.feature] for one in self.inputs]
        parts = [
            one.of(Column(column.kind, column.values[rows])) for one, column in zip(self.inputs, found, strict=True)
        ]
        return np.column_stack(parts)

    def parts(self, columns: Columns) -> tuple[float, dict[str, Floats]]:
        """By TreeSHAP (Lundberg et al. 2020): the mean over the rows learnt from, and what each adds in a row."""
        *added, base = np.asarray(self.booster.predict(self.matrix(columns, slice(None)), pred_contrib=True)).T
        return float(base[0]) + self.shift, dict(zip(self.features, added, strict=True))

    def as_json(self) -> dict[str, Any]:
        inputs = [shape_as_json(one) if isinstance(one, Steps) else vars(one) for one in self.inputs]
        return {"inputs": inputs, "trees": self.text, "shift": self.shift}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Trees":
        return cls(tuple(input_from_json(one) for one in data["inputs"]), data["trees"], data["shift"])


def input_from_json(data: dict[str, Any]) -> Input:
    if data["kind"] == "category":
        shape = shape_from_json(data)
        assert isinstance(shape, Steps)
        return shape
    return Plain(data["feature"], data["kind"])
