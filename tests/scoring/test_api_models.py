"""The API of trained models, and the chances of leads in theirs."""

import pytest

from leads.models import LeadPrediction
from scoring import tasks
from scoring.models import ModelCheck, TrainedModel
from tests.api import Caller, all_pages
from tests.factories import MONDAY, make_lead
from tests.records import trained

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def queued(monkeypatch):
    found = []
    for name in ("run_training", "predict_all"):
        task = getattr(tasks, name)
        monkeypatch.setattr(task, "apply_async", lambda arguments=(), name=name, **_: found.append((name, *arguments)))
    return found


def test_a_manager_has_a_model_trained(max_, queued, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        answer = Caller(max_).post("models/", {"target": "win"})

    assert answer.status_code == 202
    model = answer.json()
    assert (model["target"], model["status"], model["asked_by"]) == ("win", "training", max_.pk)
    assert queued == [("run_training", model["id"])]


def test_two_trainings_at_once_are_one_too_many(max_):
    Caller(max_).post("models/", {"target": "win"})
    answer = Caller(max_).post("models/", {"target": "win"})

    assert (answer.status_code, answer.json()["code"]) == (409, "already_training")
    assert TrainedModel.objects.count() == 1


@pytest.mark.parametrize("body", [{}, {"target": "luck"}, {"target": "win", "status": "published"}])
def test_what_is_no_wish_for_a_training_is_refused(max_, body):
    assert Caller(max_).post("models/", body).status_code == 400
    assert not TrainedModel.objects.exists()


def test_a_model_is_read_with_its_text_and_its_checks(rob):
    model = trained()
    TrainedModel.objects.update(document='{"format": 1}', metrics={"auc": 0.8})
    ModelCheck.objects.create(model=model, day=MONDAY.date(), verdict="As it was.", drift={"score": 0.01})

    told = Caller(rob).get(f"models/{model.pk}/").json()
    assert (told["document"], told["metrics"]) == ('{"format": 1}', {"auc": 0.8})
    assert told["checks"] == [{"day": "2026-03-02", "verdict": "As it was.", "drift": {"score": 0.01}, "figures": {}}]
    [listed] = all_pages(Caller(rob), "models/")
    assert "document" not in listed


def test_models_are_filtered_and_strange_filters_refused(rob):
    model = trained()
    TrainedModel.objects.create(target="acceptance", status="shadow", asked_at=MONDAY)

    assert [one["id"] for one in all_pages(Caller(rob), "models/", target="win", status="published")] == [model.pk]
    assert Caller(rob).get("models/", colour="red").status_code == 400


def test_a_published_model_is_retired_once(max_, queued, django_capture_on_commit_callbacks):
    model = trained()
    with django_capture_on_commit_callbacks(execute=True):
        answer = Caller(max_).post(f"models/{model.pk}/retire/")

    assert (answer.status_code, answer.json()["status"]) == (200, "retired")
    assert queued == [("predict_all",)]
    again = Caller(max_).post(f"models/{model.pk}/retire/")
    assert (again.status_code, again.json()["code"]) == (422, "not_published")


def test_leads_have_chances_where_a_model_is_published(rob):
    likely, unlikely, unknown = make_lead(), make_lead(), make_lead()
    LeadPrediction.objects.create(lead=likely, acceptance=0.9, win=0.4, predicted_at=MONDAY)
    LeadPrediction.objects.create(lead=unlikely, acceptance=0.2, win=None, predicted_at=MONDAY)
    calls = Caller(rob)

    rows = {row["id"]: (row["acceptance_chance"], row["win_chance"]) for row in all_pages(calls, "leads/")}
    assert rows == {likely.pk: (0.9, 0.4), unlikely.pk: (0.2, None), unknown.pk: (None, None)}
    assert calls.get(f"leads/{unknown.pk}/").json()["win_chance"] is None
    assert [row["id"] for row in all_pages(calls, "leads/", acceptance_chance__gte=0.5)] == [likely.pk]
    assert [row["id"] for row in all_pages(calls, "leads/", win_chance__lt=0.5)] == [likely.pk]
    ordered = [row["id"] for row in all_pages(calls, "leads/", ordering="-acceptance_chance", page_size=1)]
    assert ordered.index(likely.pk) < ordered.index(unlikely.pk)
    assert len(ordered) == 3
    assert calls.patch(f"leads/{likely.pk}/", {"win_chance": 0.9}).status_code == 400
