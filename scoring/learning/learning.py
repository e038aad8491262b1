"""Training: from a table of leads with outcomes to a model, its figures on rows it has not seen, and a verdict.

1. The newest fifth is held out (splitting.py). What gives the answer away is left out (leakage.py).
2. In the rest, stretches of time are told from what came before them. The recipe whose calibrated shares lose least
   there wins; the same told rows teach the calibration.
3. The winner, learnt from all of the rest, is tested on the held-out fifth and judged (gates.py).
4. The model to keep is learnt from all rows by the same recipe. Its calibration learns from the stretches and the
   held-out fifth, each told by a model that had not seen it.
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from scoring.learning.assessing import figures_of
from scoring.learning.calibration import calibrated
from scoring.learning.choosing import Recipe, Told, calibration_of, choose, together
from scoring.learning.document import Document
from scoring.learning.drift import reference_of
from scoring.learning.encoding import silent
from scoring.learning.explaining import importance
from scoring.learning.gates import ANY_GOAL, Goal, Status, judge, not_enough, untested
from scoring.learning.leakage import lean_of, strengths, suspects
from scoring.learning.manifest import described, told_split, versions
from scoring.learning.splitting import LEAST_CLASS, folds, hold_out
from scoring.learning.table import Table, taken
from scoring.learning.thinning import evenly

NO_FIELDS = "there is no field to learn from that differs from lead to lead."
# Rows over which the weight of features is averaged.
IMPORTANCE_ROWS = 2_000


@dataclass(frozen=True)
class Learnt:
    """What came of a training. Without enough data there is no document and there are no figures."""

    status: Status
    verdict: str
    method: str
    document: Document | None
    metrics: dict[str, Any]
    manifest: dict[str, Any]


def learn(table: Table, *, seed: int, embargo_days: float, goal: Goal = ANY_GOAL) -> Learnt:
    """``embargo_days``: how long before the test begins an outcome must have been known to be learnt from.

    The same table and seed give the same text, whatever the order of columns and the number of processors.
    """
    about = {"seed": seed, "embargo_days": embargo_days, "versions": versions(), "data": described(table)}
    if judgement := not_enough(table.positives, len(table) - table.positives, goal):
        return Learnt(judgement.status, judgement.verdict, "", None, {}, about)
    # Sums over several threads differ in their last digits from run to run.
    with threadpool_limits(limits=1):
        return train(table, about, seed=seed, embargo_days=embargo_days, goal=goal)


def train(table: Table, about: dict[str, Any], *, seed: int, embargo_days: float, goal: Goal) -> Learnt:
    split = hold_out(table, seed=seed, embargo_days=embargo_days)
    ranked = strengths(table, seed=seed)
    left_out = suspects(ranked)
    table = table.without(suspect.feature for suspect in left_out).without(silent(table.columns))
    if not table.columns:
        return Learnt("not_enough", f"Not enough data: {NO_FIELDS}", "", None, {}, about)
    earlier, test = table.take(split.train), table.take(split.test)
    by_time, testable = split.begins is not None, earlier.rarer >= LEAST_CLASS and test.rarer > 0
    known = earlier if testable else table
    splits = folds(known, seed=seed, embargo_days=embargo_days, by_time=by_time)
    recipe, told = choose(known, splits, seed=seed)
    metrics, judgement = {}, untested(split.unknown)
    if testable:
        unseen = Told(recipe.fit(earlier).log_odds(test.columns), test.labels)
        metrics = figures_of(test, calibrated(calibration_of(recipe, told), unseen.raw))
        lean = lean_of(known, splits, ranked)
        judgement = judge(
            metrics, positives_learnt=earlier.positives, by_time=by_time, left_out=left_out, lean=lean, goal=goal
        )
        told = together([told, unseen])
    document = final(table, recipe, told)
    about |= {
        "split": told_split(table, split),
        "recipe": {"method": recipe.method, **recipe.settings()},
        "left_out": [asdict(suspect) for suspect in left_out],
        "gates": [gate.as_json() for gate in judgement.gates],
        "importance": importance_on(table, document),
    }
    return Learnt(judgement.status, judgement.verdict, recipe.method, document, metrics, about)


def final(table: Table, recipe: Recipe, told: Told) -> Document:
    """The model to keep, from all rows; calibrated on rows that the model telling them had not seen."""
    model, calibration = recipe.fit(table), calibration_of(recipe, told)
    shares = calibrated(calibration, model.log_odds(table.columns))
    columns = {name: table.columns[name] for name in model.features}
    return Document(model, calibration, reference_of(columns, shares))


def importance_on(table: Table, document: Document) -> list[dict[str, Any]]:
    rows = evenly(np.arange(len(table)), IMPORTANCE_ROWS)
    found = importance(document, taken(table.columns, rows))
    return [{"feature": feature, "log_odds": log_odds} for feature, log_odds in found]
