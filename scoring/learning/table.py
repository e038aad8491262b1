"""What is learnt from: one row a lead and moment, its features in columns, and what became of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["number", "category", "flag"]
# No lead has so many employees, euros or seconds; squares of larger numbers would overflow.
ABSURD = 1e15
Floats = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Column:
    """One feature of many leads.

    ``values``: of a number float64, nan where missing; of a category object, None where missing; of a flag 0, 1 or nan.
    """

    kind: Kind
    values: NDArray[Any]

    def numbers(self) -> Floats:
        """A number's or flag's values; what cannot be meant (an imported 1e999) counts as missing."""
        values = np.asarray(self.values, dtype=np.float64)
        return np.where(np.abs(values) < ABSURD, values, np.nan)

    def codes(self, levels: Mapping[str, int], *, missing: int, other: int) -> NDArray[np.int64]:
        """A category's values by number; ``other`` for a level that is not among ``levels``."""
        values = self.values.tolist()
        code = {value: missing if is_missing(value) else levels.get(str(value), other) for value in set(values)}
        return np.fromiter(map(code.__getitem__, values), dtype=np.int64, count=len(values))


Columns = Mapping[str, Column]


def is_missing(value: object) -> bool:
    # nan is the one value that differs from itself.
    return value is None or value == "" or value != value  # noqa: PLR0124


@dataclass(frozen=True)
class Table:
    """Leads with known outcomes. All arrays have one entry a row.

    ``labels``: 1 where the target was reached, 0 where not. ``at``: the moment the features stand for; ``known_at``:
    when the label could be known; both in epoch seconds, nan where unknown. ``groups``: rows of one group (a person, a
    company) are never both learnt from and tested on. ``rules``: the rule score as it was at ``at``.
    """

    columns: Columns
    labels: NDArray[np.int8]
    at: Floats
    known_at: Floats
    groups: NDArray[np.int64]
    rules: Floats

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def positives(self) -> int:
        return int(self.labels.sum())

    @property
    def rarer(self) -> int:
        """How many rows the rarer of both outcomes has."""
        return min(self.positives, len(self) - self.positives)

    def take(self, rows: Rows) -> "Table":
        return Table(
            taken(self.columns, rows),
            self.labels[rows],
            self.at[rows],
            self.known_at[rows],
            self.groups[rows],
            self.rules[rows],
        )

    def without(self, features: Iterable[str]) -> "Table":
        left_out = set(features)
        kept = {name: column for name, column in self.columns.items() if name not in left_out}
        return Table(kept, self.labels, self.at, self.known_at, self.groups, self.rules)


def taken(columns: Columns, rows: Rows) -> dict[str, Column]:
    return {name: Column(column.kind, column.values[rows]) for name, column in columns.items()}
