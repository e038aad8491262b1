"""Features that look like they give the answer away: written after the outcome, or because of it (METRICS.md L6)."""

from collections.abc import Sequence

import numpy as np

from scoring.learning.additive import Ridge
from scoring.learning.boosted import worth_out_of_fold
from scoring.learning.drift import bins_of
from scoring.learning.gates import TOO_GOOD, Lean, Suspect
from scoring.learning.metrics import auc
from scoring.learning.splitting import Split
from scoring.learning.table import Column, Floats, Table

# A model leans on a feature that is strong by itself and without which the AUC drops by so much.
STRONG = 0.75
DROP = 0.1
LEAN_PENALTY = 10.0


def strengths(table: Table, *, seed: int) -> list[Suspect]:
    """The AUC of each feature alone, the strongest first."""
    found = [Suspect(name, strength(table.columns[name], table, seed=seed)) for name in sorted(table.columns)]
    return sorted(found, key=lambda one: -one.auc)


def suspects(ranked: Sequence[Suspect]) -> list[Suspect]:
    return [one for one in ranked if one.auc > TOO_GOOD]


def strength(column: Column, table: Table, *, seed: int) -> float:
    """The AUC of one feature alone, whichever way it points; missing is a value, for absence can tell the answer too.

    A number is asked as it stands and in bins, which also find an answer that lies in the middle.
    """
    if column.kind == "category":
        return either_way(table, worth_out_of_fold(column, table, seed))
    return max(either_way(table, worth_out_of_fold(in_bins(column), table, seed)), either_way(table, filled(column)))


def in_bins(column: Column) -> Column:
    values = column.numbers()
    bins = np.searchsorted(bins_of(column).edges, values, side="left").astype(str).astype(object)
    bins[np.isnan(values)] = None
    return Column("category", bins)


def filled(column: Column) -> Floats:
    values = column.numbers()
    seen = values[~np.isnan(values)]
    return np.where(np.isnan(values), np.median(seen) if len(seen) else 0.0, values)


def either_way(table: Table, scores: Floats) -> float:
    reached = auc(table.labels, scores)
    return 0.5 if reached is None else max(reached, 1 - reached)


def lean_of(table: Table, splits: Sequence[Split], ranked: Sequence[Suspect]) -> Lean | None:
    """The strongest feature, if the additive model is much worse without it on the last split."""
    strongest = next((one for one in ranked if one.feature in table.columns), None)
    if not splits or not strongest or strongest.auc < STRONG:
        return None
    with_it = auc_on(table, splits[-1])
    without = auc_on(table.without([strongest.feature]), splits[-1])
    return Lean(strongest.feature, with_it, without) if with_it - without > DROP else None


def auc_on(table: Table, split: Split) -> float:
    test = table.take(split.test)
    told = Ridge(LEAN_PENALTY).fit(table.take(split.train)).log_odds(test.columns)
    return auc(test.labels, told) or 0.5
