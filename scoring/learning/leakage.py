"""Features that look like they give the answer away: written after the outcome, or because of it (METRICS.md L6)."""

from dataclasses import dataclass

import numpy as np

from scoring.learning.boosted import worth_out_of_fold
from scoring.learning.drift import bins_of
from scoring.learning.metrics import auc
from scoring.learning.table import Column, Floats, Table

# Nothing that is known beforehand tells outcomes apart so well (METRICS.md L16).
TOO_GOOD = 0.95


@dataclass(frozen=True)
class Suspect:
    feature: str
    auc: float


def suspects(table: Table, *, seed: int) -> list[Suspect]:
    """Features that alone reach an AUC above ``TOO_GOOD``, the strongest first."""
    strengths = {name: strength(name, table, seed=seed) for name in sorted(table.columns)}
    found = [Suspect(name, reached) for name, reached in strengths.items() if reached > TOO_GOOD]
    return sorted(found, key=lambda suspect: -suspect.auc)


def strength(feature: str, table: Table, *, seed: int) -> float:
    """The AUC of one feature alone, whichever way it points; missing is a value, for absence can tell the answer too.

    A number is asked as it stands and in bins, which also find an answer that lies in the middle.
    """
    column = table.columns[feature]
    binned = column if column.kind == "category" else in_bins(column)
    worth = worth_out_of_fold(feature, Table({feature: binned}, *vars_of(table)), seed)
    return max(either_way(table, worth), 0.5 if column.kind == "category" else either_way(table, ranked(column)))


def vars_of(table: Table) -> tuple[np.ndarray, ...]:
    return table.labels, table.at, table.known_at, table.groups, table.rules


def in_bins(column: Column) -> Column:
    values = column.numbers()
    bins = np.searchsorted(bins_of(column).edges, values, side="left").astype(str).astype(object)
    bins[np.isnan(values)] = None
    return Column("category", bins)


def ranked(column: Column) -> Floats:
    values = column.numbers()
    seen = values[~np.isnan(values)]
    return np.where(np.isnan(values), np.median(seen) if len(seen) else 0.0, values)


def either_way(table: Table, scores: Floats) -> float:
    reached = auc(table.labels, scores)
    return 0.5 if reached is None else max(reached, 1 - reached)
