"""Which recipe wins on rows that came after those it learnt from, and the calibration these rows teach."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from scoring.learning.additive import PENALTIES, Ridge
from scoring.learning.boosted import LEAVES, with_rounds
from scoring.learning.calibrating import calibration_for, fit_beta
from scoring.learning.calibration import Calibration, calibrated
from scoring.learning.document import Model
from scoring.learning.metrics import log_loss
from scoring.learning.splitting import Split
from scoring.learning.table import Floats, Table

# Boosting has something to say from so many rows, and so many of the rarer outcome, on.
BOOSTED_ROWS = 1_000
BOOSTED_OF_EACH = 100
# A penalty is chosen on no more rows than this, evenly thinned.
TUNING_ROWS = 20_000
# Where there is nothing to choose by.
USUAL_PENALTY = 10.0


class Recipe(Protocol):
    """A way to make a model, all choices made."""

    @property
    def method(self) -> str: ...
    def fit(self, table: Table) -> Model: ...
    def settings(self) -> dict[str, Any]: ...


@dataclass(frozen=True)
class Told:
    """Raw log-odds of rows by models that had not seen them, in order of time, and what became of them."""

    raw: Floats
    labels: NDArray[np.int8]

    @property
    def loss(self) -> float:
        """What is lost on these rows once calibrated, so that a model is judged by what it knows, not by its tone."""
        return log_loss(self.labels, calibrated(fit_beta(self.raw, self.labels), self.raw)) or 0.0


def together(parts: Iterable[Told]) -> Told:
    parts = list(parts)
    empty = [Told(np.empty(0), np.empty(0, dtype=np.int8))]
    return Told(
        np.concatenate([one.raw for one in parts or empty]), np.concatenate([one.labels for one in parts or empty])
    )


def choose(table: Table, splits: Sequence[Split], *, seed: int) -> tuple[Recipe, Told]:
    """The recipe that loses least on the rows told, and these rows."""
    if not splits:
        return Ridge(USUAL_PENALTY), together([])
    rivals: list[Recipe] = [best_ridge(table, splits)]
    if len(table) >= BOOSTED_ROWS and table.rarer >= BOOSTED_OF_EACH:
        rivals.append(best_boosting(table, splits, seed=seed))
    told = [tell(rival, table, splits) for rival in rivals]
    best = min(range(len(rivals)), key=lambda place: told[place].loss)
    return rivals[best], told[best]


def tell(recipe: Recipe, table: Table, splits: Sequence[Split]) -> Told:
    return together(told_by(recipe, table, split) for split in splits)


def told_by(recipe: Recipe, table: Table, split: Split) -> Told:
    test = table.take(split.test)
    return Told(recipe.fit(table.take(split.train)).log_odds(test.columns), test.labels)


def best_ridge(table: Table, splits: Sequence[Split]) -> Ridge:
    thin = -(-len(table) // TUNING_ROWS)
    thinned = [Split(split.train[::thin], split.test[::thin], split.begins) for split in splits]
    return min(map(Ridge, PENALTIES), key=lambda ridge: tell(ridge, table, thinned).loss)


def best_boosting(table: Table, splits: Sequence[Split], *, seed: int) -> Recipe:
    """Leaves and rounds by the last split, which has most to learn from."""
    earlier, later = table.take(splits[-1].train), table.take(splits[-1].test)
    tried = [with_rounds(leaves, earlier, later, seed=seed) for leaves in LEAVES]
    return min(tried, key=lambda boosting: told_by(boosting, table, splits[-1]).loss)


def calibration_of(recipe: Recipe, told: Told) -> Calibration:
    return calibration_for(told.raw, told.labels, tied=recipe.method == "additive")
