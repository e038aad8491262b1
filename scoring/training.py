"""Training a model on one's own outcomes: one at a time for each target, published only when it beats the rules.

The row is the truth: it is made when somebody asks, a worker takes it up, and a lock that the worker's connection holds
tells a training at work from one whose worker died.
"""

import logging
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from crm.access import manages, require
from crm.errors import BusinessError, StaleState
from crm.locks import session_lock
from crm.models import User
from feedback.models import Handoff
from leads.models import Company, Lead, Touch, Transition
from scoring.definitions import active_card
from scoring.engine import scores_at
from scoring.features import Feature, alive, features_of, known_features
from scoring.learning.document import digest_of
from scoring.learning.gates import Goal
from scoring.learning.table import Table
from scoring.models import ModelStatus, Target, TrainedModel
from scoring.outcomes import Outcomes, horizon_of_wins, outcomes_of, seconds

if TYPE_CHECKING:
    from scoring.learning.learning import Learnt

logger = logging.getLogger(__name__)

SEED = 20
# An outcome of the day on which the test begins may have been known only after the first row of the test.
EMBARGO_DAYS = 1.0
# What nobody took up by then was lost by the queue.
TAKEN_UP_WITHIN = timedelta(minutes=2)
# A model learns anew so often, or as soon as so much more is known.
RETRAIN_AFTER, RETRAIN_GROWTH = timedelta(days=15), 1.2
# What outcomes and features are read from.
READ = (Lead, Company, Touch, Transition, Handoff)
MAY_TRAIN = "Only managers and admins train and retire models."
GOALS = {
    Target.ACCEPTANCE: Goal(reached="accepted leads", missed="refused leads"),
    Target.WIN: Goal(reached="won leads", missed="leads that were not won"),
}
INTERRUPTED = "The training was interrupted: the process that ran it ended. Start it again."


class AlreadyTraining(StaleState):
    code = "already_training"


def train(target: Target, *, by: User | None, at: datetime, seed: int = SEED) -> TrainedModel:
    """Train now, in this process. Raises NotAllowed, AlreadyTraining."""
    return run_training(ask_for_training(target, by=by, at=at), seed=seed)


def ask_for_training(target: Target, *, by: User | None, at: datetime) -> TrainedModel:
    """The row of a training that is to be run. Raises NotAllowed, AlreadyTraining."""
    if by is not None:
        require(manages(by), MAY_TRAIN)
    fail_interrupted(target)
    try:
        with transaction.atomic():
            return TrainedModel.objects.create(target=target, asked_by=by, asked_at=at)
    except IntegrityError as twice:
        raise AlreadyTraining(f"{target.label}: a training is at work already; its result will stand here.") from twice


def start_training(target: Target, *, by: User | None, at: datetime) -> TrainedModel:
    """Have a worker train it. Raises NotAllowed, AlreadyTraining."""
    from scoring.tasks import run_training

    model = ask_for_training(target, by=by, at=at)
    transaction.on_commit(lambda: run_training.apply_async((model.pk,), retry=False), robust=True)
    return model


def run_training(model: TrainedModel, *, seed: int = SEED) -> TrainedModel:
    """Do what was asked for and keep what came of it; done twice or side by side, the second does nothing."""
    with training_lock(Target(model.target)) as held:
        if held and begin(model):
            try:
                finish(model, *learn_target(Target(model.target), at=model.asked_at, seed=seed))
            except Exception as failure:  # the rim of a worker: people read what went wrong
                logger.exception("The training %s failed.", model.pk)
                fail(model, f"The training failed: {failure}")
    model.refresh_from_db()
    return model


def begin(model: TrainedModel) -> bool:
    """Whether the training may begin. One that had begun before lost its worker, and is not tried over and over."""
    model.refresh_from_db()
    if model.status != ModelStatus.TRAINING:
        return False
    if has_begun(model):
        fail(model, INTERRUPTED)
        return False
    model.manifest = {"began_at": timezone.now().isoformat()}
    model.save(update_fields=["manifest", "updated_at"])
    return True


def learn_target(target: Target, *, at: datetime, seed: int) -> tuple["Learnt", dict[str, Any]]:
    """What the core learnt, and what else the manifest is to say."""
    from scoring.learning.learning import learn

    refresh_statistics()
    horizon = horizon_of_wins(at=at) if target is Target.WIN else None
    outcomes = outcomes_of(target, at=at, horizon_days=horizon)
    features = known_features(outcomes.leads)
    table = table_of(outcomes, features)
    learnt = learn(table, seed=seed, embargo_days=EMBARGO_DAYS, goal=GOALS[target])
    used = learnt.document.features if learnt.document else {}
    return learnt, {
        "verdict": in_words(learnt.verdict, features),
        "target": target.value,
        "horizon_days": horizon,
        "as_of": at.isoformat(),
        "rules_version": active_card().version,
        "columns": [features[name].as_json() for name in used],
        "is_sample": Lead.objects.filter(pk__in=outcomes.leads[:1_000], is_sample=True).exists(),
    }


def refresh_statistics() -> None:
    """Have the planner know how large the tables are: for one it takes for empty, as just after a large import, it
    compares every row with every other."""
    with connection.cursor() as sql:
        sql.execute(f"ANALYZE {', '.join(model._meta.db_table for model in READ)}")


def in_words(verdict: str, features: dict[str, Feature]) -> str:
    """The core knows features by name, people by label."""
    return re.sub("“([^”]+)”", lambda said: f"“{features[said[1]].label}”" if said[1] in features else said[0], verdict)


def table_of(outcomes: Outcomes, features: dict[str, Feature]) -> Table:
    """The outcomes with their features as of then; a feature in which no two leads differ is left out."""
    return Table(
        alive(features_of(outcomes.pairs, features)),
        outcomes.labels,
        seconds(outcomes.moments),
        seconds(outcomes.known_at),
        outcomes.groups,
        rules_of(outcomes.pairs),
    )


def rules_of(pairs: Sequence[tuple[int, datetime]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The score by the definition in force that each lead would have shown at its moment."""
    shown = scores_at(pairs, card=active_card())
    return np.array([shown.get(pair, 0) for pair in pairs], np.float64)


@transaction.atomic
def finish(model: TrainedModel, learnt: "Learnt", about: dict[str, Any]) -> None:
    """Keep the result; a published one takes the place of the model before it in the same moment."""
    from scoring.tasks import predict_all

    now = timezone.now()
    if not TrainedModel.objects.select_for_update().filter(pk=model.pk, status=ModelStatus.TRAINING).exists():
        return  # somebody took it for dead meanwhile
    is_published = learnt.status == "published"
    if is_published:
        published_models(model.target).update(status=ModelStatus.RETIRED, retired_at=now, updated_at=now)
    model.status, model.method = learnt.status, learnt.method
    model.verdict, model.metrics = about.pop("verdict"), learnt.metrics
    model.document = learnt.document.to_text() if learnt.document else ""
    model.horizon_days, model.is_sample = about["horizon_days"], about.pop("is_sample")
    model.manifest = {**model.manifest, **learnt.manifest, **about, "document_sha256": digest_of(model.document)}
    model.trained_at, model.published_at = now, now if is_published else None
    model.save()
    if is_published:
        transaction.on_commit(lambda: predict_all.apply_async(retry=False), robust=True)


def published_models(target: str) -> Any:
    return TrainedModel.objects.filter(target=target, status=ModelStatus.PUBLISHED)


def fail(model: TrainedModel, error: str) -> None:
    still = TrainedModel.objects.filter(pk=model.pk, status=ModelStatus.TRAINING)
    still.update(status=ModelStatus.FAILED, error=error[:2_000], verdict="", updated_at=timezone.now())


@transaction.atomic
def retire_model(model: TrainedModel, *, by: User | None, at: datetime) -> TrainedModel:
    """Take a published model out of use; its predictions go. Raises NotAllowed, BusinessError when it is not in use."""
    from scoring.tasks import predict_all

    if by is not None:
        require(manages(by), MAY_TRAIN)
    in_use = TrainedModel.objects.filter(pk=model.pk, status=ModelStatus.PUBLISHED)
    if in_use.update(status=ModelStatus.RETIRED, retired_at=at, updated_at=timezone.now()) != 1:
        raise BusinessError("Only a published model can be retired.", code="not_published")
    transaction.on_commit(lambda: predict_all.apply_async(retry=False), robust=True)
    model.refresh_from_db()
    return model


def take_up_interrupted(*, at: datetime) -> int:
    """Trainings whose worker died fail, those that the queue lost are handed to a worker again; gives their number."""
    from scoring.tasks import run_training

    found = sum(fail_interrupted(target) for target in Target)
    lost = TrainedModel.objects.filter(status=ModelStatus.TRAINING, asked_at__lt=at - TAKEN_UP_WITHIN)
    waiting = [model for model in lost if not has_begun(model)]
    for model in waiting:
        run_training.apply_async((model.pk,), retry=False)
    return found + len(waiting)


def fail_interrupted(target: Target) -> bool:
    """Whether there was a training that had begun and that nobody is at any more; it failed."""
    begun = [model for model in TrainedModel.objects.filter(target=target, status="training") if has_begun(model)]
    if not begun:
        return False
    with training_lock(target) as held:
        if held:
            fail(begun[0], INTERRUPTED)
        return held


def has_begun(model: TrainedModel) -> bool:
    return "began_at" in model.manifest


def training_lock(target: Target) -> AbstractContextManager[bool]:
    return session_lock(f"training:{target.value}")


def train_due(*, at: datetime) -> list[Target]:
    """Have the targets trained whose model is old, or about which much more is known; gives them."""
    due = [target for target in Target if is_due(target, at=at)]
    for target in due:
        try:
            start_training(target, by=None, at=at)
        except AlreadyTraining:
            logger.info("%s is in training already.", target)
    return due


def is_due(target: Target, *, at: datetime) -> bool:
    models = TrainedModel.objects.filter(target=target)
    last = models.exclude(status__in=[ModelStatus.FAILED, ModelStatus.TRAINING]).exclude(trained_at=None).first()
    known = len(outcomes_of(target, at=at))
    if last is None or last.trained_at is None:
        return known > 0
    learnt_from = last.manifest.get("data", {}).get("rows", 0)
    return known > 0 and (at - last.trained_at >= RETRAIN_AFTER or known >= max(1, learnt_from) * RETRAIN_GROWTH)
