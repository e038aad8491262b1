"""scoring/views/models.py, model_card.py and model_curves.py: where prediction stands, and the card of a model."""

import json
import re
from typing import Any

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from scoring import tasks
from scoring.model_card import drift_word, headline
from scoring.model_curves import by_tenth
from scoring.models import ModelCheck, Target, TrainedModel
from scoring.watching import state_of
from tests.factories import DAY, HOUR, MONDAY

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "models"}
GAIN = [[round(place / 50, 2), min(1.0, round(place / 50 * 1.6, 6))] for place in range(51)]
METRICS = {
    "rows": 400, "positives": 120, "auc": 0.74, "auc_low": 0.69, "auc_high": 0.79, "rules_auc": 0.62,
    "rules_auc_low": 0.56, "rules_auc_high": 0.68, "average_precision": 0.51, "brier": 0.18, "brier_skill": 0.14,
    "log_loss": 0.54, "lift": {"10%": 2.3, "20%": 1.9, "30%": 1.7}, "top_half": 0.81, "calibration_error": 0.021,
    "calibration_slope": 0.96, "observed": 0.3, "predicted": 0.29, "gain": GAIN,
    "rules_gain": [[taken, taken] for taken, _ in GAIN],
    "reliability": [
        {"rows": 200, "predicted": 0.12, "observed": 0.1, "low": 0.07, "high": 0.15},
        {"rows": 200, "predicted": 0.46, "observed": 0.5, "low": 0.43, "high": 0.57},
    ],
}  # fmt: skip
MANIFEST = {
    "seed": 20, "embargo_days": 1.0, "versions": {"python": "3.11.7", "lightgbm": "4.6.0"}, "rules_version": 3,
    "data": {"rows": 1600, "positives": 480, "from": "2025-11-03T08:00:00+00:00", "to": "2026-10-02T08:00:00+00:00",
             "features": [{"name": "country", "kind": "category", "missing": 0.1}], "sha256": "ab12" * 16},
    "split": {"by": "time", "train": {"rows": 1200, "positives": 360, "from": None, "to": None},
              "test": {"rows": 400, "positives": 120, "from": "2026-07-01T08:00:00+00:00",
                       "to": "2026-10-02T08:00:00+00:00"}, "known_too_late": 12, "in_both_groups": 0},
    "recipe": {"method": "additive", "penalty": 10.0}, "left_out": [],
    "columns": [{"name": "country", "label": "Country", "kind": "category", "holds": ""},
                {"name": "custom.answer", "label": "Answer", "kind": "category", "holds": "text"}],
    "importance": [{"feature": "country", "log_odds": 0.82}, {"feature": "touches", "log_odds": 0.41}],
    "gates": [{"gate": "Better than the rules", "reached": "74 of 100", "needed": "more than 62", "passed": True},
              {"gate": "Enough to test on", "reached": "20", "needed": "30", "passed": False}],
}  # fmt: skip


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for name in ("run_training", "predict_all"):
        task = getattr(tasks, name)
        monkeypatch.setattr(task, "apply_async", lambda arguments=(), name=name, **_: found.append((name, *arguments)))
    return found


def make_model(target: str = "win", status: str = "published", **fields: Any) -> TrainedModel:
    known = {
        "method": "additive", "metrics": METRICS, "manifest": MANIFEST, "verdict": "Better than the rules.",
        "horizon_days": 90 if target == "win" else None, "asked_at": MONDAY, "trained_at": MONDAY,
        "published_at": MONDAY if status == "published" else None,
    }  # fmt: skip
    return TrainedModel.objects.create(target=target, status=status, **known | fields)


def check(model: TrainedModel, days: int = 1, **fields: Any) -> ModelCheck:
    figures = {"rows": 90, "positives": 40, "auc": 0.71, "rules_auc": 0.6, "observed": 0.4, "predicted": 0.38,
               "slope": 0.9}  # fmt: skip
    drift = {"rows": 200, "score": 0.04, "features": {"country": 0.31, "touches": 0.12, "custom.answer": 0.02}}
    known = {"figures": figures, "drift": drift, "verdict": "On 90 leads since it ranks 71 of 100 pairs rightly."}
    return ModelCheck.objects.create(model=model, day=(MONDAY + days * DAY).date(), **known | fields)


def text(client: Any, path: str = "/scoring/model/", **headers: Any) -> str:
    response = client.get(path, headers=headers)
    assert response.status_code == 200
    return re.sub(r"\s+", " ", response.content.decode())


# One sentence for each target


def test_nothing_learnt_yet_says_so_and_offers_to_begin(client_for, max_):
    page = text(client_for(max_))
    assert page.count("Nothing has been learnt yet.") == 2
    assert page.count("Train now") == 2
    assert page.count("btn btn-primary") == 1


def test_not_enough_data_says_what_is_missing(client_for, max_):
    verdict = "Not enough data: it takes 9 more leads that reached the goal (31 of 40)."
    make_model(
        "acceptance", "not_enough", verdict=verdict, metrics={}, manifest={"data": {"rows": 86, "positives": 31}}
    )
    page = text(client_for(max_))
    assert verdict in page
    assert "31 accepted, 55 refused" in page


def test_in_the_shadow_says_why(client_for, rob):
    make_model("win", "shadow", verdict="No better than the rules: it ranks 71 of 100 pairs rightly, the rules 70.")
    page = text(client_for(rob))
    assert "No better than the rules: it ranks 71 of 100 pairs rightly, the rules 70." in page
    assert "In the shadow" in page


def test_a_published_model_says_what_it_finds():
    make_model("win")
    assert headline(state_of(Target.WIN)) == "The half it rates better holds 8 of 10 won leads."


def test_the_sentences_stand_on_any_page_that_includes_them():
    make_model("win")
    page = render_to_string("scoring/model_sentence.html", {})
    assert "holds 8 of 10 won leads" in page
    assert "/scoring/model/acceptance/" in page


# Who may do what


def test_only_managers_and_admins_are_offered_to_train_and_retire(client_for, mia, rob, max_, ada):
    model = make_model("win")
    offered = {
        user: f"/scoring/model/retirements/{model.pk}/" in text(client_for(user)) for user in (mia, rob, max_, ada)
    }
    assert offered == {mia: False, rob: False, max_: True, ada: True}
    assert {user: "/training/" in text(client_for(user)) for user in (mia, rob, max_, ada)} == offered


def test_a_training_is_asked_for_once_and_the_page_reads_itself_again(
    client_for, max_, queued, django_capture_on_commit_callbacks
):
    client = client_for(max_)
    with django_capture_on_commit_callbacks(execute=True):
        assert client.post("/scoring/model/win/training/").status_code == 302
    model = TrainedModel.objects.get()
    assert queued == [("run_training", model.pk)]

    page = text(client)
    assert "In training since" in page
    assert 'data-live="/scoring/model/"' in page
    assert "asked by Max" in page
    assert client.post("/scoring/model/win/training/", follow=True).content.decode().count("at work already") == 1
    assert TrainedModel.objects.count() == 1


def test_the_answer_of_the_live_part_rests_once_the_training_ended(client_for, max_):
    model = make_model("win", "training", verdict="", metrics={}, manifest={}, trained_at=None, asked_at=timezone.now())
    client = client_for(max_)
    during = text(client, **HTMX)
    assert (during.count("<html"), "data-live" in during) == (0, True)
    TrainedModel.objects.filter(pk=model.pk).update(status="failed", error="The training was interrupted.")
    after = text(client, **HTMX)
    assert ("data-live" in after, "The training was interrupted." in after, "Try again" in after) == (False, True, True)


def test_a_rep_may_not_train(client_for, rob):
    assert client_for(rob).post("/scoring/model/win/training/").status_code == 403
    assert TrainedModel.objects.count() == 0


def test_retiring_takes_the_model_out_of_use_and_twice_says_so(client_for, max_, queued):
    model = make_model("win")
    client = client_for(max_)
    said = client.post(f"/scoring/model/retirements/{model.pk}/", follow=True).content.decode()
    model.refresh_from_db()
    assert model.status == "retired"
    assert "no longer foretold" in said
    again = client.post(f"/scoring/model/retirements/{model.pk}/", follow=True).content.decode()
    assert "Only a published model can be retired." in again


@pytest.mark.parametrize("path", ["nothing/", "win/training/", "retirements/1/"])
def test_addresses_that_make_no_sense_are_answered(client_for, max_, path):
    assert client_for(max_).get(f"/scoring/model/{path}").status_code in (404, 405)


# The card


def test_the_card_tells_data_figures_gates_and_how_it_was_made(client_for, mia):
    check(make_model("win"))
    page = text(client_for(mia), "/scoring/model/win/")
    for words in (
        "won within 90 days",
        "1,600 leads, 480 of them with success, 3 Nov 2025 to 2 Oct 2026",
        "the newest 400 leads",
        "12 outcomes known too late",
        "rules of version 3",
        "with seed 20 from data ab12ab12ab12",
        "lightgbm 4.6.0",
        "AUC 0.740",
        "likely 69–79; the rules 62 %",
        "Better than the rules",
        "needs more than 62, has 74 of 100",
        "not passed",
    ):
        assert words in page, words


def test_each_curve_has_its_table(client_for, mia):
    model = make_model("win")
    for days in (1, 2):
        check(model, days)
    page = text(client_for(mia), "/scoring/model/win/")
    keys = re.findall(r'data-chart="([a-z]+)-data"', page)
    assert keys == ["reliability", "tenths", "rolling", "calibration"]
    assert page.count("Show as table") == 4
    for key in keys:
        json.loads(re.search(rf'<script id="{key}-data" type="application/json">(.*?)</script>', page)[1])
    assert "43–57 %" in page


def test_drift_is_told_in_words_and_by_label(client_for, mia):
    check(make_model("win"))
    page = text(client_for(mia), "/scoring/model/win/")
    found = re.findall(r'<tr data-drift="(\w+)"><th scope="row">([^<]+)<', page)
    assert found == [("shift", "Country"), ("watch", "Touches"), ("stable", "Answer")]


def test_a_field_that_gives_the_answer_away_is_flagged(client_for, mia):
    make_model("win", manifest=MANIFEST | {"left_out": [{"feature": "custom.answer", "auc": 0.99}]})
    page = text(client_for(mia), "/scoring/model/win/")
    assert "Suspected leakage" in page
    assert "“Answer” looks like it gives the answer away" in page


def test_an_earlier_training_can_be_looked_at_and_nonsense_shows_the_present_one(client_for, mia):
    old = make_model("win", "retired", verdict="The old one.", published_at=None)
    make_model("win")
    client = client_for(mia)
    assert "An earlier training" in text(client, f"/scoring/model/win/?training={old.pk}")
    for wrong in ("x", "999999999999999999999", "0", "²"):
        assert "An earlier training" not in text(client, f"/scoring/model/win/?training={wrong}")


@pytest.mark.parametrize("status", ["not_enough", "shadow", "retired", "failed", "training"])
def test_a_model_without_figures_has_a_page_all_the_same(client_for, mia, status):
    make_model("win", status, metrics={}, manifest={}, verdict="", method="", trained_at=None, asked_at=timezone.now())
    text(client_for(mia), "/scoring/model/win/")


def test_a_page_costs_the_same_few_queries_with_one_training_and_with_thirty(client_for, mia):
    client = client_for(mia)
    check(make_model("win"))
    text(client, "/scoring/model/win/")
    with CaptureQueriesContext(connection) as few:
        text(client, "/scoring/model/win/")
    for number in range(30):
        check(make_model("win", "retired", published_at=None, asked_at=MONDAY - HOUR * number))
    with CaptureQueriesContext(connection) as many:
        text(client, "/scoring/model/win/")
    assert len(many) == len(few)
    assert len(few) <= 14


# Figures


def test_tenths_come_from_the_way_the_successes_are_found():
    assert by_tenth([[place / 50, place / 50] for place in range(51)]) == pytest.approx([0.1] * 10)
    assert sum(by_tenth(GAIN)) == pytest.approx(1)
    assert by_tenth([]) == []


@pytest.mark.parametrize(("index", "word"), [(0.0, "stable"), (0.0999, "stable"), (0.11, "watch"), (0.26, "shift")])
def test_drift_word(index, word):
    assert drift_word(index) == word
