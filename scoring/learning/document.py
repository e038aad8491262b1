"""A trained model as text: JSON, with LightGBM's own text inside; made to be kept, read and used for years."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from scoring.learning.calibration import Calibration, calibrated, calibration_from_json
from scoring.learning.drift import Reference
from scoring.learning.scorecard import Scorecard
from scoring.learning.table import Column, Columns, Floats, Kind

FORMAT = 1


class Model(Protocol):
    """What tells raw log-odds: a Scorecard, Trees, or a Blend of both."""

    @property
    def method(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def features(self) -> dict[str, Kind]: ...
    def log_odds(self, columns: Columns) -> Floats: ...
    def parts(self, columns: Columns) -> tuple[float, dict[str, Floats]]: ...
    def as_json(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Document:
    """All that is needed to tell shares: model, calibration, and what the rows learnt from looked like."""

    model: Model
    calibration: Calibration
    reference: Reference

    @property
    def method(self) -> str:
        return self.model.method

    @property
    def features(self) -> dict[str, Kind]:
        return self.model.features

    def to_text(self) -> str:
        """The same model gives the same text."""
        data = {
            "format": FORMAT,
            "kind": self.model.kind,
            "model": self.model.as_json(),
            "calibration": self.calibration.as_json(),
            "reference": self.reference.as_json(),
        }
        return json.dumps(data, ensure_ascii=False, allow_nan=False, sort_keys=True)

    @classmethod
    def from_text(cls, text: str) -> "Document":
        """Raises ValueError when the text is no model that this version can read."""
        try:
            data = json.loads(text)
            if data["format"] != FORMAT:
                raise ValueError(f"The model is of format {data['format']}, this version reads {FORMAT}.")
            model = model_from_json(data["kind"], data["model"])
            return cls(model, calibration_from_json(data["calibration"]), Reference.from_json(data["reference"]))
        except (KeyError, TypeError) as error:
            raise ValueError(f"The model's text is incomplete: {error}") from error


def digest_of(text: str) -> str:
    """Kept beside a model's text, to tell whether it is still the one that was trained."""
    return hashlib.sha256(text.encode()).hexdigest()


def model_from_json(kind: str, data: dict[str, Any]) -> Model:
    if kind == "scorecard":
        return Scorecard.from_json(data)
    # Only here: a web process that shows an additive model needs no LightGBM.
    from scoring.learning.blend import Blend
    from scoring.learning.trees import Trees

    kinds: dict[str, type[Blend] | type[Trees]] = {Blend.kind: Blend, Trees.kind: Trees}
    if kind not in kinds:
        raise ValueError(f"A model of an unknown kind: {kind!r}")
    return kinds[kind].from_json(data)


def predict(document: Document, columns: Columns) -> Floats:
    """The share of each row, 0 to 1. A feature that is not among ``columns`` (a deleted custom field) is missing."""
    return calibrated(document.calibration, document.model.log_odds(completed(document, columns)))


def completed(document: Document, columns: Columns) -> Mapping[str, Column]:
    rows = len(next(iter(columns.values())).values) if columns else 0
    return {name: fitting(columns.get(name), kind, rows) for name, kind in document.features.items()} or columns


def fitting(column: Column | None, kind: Kind, rows: int) -> Column:
    """The column if it is of the kind learnt from; a field that became another kind since is missing."""
    if column is not None and column.kind == kind:
        return column
    return Column(
        kind, np.full(rows, None if kind == "category" else np.nan, dtype=object if kind == "category" else float)
    )
