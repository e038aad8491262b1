"""scoring/training.py: from outcomes to a model, one training at a time, published only when it beats the rules."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.errors import BusinessError, NotAllowed
from leads.models import CustomField, Lead, LeadPrediction
from scoring import tasks
from scoring.learning.document import Document
from scoring.models import Target, TrainedModel
from scoring.predicting import predict_all
from scoring.training import (
    GOALS,
    INTERRUPTED,
    AlreadyTraining,
    ask_for_training,
    begin,
    is_due,
    retire_model,
    run_training,
    start_training,
    take_up_interrupted,
    train,
    training_lock,
)
from tests.factories import DAY, HOUR, MONDAY
from tests.scoring.histories import told_histories

pytestmark = pytest.mark.django_db
ACCEPTANCE, WIN = Target.ACCEPTANCE, Target.WIN
LATER = MONDAY + 420 * DAY


@pytest.fixture
def queued(monkeypatch):
    """What was put into the queue, instead of running it."""
    found = []
    for name in ("run_training", "predict_all"):
        task = getattr(tasks, name)
        monkeypatch.setattr(task, "apply_async", lambda arguments=(), name=name, **_: found.append((name, *arguments)))
    return found


def without_answer(leads):
    """The same leads, without the field that gives the answer away."""
    for lead in leads:
        del lead.custom["answer"]
    Lead.objects.bulk_update(leads, ["custom"])


def test_a_model_that_beats_the_rules_is_published_with_all_it_was_made_of(
    rob, max_, queued, django_capture_on_commit_callbacks
):
    without_answer(told_histories(rob))
    with django_capture_on_commit_callbacks(execute=True):
        model = train(ACCEPTANCE, by=max_, at=LATER)

    assert (model.status, model.asked_by, model.error) == ("published", max_, "")
    assert model.verdict.startswith("Better than the rules")
    assert model.metrics["auc"] > 0.65
    assert model.metrics["rules_auc"] == 0.5  # there are none
    assert model.metrics["brier_skill"] > 0
    assert model.published_at == model.trained_at
    assert model.horizon_days is None
    manifest = model.manifest
    assert (manifest["target"], manifest["data"]["rows"], manifest["seed"]) == ("acceptance", 800, 20)
    assert {"country", "company_employees"} <= {column["name"] for column in manifest["columns"]}
    assert "lightgbm" in manifest["versions"]
    assert Document.from_text(model.document).method == model.method
    assert queued == [("predict_all",)]


def test_training_again_gives_the_same_text_to_the_last_bit(rob):
    told_histories(rob, many=300)
    first, second = train(ACCEPTANCE, by=None, at=LATER), train(ACCEPTANCE, by=None, at=LATER)

    assert first.document
    assert first.document == second.document
    assert first.manifest["data"]["sha256"] == second.manifest["data"]["sha256"]


def test_a_field_that_gives_the_answer_away_is_left_out_and_named(rob):
    CustomField.objects.create(record="lead", name="answer", label="What sales said", kind="text")
    told_histories(rob)
    model = train(ACCEPTANCE, by=None, at=LATER)

    assert [left["feature"] for left in model.manifest["left_out"]] == ["custom.answer"]
    assert "custom.answer" not in {column["name"] for column in model.manifest["columns"]}
    assert "“What sales said” is left out" in model.verdict
    assert model.metrics["auc"] < 0.95


def test_what_cannot_be_learnt_stays_in_the_shadow(rob):
    without_answer(told_histories(rob, signal=False))
    model = train(ACCEPTANCE, by=None, at=LATER)

    assert (model.status, model.published_at) == ("shadow", None)
    assert "rules" in model.verdict or "shadow" in model.verdict


def test_winning_is_learnt_within_its_own_horizon(rob):
    without_answer(told_histories(rob, many=1_000))
    model = train(WIN, by=None, at=LATER)

    assert model.horizon_days == 30  # every win came 20 days after the hand-over; the least is a month
    assert model.manifest["data"]["positives"] > 100
    assert model.status == "published"


@pytest.mark.parametrize("target", list(Target))
def test_without_outcomes_it_says_what_is_missing(target):
    model = train(target, by=None, at=LATER)

    assert (model.status, model.document) == ("not_enough", "")
    assert f"40 more {GOALS[target].reached}" in model.verdict


def test_one_class_only_is_not_enough(rob):
    told_histories(rob, many=100)
    from feedback.models import Handoff

    Handoff.objects.filter(status="rejected").delete()
    model = train(ACCEPTANCE, by=None, at=LATER)

    assert model.status == "not_enough"
    assert "40 more refused leads" in model.verdict


def test_of_two_trainings_at_once_the_second_is_refused(max_):
    ask_for_training(ACCEPTANCE, by=max_, at=LATER)
    with pytest.raises(AlreadyTraining) as refused:
        ask_for_training(ACCEPTANCE, by=max_, at=LATER)

    assert refused.value.status == 409
    ask_for_training(WIN, by=max_, at=LATER)  # another target is another training
    assert TrainedModel.objects.count() == 2


def test_only_managers_and_admins_train_and_retire(rob, mia, max_, ada):
    for person in (rob, mia):
        with pytest.raises(NotAllowed):
            train(ACCEPTANCE, by=person, at=LATER)
    model = train(ACCEPTANCE, by=ada, at=LATER)
    with pytest.raises(NotAllowed):
        retire_model(model, by=rob, at=LATER)
    with pytest.raises(BusinessError, match="Only a published model"):
        retire_model(model, by=max_, at=LATER)


def test_an_interrupted_training_fails_and_can_be_started_again(max_):
    model = ask_for_training(ACCEPTANCE, by=max_, at=LATER)
    assert begin(model)  # and then its worker dies

    assert take_up_interrupted(at=LATER) == 1
    model.refresh_from_db()
    assert (model.status, model.error) == ("failed", INTERRUPTED)
    assert train(ACCEPTANCE, by=max_, at=LATER).status == "not_enough"


def test_asking_again_does_not_wait_for_the_sweep(max_):
    dead = ask_for_training(ACCEPTANCE, by=max_, at=LATER)
    begin(dead)

    assert ask_for_training(ACCEPTANCE, by=max_, at=LATER).pk != dead.pk
    dead.refresh_from_db()
    assert dead.status == "failed"


def test_a_task_that_is_delivered_again_does_not_train_again(max_):
    model = ask_for_training(ACCEPTANCE, by=max_, at=LATER)
    begin(model)
    run_training(model)
    assert model.error == INTERRUPTED

    done = train(WIN, by=max_, at=LATER)
    trained_at = done.trained_at
    assert run_training(done).trained_at == trained_at


def test_what_the_queue_lost_is_handed_out_again(max_, queued, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        model = start_training(ACCEPTANCE, by=max_, at=LATER)
    assert queued == [("run_training", model.pk)]

    assert take_up_interrupted(at=LATER + timedelta(seconds=30)) == 0
    assert take_up_interrupted(at=LATER + timedelta(minutes=3)) == 1
    assert queued == [("run_training", model.pk)] * 2


def test_what_goes_wrong_is_kept_for_people(max_, monkeypatch):
    def breaks(*_arguments, **_options):
        raise MemoryError("no room left")

    monkeypatch.setattr("scoring.training.learn_target", breaks)
    model = train(ACCEPTANCE, by=max_, at=LATER)

    assert (model.status, model.error) == ("failed", "The training failed: no room left")
    with training_lock(ACCEPTANCE) as held:
        assert held


def test_a_better_model_takes_the_place_of_the_one_before(rob, max_, queued, django_capture_on_commit_callbacks):
    without_answer(told_histories(rob))
    first, second = train(ACCEPTANCE, by=None, at=LATER), train(ACCEPTANCE, by=None, at=LATER)
    first.refresh_from_db()
    assert (first.status, second.status) == ("retired", "published")
    assert predict_all(at=LATER) == 800
    assert LeadPrediction.objects.filter(acceptance__isnull=False).count() == 800

    with django_capture_on_commit_callbacks(execute=True):
        retire_model(second, by=max_, at=LATER)
    assert queued == [("predict_all",)]
    predict_all(at=LATER)
    assert not LeadPrediction.objects.exists()


def test_a_model_that_is_old_or_knows_too_little_is_due_for_training(rob):
    assert not is_due(ACCEPTANCE, at=LATER)  # nothing to learn from
    told_histories(rob, many=100, days=100)
    assert is_due(ACCEPTANCE, at=MONDAY + 10 * DAY)

    early = MONDAY + 80 * DAY
    model = train(ACCEPTANCE, by=None, at=early)
    TrainedModel.objects.filter(pk=model.pk).update(trained_at=early)
    assert not is_due(ACCEPTANCE, at=early + DAY)
    assert is_due(ACCEPTANCE, at=early + 15 * DAY)
    TrainedModel.objects.filter(pk=model.pk).update(trained_at=MONDAY + 100 * DAY)
    assert is_due(ACCEPTANCE, at=MONDAY + 102 * DAY)  # 100 outcomes instead of 80


def test_a_training_asked_for_stands_there_until_a_worker_takes_it(max_):
    model = ask_for_training(ACCEPTANCE, by=max_, at=timezone.now() - HOUR)

    assert not take_up_interrupted(at=timezone.now() - HOUR)
    assert model.status == "training"
