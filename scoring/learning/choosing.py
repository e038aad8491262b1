"""Which recipe wins on rows that came after those it learnt from, and the calibration these rows teach."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from scoring.learning.additive import PENALTIES, Ridge, path
from scoring.learning.blend import Blend
from scoring.learning.boosted import Boosting, best_boosting
from scoring.learning.calibrating import calibration_for, fit_beta
from scoring.learning.calibration import Calibration, calibrated
from scoring.learning.document import Model
from scoring.learning.metrics import log_loss
from scoring.learning.naive import Naive
from scoring.learning.scorecard import Scorecard
from scoring.learning.splitting import Split
from scoring.learning.table import Floats, Table

# With fewer of the rarer outcome naive Bayes is tried beside the ridge, with more (and so many rows) boosting.
ENOUGH_OF_EACH = 100
BOOSTED_ROWS = 1_000
# A penalty is chosen on no more rows than this, evenly thinned.
TUNING_ROWS = 20_000
# Log-likelihood that must be won over the average: by chance three parameters win 4 once in twenty times.
CLEARLY = 4.0
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


@dataclass(frozen=True)
class Blending:
    """How to make a blend."""

    method: ClassVar[str] = "boosted"
    ridge: Ridge
    boosting: Boosting

    def fit(self, table: Table) -> Blend:
        return Blend(self.ridge.fit(table), self.boosting.fit(table))

    def settings(self) -> dict[str, Any]:
        return {**self.ridge.settings(), **self.boosting.settings()}


@dataclass(frozen=True)
class Average:
    """How to make a model that knows nothing and tells everybody the same share."""

    method: ClassVar[str] = "additive"

    def fit(self, table: Table) -> Scorecard:
        return Scorecard(log(table.positives / (len(table) - table.positives)), ())

    def settings(self) -> dict[str, Any]:
        return {"weights": "none"}


def choose(table: Table, splits: Sequence[Split], *, seed: int) -> tuple[Recipe, Told]:
    """The recipe that loses least on the rows told, and these rows; of equals the simplest.

    Calibration and choice alone make a coin look a little better than the average; what does not clearly look so is the
    average. How many trees grow is chosen by the last split, which has most to learn from.
    """
    if not splits:
        return Ridge(USUAL_PENALTY), together([])
    ridge = best_ridge(table, splits)
    rivals: list[tuple[Recipe, Told]] = [(ridge, tell(ridge, table, splits))]
    if table.rarer < ENOUGH_OF_EACH:
        rivals.append((Naive(), tell(Naive(), table, splits)))
    elif table.columns and len(table) >= BOOSTED_ROWS:
        boosting = best_boosting(table.take(splits[-1].train), table.take(splits[-1].test), seed=seed)
        told = tell(boosting, table, splits)
        blended = Told((rivals[0][1].raw + told.raw) / 2, told.labels)
        rivals += [(Blending(ridge, boosting), blended), (boosting, told)]
    best = min(rivals, key=lambda rival: rival[1].loss)
    average = tell(Average(), table, splits)
    return best if (average.loss - best[1].loss) * len(average.labels) > CLEARLY else (Average(), average)


def tell(recipe: Recipe, table: Table, splits: Sequence[Split]) -> Told:
    return together(told_by(recipe, table, split) for split in splits)


def told_by(recipe: Recipe, table: Table, split: Split) -> Told:
    test = table.take(split.test)
    return Told(recipe.fit(table.take(split.train)).log_odds(test.columns), test.labels)


def best_ridge(table: Table, splits: Sequence[Split]) -> Ridge:
    thin = -(-len(table) // TUNING_ROWS)
    paths = []
    for split in splits:
        earlier, later = table.take(split.train[::thin]), table.take(split.test[::thin])
        paths.append([Told(raw, later.labels) for raw in path(earlier, later)])
    losses = [together(told).loss for told in zip(*paths, strict=True)]
    return Ridge(PENALTIES[int(np.argmin(losses))])


def calibration_of(recipe: Recipe, told: Told) -> Calibration:
    return calibration_for(told.raw, told.labels, tied=isinstance(recipe, Ridge))
