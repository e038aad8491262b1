"""What happens to scores, definitions, models and leads at one moment: each deed is done whole, once, or refused."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from crm.errors import BusinessError
from crm.outbox import drain_all
from feedback.models import Agreement, SignedStatus
from leads.custom_fields import FieldInUse, add_field, delete_field
from leads.lifecycle import Stage
from leads.merging import merge_leads
from leads.models import Lead, LeadScore, Transition
from leads.transitions import move_lead
from scoring import tasks, training
from scoring.backtesting import start_backtest
from scoring.definitions import card_of
from scoring.drafting import draft_definition, edit_definition, problems_of
from scoring.engine import score_leads
from scoring.models import Backtest, Definition, Target, TrainedModel
from scoring.proposing import propose_definition
from scoring.training import AlreadyTraining, retire_model, run_training, start_training
from tests.factories import DAY, MONDAY, make_lead, make_user
from tests.scoring.cards import fit
from tests.scoring.histories import told_histories
from tests.scoring.test_proposing import at_once
from tests.scoring.test_qualifying import in_force, met

pytestmark = pytest.mark.django_db(transaction=True)
LATER = MONDAY + 420 * DAY


@pytest.fixture(autouse=True)
def unqueued(monkeypatch: pytest.MonkeyPatch) -> None:
    for task in (tasks.run_training, tasks.run_backtest, tasks.predict_all):
        monkeypatch.setattr(task, "apply_async", lambda *_, **__: None)


@pytest.fixture
def mona() -> Any:
    return make_user("mona", "admin")


def now() -> datetime:
    return timezone.now()


def start(by: Any) -> Callable[[], object]:
    return lambda: start_training(Target.ACCEPTANCE, by=by, at=LATER)


def test_of_many_who_start_a_training_at_once_one_does(mona):
    outcomes = at_once(*[start(mona)] * 4)

    assert sorted(map(type, outcomes), key=str) == sorted([AlreadyTraining] * 3 + [type(None)], key=str)
    assert TrainedModel.objects.count() == 1


def test_workers_that_take_up_one_training_at_once_train_once(mona, monkeypatch):
    told_histories(make_user("rob"), many=60)
    model, runs = start(mona)(), []
    learn = training.learn_target
    monkeypatch.setattr(training, "learn_target", lambda *a, **k: runs.append(1) or learn(*a, **k))
    outcomes = at_once(*[lambda: run_training(TrainedModel.objects.get(pk=model.pk))] * 3)

    model.refresh_from_db()
    assert (outcomes, len(runs), model.status) == ([None] * 3, 1, "not_enough")


def test_retiring_while_the_next_one_is_published_leaves_one_or_none(mona):
    told_histories(make_user("rob"), many=400)
    old = run_training(start(mona)())
    assert old.status == "published", old.verdict
    fresh = start(mona)()
    at_once(lambda: run_training(fresh), *[lambda: retire_model(old, by=mona, at=now())] * 2)

    assert TrainedModel.objects.get(pk=old.pk).status == "retired"
    assert list(TrainedModel.objects.filter(status="published")) == [fresh]


def test_the_same_back_test_asked_by_many_at_once_is_one(mona):
    draft = draft_definition(by=mona, at=MONDAY)
    outcomes = at_once(*[lambda: start_backtest(draft, by=mona, at=now())] * 4)

    assert (outcomes, Backtest.objects.count()) == ([None] * 4, 1)


def test_a_field_deleted_while_a_rule_names_it_never_gets_into_force(mona):
    for number in range(5):
        field = add_field(by=mona, record="lead", label=f"Size {number}", kind="text")
        draft = draft_definition(by=mona, at=MONDAY)
        rules, thresholds = [fit(f"custom.{field.name}", "L", 10)], {"mql": 10}

        def write_and_propose(draft: Definition = draft, rules: Any = rules, thresholds: Any = thresholds) -> None:
            edit_definition(draft, by=mona, at=MONDAY, rules=rules, thresholds=thresholds)
            propose_definition(draft, by=mona, at=MONDAY)

        _, refused = at_once(write_and_propose, lambda field=field: delete_field(field, by=mona, at=MONDAY))
        draft.refresh_from_db()
        assert refused is None or isinstance(refused, FieldInUse)
        assert draft.status == SignedStatus.DRAFT or not problems_of(draft)
        Agreement.objects.filter(status=SignedStatus.PROPOSED).delete()


def test_beside_a_person_who_marks_the_lead_it_becomes_mql_once(mona):
    in_force()
    leads = [make_lead(at=now() - DAY, country="Sweden") for _ in range(6)]
    for lead in leads:
        met(lead, at=now(), raised_hand=True)

    def mark_all() -> None:
        for lead in leads:
            with suppress(BusinessError):  # the system was first
                move_lead(Lead.objects.get(pk=lead.pk), Stage.MQL, by=mona, at=now())

    assert at_once(mark_all, drain_all, drain_all) == [None] * 3
    drain_all()
    marks = Transition.objects.filter(to_stage=Stage.MQL).values_list("lead", flat=True)
    assert sorted(marks) == [lead.pk for lead in leads]


def test_who_is_merged_while_scored_has_the_score_of_both(mona):
    definition = in_force()
    for _ in range(4):
        kept, twin = (make_lead(at=now() - DAY, country="Sweden") for _ in range(2))
        met(kept, at=now() - DAY)
        met(twin, at=now() - DAY)
        outcomes = at_once(lambda k=kept, t=twin: merge_leads(k, t, by=mona, at=now()), drain_all, drain_all)
        drain_all()
        drain_all()
        shown = LeadScore.objects.get(lead=kept).shown

        assert outcomes == [None] * 3
        score_leads([kept.pk], card=card_of(definition), at=now())
        assert LeadScore.objects.get(lead=kept).shown == shown > 50
