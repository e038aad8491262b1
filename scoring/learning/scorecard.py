"""An additive model as a scorecard: for each feature what each value adds to the log-odds. Needs numpy only.

Numbers have a line through points, levels a figure each; predicting is looking up and adding, and so is explaining.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from scoring.learning.table import Column, Columns, Floats, Kind


@dataclass(frozen=True)
class Curve:
    """A number's log-odds: straight between the points ``at`` (rising), level beyond the first and the last."""

    kind: ClassVar[Kind] = "number"
    feature: str
    at: tuple[float, ...]
    log_odds: tuple[float, ...]
    missing: float

    def of(self, column: Column) -> Floats:
        values = column.numbers()
        return np.where(np.isnan(values), self.missing, np.interp(values, self.at, self.log_odds))

    def moved(self, by: float) -> "Curve":
        return Curve(self.feature, self.at, tuple(value + by for value in self.log_odds), self.missing + by)


@dataclass(frozen=True)
class Steps:
    """A category's log-odds by level; ``other`` stands for every level that was too rare or unknown to learn from."""

    kind: ClassVar[Kind] = "category"
    feature: str
    log_odds: dict[str, float]
    other: float
    missing: float

    def of(self, column: Column) -> Floats:
        figures = np.array([*self.log_odds.values(), self.other, self.missing])
        levels = {level: place for place, level in enumerate(self.log_odds)}
        return figures[column.codes(levels, other=len(levels), missing=len(levels) + 1)]

    def moved(self, by: float) -> "Steps":
        moved = {level: value + by for level, value in self.log_odds.items()}
        return Steps(self.feature, moved, self.other + by, self.missing + by)


@dataclass(frozen=True)
class Switch:
    """A flag's log-odds."""

    kind: ClassVar[Kind] = "flag"
    feature: str
    yes: float
    no: float
    missing: float

    def of(self, column: Column) -> Floats:
        values = column.numbers()
        return np.where(np.isnan(values), self.missing, np.where(values > 0, self.yes, self.no))

    def moved(self, by: float) -> "Switch":
        return Switch(self.feature, self.yes + by, self.no + by, self.missing + by)


Shape = Curve | Steps | Switch


@dataclass(frozen=True)
class Scorecard:
    """``base``: the log-odds of a typical lead; the shapes add what is particular."""

    method: ClassVar[str] = "additive"
    kind: ClassVar[str] = "scorecard"
    base: float
    shapes: tuple[Shape, ...]

    @property
    def features(self) -> dict[str, Kind]:
        return {shape.feature: shape.kind for shape in self.shapes}

    def log_odds(self, columns: Columns) -> Floats:
        rows = len(next(iter(columns.values())).values) if columns else 0
        total = np.full(rows, self.base)
        for shape in self.shapes:
            total += shape.of(columns[shape.feature])
        return total

    def parts(self, columns: Columns) -> tuple[float, dict[str, Floats]]:
        """The base, and what each feature adds in each row."""
        return self.base, {shape.feature: shape.of(columns[shape.feature]) for shape in self.shapes}

    def centred(self, columns: Columns) -> "Scorecard":
        """The same model with shapes that add nothing on the average of these rows: now up and down mean something."""
        means = [float(shape.of(columns[shape.feature]).mean()) for shape in self.shapes]
        moved = tuple(shape.moved(-mean) for shape, mean in zip(self.shapes, means, strict=True))
        return Scorecard(self.base + sum(means), moved)

    def as_json(self) -> dict[str, Any]:
        return {"base": self.base, "shapes": [shape_as_json(shape) for shape in self.shapes]}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Scorecard":
        return cls(float(data["base"]), tuple(shapes_from_json(data["shapes"])))


def shape_as_json(shape: Shape) -> dict[str, Any]:
    values: dict[str, Any]
    match shape:
        case Curve():
            values = {"at": list(shape.at), "log_odds": list(shape.log_odds)}
        case Steps():
            values = {"log_odds": shape.log_odds, "other": shape.other}
        case Switch():
            values = {"yes": shape.yes, "no": shape.no}
    return {"feature": shape.feature, "kind": shape.kind, **values, "missing": shape.missing}


def shapes_from_json(data: Iterable[dict[str, Any]]) -> list[Shape]:
    return [shape_from_json(one) for one in data]


def shape_from_json(data: dict[str, Any]) -> Shape:
    match data["kind"]:
        case "number":
            return Curve(data["feature"], tuple(data["at"]), tuple(data["log_odds"]), data["missing"])
        case "category":
            return Steps(data["feature"], dict(data["log_odds"]), data["other"], data["missing"])
        case "flag":
            return Switch(data["feature"], data["yes"], data["no"], data["missing"])
    raise ValueError(f"A shape of an unknown kind: {data['kind']!r}")
