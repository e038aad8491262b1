"""Gradient boosting with LightGBM: learns bends and interplay of features that the additive model cannot."""

from collections import Counter
from dataclasses import dataclass
from math import log
from typing import Any, ClassVar

import lightgbm
import numpy as np
from numpy.typing import NDArray

from scoring.learning.encoding import encoder_of
from scoring.learning.scorecard import Steps
from scoring.learning.splitting import chances
from scoring.learning.table import Column, Floats, Table, is_missing
from scoring.learning.trees import Input, Plain, Trees

LEAVES = (4, 15)
MOST_ROUNDS = 600
PATIENCE = 40
# Rows of the general share that a level's own outcomes are mixed with.
SMOOTHING = 20
STATISTIC_FOLDS = 5
# Everything that could make two trainings differ is fixed. One thread: two wait for each other on a busy machine.
PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.05,
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
    """How to make trees: so many of so many leaves."""

    method: ClassVar[str] = "boosted"
    leaves: int
    rounds: int
    seed: int

    def fit(self, table: Table) -> Trees:
        inputs, matrix = learnt_inputs(table, self.seed)
        booster = lightgbm.train(self.parameters(), dataset(matrix, table.labels), self.rounds)
        return Trees(inputs, booster.model_to_string())

    def parameters(self) -> dict[str, Any]:
        return PARAMETERS | {"num_leaves": self.leaves, "seed": self.seed % 2**31}

    def settings(self) -> dict[str, Any]:
        return {"leaves": self.leaves, "rounds": self.rounds}


def dataset(matrix: Floats, labels: NDArray[np.int8]) -> lightgbm.Dataset:
    return lightgbm.Dataset(matrix, labels, free_raw_data=True)


def with_rounds(leaves: int, earlier: Table, later: Table, *, seed: int) -> Boosting:
    """As many rounds as help to tell the later rows from the earlier ones."""
    unlimited = Boosting(leaves, MOST_ROUNDS, seed)
    inputs, matrix = learnt_inputs(earlier, seed)
    told = np.column_stack([one.of(later.columns[one.feature]) for one in inputs])
    learnt = dataset(matrix, earlier.labels)
    booster = lightgbm.train(
        unlimited.parameters(),
        learnt,
        MOST_ROUNDS,
        valid_sets=[lightgbm.Dataset(told, later.labels, reference=learnt)],
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
    )
    return Boosting(leaves, max(booster.best_iteration, 1), seed)


def learnt_inputs(table: Table, seed: int) -> tuple[tuple[Input, ...], Floats]:
    """The inputs for telling, and the matrix to learn from.

    In the matrix a row's level is worth what rows of other groups say, else it would give its own outcome away.
    """
    inputs: list[Input] = []
    matrix: list[Floats] = []
    for name in sorted(table.columns):
        column = table.columns[name]
        if encoder_of(name, column) is None:
            continue
        if column.kind == "category":
            inputs.append(worth_of_levels(name, column, table.labels))
            matrix.append(worth_out_of_fold(name, table, seed))
        else:
            inputs.append(Plain(name, column.kind))
            matrix.append(column.numbers())
    return tuple(inputs), np.column_stack(matrix)


def worth_of_levels(feature: str, column: Column, labels: NDArray[np.int8]) -> Steps:
    """For each level the log-odds of its positives, mixed with ``SMOOTHING`` rows of the general share."""
    names = [None if is_missing(value) else str(value) for value in column.values.tolist()]
    rows, hits = Counter(names), Counter(name for name, label in zip(names, labels, strict=True) if label)
    share = (int(labels.sum()) + 1) / (len(labels) + 2)
    worth = {
        name: log((hits[name] + SMOOTHING * share) / (many - hits[name] + SMOOTHING * (1 - share)))
        for name, many in rows.items()
    }
    general = log(share / (1 - share))
    missing = worth.pop(None, general)
    levels = {name: worth[name] for name in sorted(name for name in worth if name is not None)}
    return Steps(feature, levels, general, missing)


def worth_out_of_fold(feature: str, table: Table, seed: int) -> Floats:
    fold = np.floor(chances(table.groups, seed + 2) * STATISTIC_FOLDS)
    column = table.columns[feature]
    worth = np.empty(len(table))
    for one in range(STATISTIC_FOLDS):
        inside, outside = np.flatnonzero(fold == one), np.flatnonzero(fold != one)
        learnt = worth_of_levels(feature, Column(column.kind, column.values[outside]), table.labels[outside])
        worth[inside] = learnt.of(Column(column.kind, column.values[inside]))
    return worth
