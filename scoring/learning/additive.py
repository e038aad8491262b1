"""The regularised additive model: ridge logistic regression on bent numbers and levels, read back as a scorecard."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.linear_model import LogisticRegression

from scoring.learning.encoding import encoders_of
from scoring.learning.metrics import logit
from scoring.learning.scorecard import Scorecard
from scoring.learning.table import Table

# Weights of the penalty on squared log-odds, from nearly none to nearly everybody alike.
PENALTIES = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)


@dataclass(frozen=True)
class Ridge:
    """How to make a scorecard: minimise log loss + ``penalty``/2 * squared weights; the base is not penalised."""

    method: ClassVar[str] = "additive"
    penalty: float

    def fit(self, table: Table) -> Scorecard:
        encoders = encoders_of(table.columns)
        if not encoders:
            return Scorecard(float(logit(table.labels.mean())), ())
        blocks = [encoder.encoded(table.columns[encoder.feature]) for encoder in encoders]
        model = LogisticRegression(C=1 / self.penalty, solver="newton-cholesky", tol=1e-6, max_iter=100)
        model.fit(np.hstack(blocks), table.labels)
        ends = np.cumsum([block.shape[1] for block in blocks])[:-1]
        weights = np.split(model.coef_[0], ends)
        shapes = tuple(encoder.shape(part) for encoder, part in zip(encoders, weights, strict=True))
        return Scorecard(float(model.intercept_[0]), shapes).centred(table.columns)

    def settings(self) -> dict[str, Any]:
        return {"penalty": self.penalty}
