"""scoring/watching.py: whether what a model tells comes true, and what happens when it does not."""

import pytest

from crm.models import Notification
from leads.models import Lead
from scoring import tasks
from scoring.models import ModelCheck, Target, TrainedModel
from scoring.predicting import read_model
from scoring.training import ask_for_training, fail, retire_model, train
from scoring.watching import (
    DAMAGED,
    NEVER,
    chance_range,
    check_models,
    demote,
    drift_of,
    enough,
    failing,
    figures_since,
    said_of_drift,
    said_of_figures,
    shifted,
    state_of,
)
from tests.factories import DAY, MONDAY
from tests.scoring.histories import told_histories

pytestmark = pytest.mark.django_db
ACCEPTANCE = Target.ACCEPTANCE
# 1,200 leads in 300 days: two thirds are learnt from, the others come later.
TRAINED, LATER = MONDAY + 200 * DAY, MONDAY + 301 * DAY


@pytest.fixture(autouse=True)
def queued(monkeypatch):
    found = []
    monkeypatch.setattr(tasks.predict_all, "apply_async", lambda *_, **__: found.append("predict_all"))
    return found


@pytest.fixture
def leads(rob):
    leads = told_histories(rob, many=1_200)
    for lead in leads:
        lead.custom = {}
    Lead.objects.bulk_update(leads, ["custom"])
    return leads


@pytest.fixture
def model(leads):
    model = train(ACCEPTANCE, by=None, at=TRAINED)
    assert model.status == "published"
    TrainedModel.objects.update(trained_at=TRAINED)
    model.refresh_from_db()
    return model


def test_a_model_that_holds_is_checked_once_a_day(model):
    [check] = check_models(at=LATER)
    check_models(at=LATER)

    assert ModelCheck.objects.count() == 1
    assert check.day == LATER.date()
    assert check.figures["rows"] == pytest.approx(400, abs=8)
    assert check.figures["auc"] > 0.65 > check.figures["rules_auc"]
    assert check.figures["auc_low"] < check.figures["auc"]
    assert check.drift["rows"] >= 100
    assert check.verdict.startswith(f"On {check.figures['rows']} leads since it ranks")
    model.refresh_from_db()
    assert model.status == "published"


def test_only_outcomes_after_the_training_count(model):
    assert figures_since(model, at=TRAINED) == {}
    assert figures_since(model, at=TRAINED + 30 * DAY)["rows"] == pytest.approx(118, abs=5)
    assert not enough(figures_since(model, at=TRAINED + 10 * DAY))


def test_a_model_that_no_longer_beats_the_rules_goes_back_into_the_shadow(
    model, mona, max_, ada, queued, django_capture_on_commit_callbacks
):
    """From the day of the training on, sales takes exactly the others."""
    from feedback.models import Handoff
    from tests.factories import reason

    after = Handoff.objects.filter(offered_at__gt=TRAINED)
    taken, refused = (list(after.filter(status=status)) for status in ("accepted", "rejected"))
    after.filter(pk__in=[one.pk for one in taken]).update(
        status="rejected", reason=reason("industry"), route="disqualify"
    )
    after.filter(pk__in=[one.pk for one in refused]).update(status="accepted", reason=None, route="")

    with django_capture_on_commit_callbacks(execute=True):
        [check] = check_models(at=LATER)
    model.refresh_from_db()
    assert (model.status, model.retired_at) == ("shadow", LATER)
    assert model.verdict == check.verdict
    assert model.verdict.startswith("Back in the shadow: on the last")
    assert queued == ["predict_all"]
    told = Notification.objects.filter(kind="model")
    assert set(told.values_list("user", flat=True)) == {mona.pk, max_.pk, ada.pk}
    assert check_models(at=LATER + DAY) == []
    assert state_of(ACCEPTANCE).sentence == model.verdict


@pytest.mark.parametrize(
    ("slope", "words"), [(0.69, "too sure of itself"), (0.7, ""), (1.4, ""), (1.41, "too timid"), (None, "")]
)
def test_shares_that_are_off_take_a_model_back(slope, words):
    figures = {"rows": 100, "positives": 40, "auc": 0.8, "rules_auc": 0.6, "slope": slope}

    assert words in failing(figures)
    assert bool(failing(figures)) == bool(words)


@pytest.mark.parametrize(("rows", "positives"), [(0, 0), (100, 29), (100, 71), (59, 30)])
def test_nothing_is_taken_back_for_a_few_outcomes(rows, positives):
    assert failing({"rows": rows, "positives": positives, "auc": 0.1, "rules_auc": 0.9, "slope": 0.1}) == ""


def test_leads_that_changed_are_named(model, leads):
    late = [lead.pk for lead in leads[900:]]
    Lead.objects.filter(pk__in=late).update(country="Chile")
    from leads.models.lead import Lead as Model

    Model.events.rel.related_model.objects.all().delete()  # as if they had come so
    told = drift_of(model, at=LATER)

    assert told["features"]["country"] > 0.25
    assert "“Country”" in said_of_drift(told)
    check = ModelCheck(drift=told)
    assert shifted(check)[0][0] == "Country"


def test_the_words_of_a_check():
    assert said_of_drift({}) == ""
    assert said_of_drift({"score": 0.05, "features": {"country": 0.2}}) == "The leads are as they were."
    assert said_of_drift({"score": 0.2, "features": {}}) == "The leads are changing a little."
    assert said_of_figures({"rows": 1, "positives": 1}) == "Too early to judge: 1 lead has a known outcome since."


def test_where_prediction_stands_is_one_sentence(model, max_, django_assert_num_queries):
    assert state_of(Target.WIN).sentence == NEVER
    with django_assert_num_queries(3):
        state = state_of(ACCEPTANCE)
    assert (state.sentence, state.model, state.is_published) == (model.verdict, model, True)

    [check] = check_models(at=LATER)
    assert state_of(ACCEPTANCE).sentence == check.verdict
    training = ask_for_training(ACCEPTANCE, by=max_, at=LATER)
    assert state_of(ACCEPTANCE).training == training
    fail(training, "The disk is full.")
    state = state_of(ACCEPTANCE)
    assert (state.training, state.failed, state.model) == (None, training, model)

    retire_model(model, by=max_, at=LATER)
    assert state_of(ACCEPTANCE).sentence.startswith("The last model was retired.")


def test_a_chance_is_told_with_what_came_of_such_leads(model):
    low, high = chance_range(model, 0.8)

    assert 0 < low < high <= 1
    assert chance_range(TrainedModel(), 0.5) is None


def test_of_two_checks_at_once_one_takes_it_back(model, max_, queued, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        demote(model, "Back in the shadow.", at=LATER)
        demote(model, "Back in the shadow.", at=LATER)

    assert queued == ["predict_all"]
    assert Notification.objects.filter(kind="model", user=max_).count() == 1


def test_a_damaged_model_goes_back_into_the_shadow(model, mona, queued):
    TrainedModel.objects.update(document=model.document[:-40])
    read_model.cache_clear()
    queued.clear()
    [check] = check_models(at=LATER)

    model.refresh_from_db()
    assert (model.status, model.verdict, check.verdict) == ("shadow", DAMAGED, DAMAGED)
    assert Notification.objects.filter(user=mona, text=DAMAGED).exists()
    assert check_models(at=LATER) == []
