"""Watching published models: how far leads have moved away from those it learnt from, and whether what it tells comes
true. One that no longer beats the rules, or whose shares are off, goes back into the shadow by itself.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone

from crm.models import NotificationKind, Role, User
from crm.notifications import notify
from crm.periods import own_day
from scoring.features import features_of
from scoring.learning.document import predict
from scoring.learning.table import Table
from scoring.models import ModelCheck, ModelStatus, Target, TrainedModel
from scoring.outcomes import Outcomes, asked_lately, outcomes_of, seconds
from scoring.predicting import UnreadableModel, label_of, read_model
from scoring.training import rules_of

logger = logging.getLogger(__name__)

# Drift is told of the leads of these days, if they are enough; an index says nothing of a few.
LATELY, LEAST_ASKED, MOST_ASKED = timedelta(days=30), 100, 5_000
WATCH, SHIFTED = 0.1, 0.25  # METRICS.md L12
# A model is judged by outcomes of leads that it had not learnt from, the newest ones (METRICS.md L13).
LEAST_OF_EACH, MOST_JUDGED = 30, 2_000
SLOPE = (0.7, 1.4)
DAMAGED = "Back in the shadow: what was kept of it is damaged and cannot be read. Train it again."
KEPT = ("rows", "positives", "auc", "auc_low", "auc_high", "rules_auc", "observed", "predicted", "reliability")


def check_models(*, at: datetime) -> list[ModelCheck]:
    """Check every published model, once a day; a second check of a day takes the place of the first."""
    return [check_model(model, at=at) for model in TrainedModel.objects.filter(status=ModelStatus.PUBLISHED)]


def check_model(model: TrainedModel, *, at: datetime) -> ModelCheck:
    """Keep what is found, and take the model back when it fails, or cannot be read any more."""
    drift: dict[str, Any] = {}
    figures: dict[str, Any] = {}
    try:
        drift, figures = drift_of(model, at=at), figures_since(model, at=at)
        failed = failing(figures)
    except UnreadableModel:
        logger.exception("A model is taken out of use.")
        failed = DAMAGED
    verdict = failed or said_of(drift, figures)
    check, _new = ModelCheck.objects.update_or_create(
        model=model, day=own_day(at), defaults={"drift": drift, "figures": figures, "verdict": verdict}
    )
    if failed:
        demote(model, failed, at=at)
    return check


def drift_of(model: TrainedModel, *, at: datetime) -> dict[str, Any]:
    """{"rows", "score", "features"}: the population stability index of the leads asked about lately; {} for too few."""
    document, features = read_model(model.pk)
    pairs = asked_lately(Target(model.target), since=at - LATELY, at=at, most=MOST_ASKED)
    if len(pairs) < LEAST_ASKED:
        return {}
    columns = features_of(pairs, features)
    found = document.reference.drift(columns, predict(document, columns))
    return {
        "rows": len(pairs),
        "score": round(found["score"], 6),
        "features": {name: round(index, 6) for name, index in found["features"].items()},
    }


def figures_since(model: TrainedModel, *, at: datetime) -> dict[str, Any]:
    """How the model did on the leads asked about since it was trained whose outcome is known; {} without any."""
    from scoring.learning.assessing import figures_of

    outcomes = outcomes_of(Target(model.target), at=at, horizon_days=model.horizon_days)
    fresh = since(outcomes, model.trained_at or model.asked_at)
    if not len(fresh):
        return {}
    document, features = read_model(model.pk)
    columns = features_of(fresh.pairs, features)
    table = Table(
        columns, fresh.labels, seconds(fresh.moments), seconds(fresh.known_at), fresh.groups, rules_of(fresh.pairs)
    )
    told = figures_of(table, predict(document, columns))
    return {name: told[name] for name in KEPT} | {"slope": told["calibration_slope"]}


def since(outcomes: Outcomes, moment: datetime) -> Outcomes:
    """The outcomes of leads asked about after ``moment``, the newest MOST_JUDGED."""
    chosen = [place for place, at in enumerate(outcomes.moments) if at > moment][-MOST_JUDGED:]
    return outcomes.take(chosen)


def failing(figures: Mapping[str, Any]) -> str:
    """Why a model must not be shown any longer, in a sentence; empty while too little speaks against it."""
    if not enough(figures):
        return ""
    share, rules, slope = figures["auc"], figures["rules_auc"], figures["slope"]
    of = f"on the last {figures['rows']:,} leads with a known outcome"
    if share < rules:
        return f"Back in the shadow: {of} it ranks {in_pairs(share)} rightly, the rules {in_pairs(rules)}."
    if slope is not None and not SLOPE[0] <= slope <= SLOPE[1]:
        how = "too sure of itself" if slope < SLOPE[0] else "too timid"
        return f"Back in the shadow: {of} its shares are {how} (slope {slope:.2f}, {SLOPE[0]} to {SLOPE[1]} is right)."
    return ""


def enough(figures: Mapping[str, Any]) -> bool:
    """Whether as many reached the goal, and did not, as a judgement takes."""
    rows, reached = figures.get("rows", 0), figures.get("positives", 0)
    return min(reached, rows - reached) >= LEAST_OF_EACH


def said_of(drift: Mapping[str, Any], figures: Mapping[str, Any]) -> str:
    """What a check found, in a sentence or two."""
    return f"{said_of_figures(figures)} {said_of_drift(drift)}".strip()


def said_of_figures(figures: Mapping[str, Any]) -> str:
    if not enough(figures):
        known = figures.get("rows", 0)
        return f"Too early to judge: {known:,} {'lead has' if known == 1 else 'leads have'} a known outcome since."
    told = f"On {figures['rows']:,} leads since it ranks {in_pairs(figures['auc'])} rightly"
    return f"{told}, the rules {in_pairs(figures['rules_auc'])}."


def said_of_drift(drift: Mapping[str, Any]) -> str:
    if not drift:
        return ""
    moved = sorted((-index, name) for name, index in drift["features"].items() if index > SHIFTED)
    if moved:
        names = ", ".join(f"“{label_of(name)}”" for _, name in moved[:3])
        return f"The leads have changed most in {names}."
    return "The leads are changing a little." if drift["score"] > WATCH else "The leads are as they were."


def in_pairs(auc: float) -> str:
    return f"{round(100 * auc)} of 100 pairs"


@transaction.atomic
def demote(model: TrainedModel, verdict: str, *, at: datetime) -> None:
    """Out of use and into the shadow; its predictions go, and the managers of both sides are told."""
    from scoring.tasks import predict_all

    in_use = TrainedModel.objects.filter(pk=model.pk, status=ModelStatus.PUBLISHED)
    taken_back = {"status": ModelStatus.SHADOW, "verdict": verdict, "retired_at": at, "updated_at": timezone.now()}
    if in_use.update(**taken_back) != 1:
        return
    notify(
        User.objects.filter(role__in=(Role.MANAGER, Role.ADMIN), is_active=True),
        kind=NotificationKind.MODEL, key=f"model:{model.pk}:shadow", at=at, url="/scoring/model/",
        title=f"The model for “{model.get_target_display()}” was taken back", text=verdict,
    )  # fmt: skip
    transaction.on_commit(lambda: predict_all.apply_async(retry=False), robust=True)
    model.refresh_from_db()


@dataclass(frozen=True)
class ModelState:
    """Where prediction of one target stands. ``model``: the published one, else what the last training gave."""

    target: Target
    sentence: str
    model: TrainedModel | None = None
    # Asked for or at work now.
    training: TrainedModel | None = None
    # The last training, if it broke off.
    failed: TrainedModel | None = None
    checks: list[ModelCheck] = field(default_factory=list)

    @property
    def is_published(self) -> bool:
        return self.model is not None and self.model.status == ModelStatus.PUBLISHED


MOST_CHECKS = 90
NEVER = "Nothing has been learnt yet. Train a model to see what your own outcomes tell."


def state_of(target: Target) -> ModelState:
    """One sentence on the model of ``target``, with the rows behind it. Three queries."""
    newest = list(TrainedModel.objects.filter(target=target).defer("document")[:20])
    published = TrainedModel.objects.filter(target=target, status=ModelStatus.PUBLISHED).defer("document").first()
    told = [model for model in newest if model.status not in (ModelStatus.TRAINING, ModelStatus.FAILED)]
    model = published or next(iter(told), None)
    training = next((one for one in newest if one.status == ModelStatus.TRAINING), None)
    failed = newest[0] if newest and newest[0].status == ModelStatus.FAILED else None
    checks = list(model.checks.all()[:MOST_CHECKS]) if model else []
    return ModelState(target, sentence_of(model, checks), model, training, failed, checks)


def sentence_of(model: TrainedModel | None, checks: list[ModelCheck]) -> str:
    if model is None:
        return NEVER
    if model.status == ModelStatus.RETIRED:
        return "The last model was retired. Train another to have chances again."
    if model.status == ModelStatus.PUBLISHED and checks and enough(checks[0].figures):
        return checks[0].verdict
    return model.verdict


def shifted(check: ModelCheck) -> list[tuple[str, float]]:
    """The features that moved, most first: (label, index)."""
    indexes = check.drift.get("features", {})
    return [(label_of(name), index) for name, index in sorted(indexes.items(), key=lambda one: -one[1])]


def chance_range(model: TrainedModel, share: float) -> tuple[float, float] | None:
    """What came of leads told about this share in the held-out test: the 95 % interval of the nearest bin."""
    curve = model.metrics.get("reliability") or []
    if not curve:
        return None
    nearest = curve[int(np.argmin([abs(one["predicted"] - share) for one in curve]))]
    return nearest["low"], nearest["high"]
