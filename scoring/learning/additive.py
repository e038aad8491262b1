"""The regularised additive model: ridge logistic regression on bent numbers and levels, read back as a scorecard."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from scoring.learning.encoding import Encoder, encoders_of
from scoring.learning.scorecard import Scorecard
from scoring.learning.table import Columns, Floats, Table
from scoring.learning.thinning import thinned

# Weights of the penalty on squared log-odds, from nearly none to nearly everybody alike.
PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
# Bounds of one weighing: 240 MB, and about a second a step.
MOST_CELLS = 30_000_000
MOST_PRODUCTS = 10_000_000_000


@dataclass(frozen=True)
class Ridge:
    """How to make a scorecard: minimise log loss + ``penalty``/2 * squared weights; the base is not penalised."""

    method: ClassVar[str] = "additive"
    penalty: float

    def fit(self, table: Table) -> Scorecard:
        encoders = encoders_of(table.columns)
        learnt, shift = thinned(table, most_rows(encoders))
        base, weights = weigh(encoded(encoders, learnt.columns, len(learnt)), learnt.labels, self.penalty)
        ends = np.cumsum([encoder.width for encoder in encoders])[:-1]
        parts = np.split(weights, ends) if encoders else []
        shapes = tuple(encoder.shape(part) for encoder, part in zip(encoders, parts, strict=True))
        return Scorecard(base + shift, shapes).centred(table.columns)

    def settings(self) -> dict[str, Any]:
        return {"penalty": self.penalty}


def most_rows(encoders: Sequence[Encoder]) -> int:
    width = max(sum(encoder.width for encoder in encoders), 1)
    return min(MOST_CELLS // width, MOST_PRODUCTS // width**2)


def weigh(matrix: Floats, labels: NDArray[np.int8], penalty: float) -> tuple[float, Floats]:
    """The base and the weight of each column."""
    if not matrix.shape[1]:
        rate = labels.mean()
        return float(np.log(rate / (1 - rate))), np.empty(0)
    model = LogisticRegression(C=1 / penalty, solver="newton-cholesky", tol=1e-6, max_iter=100)
    model.fit(matrix, labels)
    return float(model.intercept_[0]), model.coef_[0]


def encoded(encoders: Sequence[Encoder], columns: Columns, rows: int) -> Floats:
    matrix = np.empty((rows, sum(encoder.width for encoder in encoders)))
    start = 0
    for encoder in encoders:
        matrix[:, start : start + encoder.width] = encoder.encoded(columns[encoder.feature])
        start += encoder.width
    return matrix


def path(earlier: Table, later: Table) -> list[Floats]:
    """The log-odds of the later rows by each penalty, learnt from the earlier ones."""
    encoders = encoders_of(earlier.columns)
    earlier, shift = thinned(earlier, most_rows(encoders))
    learnt, told = (encoded(encoders, table.columns, len(table)) for table in (earlier, later))
    lines = [weigh(learnt, earlier.labels, penalty) for penalty in PENALTIES]
    return [base + shift + told @ weights for base, weights in lines]
