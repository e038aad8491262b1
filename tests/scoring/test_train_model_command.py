"""`manage.py train_model`: both targets or one, what it says, and when it ends with an error."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from leads.models import LeadPrediction
from scoring import training
from scoring.models import Target, TrainedModel
from scoring.training import ask_for_training
from tests.scoring.histories import told_histories

pytestmark = pytest.mark.django_db


def said_by(*arguments):
    out = StringIO()
    call_command("train_model", *arguments, stdout=out)
    return out.getvalue()


def test_without_outcomes_it_says_what_is_missing_for_both_targets():
    said = said_by().splitlines()

    assert [line.split(": ", 1)[0] for line in said] == [target.label for target in Target]
    assert all("Not enough data: it takes 40 more" in line for line in said)
    assert list(TrainedModel.objects.values_list("status", flat=True)) == ["not_enough", "not_enough"]


def test_one_target_is_published_and_every_lead_predicted(rob):
    told_histories(rob)

    said = said_by("--target", "acceptance", "--seed", "3")

    model = TrainedModel.objects.get()
    assert (model.target, model.status, model.manifest["seed"]) == ("acceptance", "published", 3)
    assert "Better than the rules" in said
    assert "Predicted 800 leads." in said
    assert LeadPrediction.objects.count() == 800


def test_a_training_that_fails_ends_the_command_with_an_error(monkeypatch):
    def torn(*_arguments, **_options):
        raise ValueError("the cable was pulled")

    monkeypatch.setattr(training, "learn_target", torn)
    with pytest.raises(CommandError, match="A training failed"):
        said_by("--target", "win")
    assert TrainedModel.objects.get().status == "failed"


def test_it_does_not_begin_beside_one_at_work():
    ask_for_training(Target.WIN, by=None, at=timezone.now())

    with pytest.raises(CommandError, match="at work already"):
        said_by("--target", "win")
