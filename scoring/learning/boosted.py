"""Gradient boosting with LightGBM: learns bends and interplay of features that the additive model cannot."""

from dataclasses import dataclass
from typing import Any, ClassVar

import lightgbm
import numpy as np
from numpy.typing import NDArray

from scoring.learning.scorecard import Steps
from scoring.learning.splitting import chances
from scoring.learning.table import Column, Floats, Table, is_missing
from scoring.learning.thinning import thinned
from scoring.learning.trees import Input, Plain, Trees

LEAVES = (4, 15)
MOST_ROUNDS = 600
PATIENCE = 40
MOST_ROWS = 200_000
# With many rows larger steps do no harm and take half the time.
MANY_ROWS = 20_000
# Rows of the general share that a level's own outcomes are mixed with.
SMOOTHING = 20
STATISTIC_FOLDS = 5
# Everything that could make two trainings differ is fixed. One thread: two wait for each other on a busy machine.
PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "min_data_in_leaf": 30,
    "lambda_l2": 5.0,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "max_bin": 127,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}


@dataclass(frozen=True)
class Boosting:
    """How to make trees: so many of so many leaves, each correcting by so much."""

    method: ClassVar[str] = "boosted"
    leaves: int
    rounds: int
    step: float
    seed: int

    def fit(self, table: Table) -> Trees:
        learnt, shift = thinned(table, MOST_ROWS)
        inputs, matrix = learnt_inputs(learnt, self.seed)
        booster = lightgbm.train(self.parameters(), lightgbm.Dataset(matrix, learnt.labels), self.rounds)
        return Trees(inputs, booster.model_to_string(), shift)

    def parameters(self) -> dict[str, Any]:
        return PARAMETERS | {"num_leaves": self.leaves, "learning_rate": self.step, "seed": self.seed % 2**31}

    def settings(self) -> dict[str, Any]:
        return {"leaves": self.leaves, "rounds": self.rounds, "step": self.step}


def best_boosting(earlier: Table, later: Table, *, seed: int) -> Boosting:
    """Leaves and rounds that tell the later rows best, learnt from the earlier ones."""
    earlier, _ = thinned(earlier, MOST_ROWS)
    step = 0.1 if len(earlier) >= MANY_ROWS else 0.05
    inputs, matrix = learnt_inputs(earlier, seed)
    learnt = lightgbm.Dataset(matrix, earlier.labels, params=PARAMETERS, free_raw_data=False)
    told = np.column_stack([one.of(later.columns[one.feature]) for one in inputs])
    tried = []
    for leaves in LEAVES:
        booster = lightgbm.train(
            Boosting(leaves, MOST_ROUNDS, step, seed).parameters(),
            learnt,
            MOST_ROUNDS,
            valid_sets=[lightgbm.Dataset(told, later.labels, reference=learnt, free_raw_data=False)],
            valid_names=["later"],
            callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
        )
        tried.append((booster.best_score["later"]["binary_logloss"], leaves, max(booster.best_iteration, 1)))
    _, leaves, rounds = min(tried)
    return Boosting(leaves, rounds, step, seed)


def learnt_inputs(table: Table, seed: int) -> tuple[tuple[Input, ...], Floats]:
    """The inputs for telling, and the matrix to learn from.

    In the matrix a row's level is worth what rows of other groups say, else it would give its own outcome away.
    """
    inputs: list[Input] = []
    matrix: list[Floats] = []
    for name in sorted(table.columns):
        column = table.columns[name]
        if column.kind == "category":
            inputs.append(worth_of_levels(name, column, table.labels))
            matrix.append(worth_out_of_fold(column, table, seed))
        else:
            inputs.append(Plain(name, column.kind))
            matrix.append(column.numbers())
    return tuple(inputs), np.column_stack(matrix)


def worth_of_levels(feature: str, column: Column, labels: NDArray[np.int8]) -> Steps:
    """For each level the log-odds of its positives, mixed with ``SMOOTHING`` rows of the general share."""
    levels, codes = coded(column)
    rows, hits = np.bincount(codes, minlength=len(levels) + 1), np.bincount(codes, labels, len(levels) + 1)
    worth = worth_of(rows, hits, len(labels), labels.sum())
    general = float(worth_of(np.zeros(1), np.zeros(1), len(labels), labels.sum())[0])
    return Steps(feature, dict(zip(levels, worth.tolist(), strict=False)), general, float(worth[-1]))


def worth_out_of_fold(column: Column, table: Table, seed: int) -> Floats:
    """Of each row its level's worth, as the rows of groups in other folds say."""
    levels, codes = coded(column)
    folds = np.floor(chances(table.groups, seed + 2) * STATISTIC_FOLDS).astype(np.intp)
    shape = (STATISTIC_FOLDS, len(levels) + 1)
    cells = folds * shape[1] + codes
    rows = np.bincount(cells, minlength=shape[0] * shape[1]).reshape(shape)
    hits = np.bincount(cells, table.labels, shape[0] * shape[1]).reshape(shape)
    others = [total.sum(axis=0) - total for total in (rows, hits)]
    worth = worth_of(*others, *(total.sum(axis=1, keepdims=True) for total in others))
    return worth[folds, codes]


def worth_of(rows: NDArray[Any], hits: NDArray[Any], all_rows: Any, all_hits: Any) -> Floats:
    share = (all_hits + 1) / (all_rows + 2)
    return np.log((hits + SMOOTHING * share) / (rows - hits + SMOOTHING * (1 - share)))


def coded(column: Column) -> tuple[list[str], NDArray[np.int64]]:
    """The levels by name, and each row's place among them; missing comes after the last."""
    levels = sorted({str(value) for value in set(column.values.tolist()) if not is_missing(value)})
    places = {level: place for place, level in enumerate(levels)}
    return levels, column.codes(places, missing=len(levels), other=len(levels))
