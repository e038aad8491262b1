"""crm/erasure.py: sample data goes, real records stay."""

from datetime import UTC, date, datetime

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError, transaction
from pghistory.models import Event

from campaigns.models import Campaign, Spend
from crm.erasure import remove_sample_data, rewriting
from crm.models import AuditEntry, Notification, Organisation, Role, Team, User
from crm.notifications import notify
from crm.outbox import drain_all
from feedback.models import Handoff
from feedback.verdicts import accept_handoff, offer_lead
from funnel.facts.checking import check_metrics
from funnel.models import FigureSettings
from leads.converting import convert_lead
from leads.lifecycle import Stage
from leads.mail_templates import FIRST
from leads.models import Company, Lead, LeadScore, MailTemplate, Opportunity, PickValue, Touch, Transition
from leads.pick_values import FIRST_THEMES
from leads.touches import record_touch
from leads.transitions import capture_lead, move_lead
from tests.factories import DAY, HOUR, MONDAY, make_campaign, make_lead, make_spend, make_user

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TODAY = date(2026, 11, 22)


@pytest.fixture
def demo(transactional_db):
    call_command("demo", today=TODAY, leads=60, verbosity=0)


def sample_rows():
    """How many rows each table marks as sample; what history kept of them is none."""
    tables = [model for model in apps.get_models() if not issubclass(model, Event)]
    marked = [model for model in tables if any(field.name == "is_sample" for field in model._meta.fields)]
    return {model.__name__: model._default_manager.filter(is_sample=True).count() for model in marked}


def told_story():
    """The story without the numbers that a database gives."""
    return list(
        Transition.objects.order_by("lead__email", "seq").values_list(
            "lead__email", "seq", "to_stage", "at", "by__email", "score", "reason__code", "note", "lead__custom"
        )
    ) + list(Handoff.objects.order_by("lead__email", "offered_at").values_list("to_user__email", "due_at", "promised"))


def test_the_same_day_tells_the_same_story_again_after_removal(demo):
    first = told_story()
    call_command("demo", remove=True, verbosity=0)
    assert {table: rows for table, rows in sample_rows().items() if rows} == {}

    call_command("demo", today=TODAY, leads=60, verbosity=0)

    assert told_story() == first


def test_removal_leaves_an_empty_product(demo):
    kept = {"Organisation", "Reason", "PipelineStage", "MailTemplate", "PickValue", "Cursor", "Change", "AuditEntry"}
    kept |= {"FigureSettings"}
    remove_sample_data(by=None, at=NOW, why="Test")
    drain_all()

    rooms = {"crm", "campaigns", "leads", "feedback", "scoring", "funnel", "desk"}
    ours = [model for model in apps.get_models() if model._meta.app_label in rooms and model.__name__ not in kept]
    assert {model.__name__: model._default_manager.count() for model in ours if model._default_manager.exists()} == {}
    assert Organisation.get().definition_version == 0
    assert (FigureSettings.get().gross_margin, FigureSettings.get().attempt_cost) == (None, None)
    # What a new installation begins with, and nothing that the demo wrote.
    assert list(PickValue.objects.values_list("list", "value")) == [("theme", value) for value in FIRST_THEMES]
    assert {template.name for template in MailTemplate.objects.all()} == {name for name, _subject, _text in FIRST}


def test_real_records_stay_and_the_figures_agree(demo):
    admin = make_user("ada.real", Role.ADMIN, email="ada@real.example")
    campaign = make_campaign("Our own campaign")
    make_spend(campaign)
    lead = capture_lead(by=admin, at=NOW, email="buyer@real.example", campaign=campaign, owner=admin)

    remove_sample_data(by=admin, at=NOW, why="We begin in earnest")
    drain_all()

    assert list(User.objects.all()) == [admin]
    assert list(Campaign.objects.all()) == [campaign]
    assert Spend.objects.count() == 1
    assert list(Lead.objects.all()) == [lead]
    assert list(LeadScore.objects.values_list("lead")) == [(lead.pk,)]
    check = check_metrics()
    assert (check.leads, check.facts, check.differences) == (1, 1, [])


def test_what_a_real_lead_points_at_becomes_real_and_its_people_cannot_log_in(demo):
    rob, mia = User.objects.get(email="rep@demo.test"), User.objects.get(email="marketer@demo.test")
    campaign = Campaign.objects.get(channel="webinar")
    company = Company.objects.first()
    lead = make_lead(at=NOW, campaign=campaign, company=company, owner=mia)
    move_lead(lead, Stage.MQL, by=mia, at=NOW)
    accept_handoff(offer_lead(lead, by=mia, at=NOW, to_user=rob), by=rob, at=NOW + HOUR)
    convert_lead(Lead.objects.get(pk=lead.pk), by=rob, at=NOW + DAY)

    remove_sample_data(by=None, at=NOW + DAY)
    drain_all()

    people = User.objects.order_by("email").values_list("email", "is_active", "is_sample")
    assert list(people) == [("marketer@demo.test", False, False), ("rep@demo.test", False, False)]
    assert not User.objects.get(pk=rob.pk).has_usable_password()
    assert [*Campaign.objects.all(), *Company.objects.all()] == [campaign, company]
    assert list(Team.objects.order_by("name").values_list("name", flat=True)) == ["Marketing", "North"]
    assert Transition.objects.filter(lead=lead).count() == Transition.objects.count() == 5
    assert Handoff.objects.count() == Opportunity.objects.count() == 1
    assert {table: rows for table, rows in sample_rows().items() if rows} == {}
    assert check_metrics().differences == []


def test_work_on_sample_leads_goes_with_them(demo):
    lead = Lead.objects.filter(is_sample=True, stage="inquiry").first()
    admin = make_user("ada.real", Role.ADMIN, email="ada@real.example")
    record_touch(lead, kind="meeting", by="sales", at=NOW)
    move_lead(lead, Stage.MQL, by=admin, at=NOW)
    deal = Opportunity.objects.create(name="Real deal", lead=lead, opened_at=NOW, stage_since=NOW)
    make_spend(Campaign.objects.first())

    remove_sample_data(by=admin, at=NOW)

    deal.refresh_from_db()
    assert (deal.lead, Opportunity.objects.count()) == (None, 1)
    assert (Lead.objects.count(), Touch.objects.count(), Spend.objects.count()) == (0, 0, 0)


def test_who_removes_keeps_the_key_and_is_named_with_the_reason(demo):
    ada = User.objects.get(email="admin@demo.test")
    notify([ada], kind="assigned", key="lead", title="Mia gave you Lea of Acme", at=NOW)

    counts = remove_sample_data(by=ada, at=NOW, why="We begin in earnest")

    assert list(User.objects.values_list("email", "is_active")) == [("admin@demo.test", True)]
    assert not Notification.objects.exists()
    entry = AuditEntry.objects.get()
    assert (entry.by, entry.at, entry.deed, entry.why) == (ada, NOW, "remove sample data", "We begin in earnest")
    assert entry.detail == counts
    assert counts["leads"] > 60


@pytest.mark.django_db
def test_history_can_be_removed_only_within_rewriting():
    lead = make_lead(at=MONDAY)
    rows = Transition.objects.filter(lead=lead)
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        rows._raw_delete(rows.db)

    with rewriting(by=None, at=MONDAY, deed="test", why="To see it work") as counts:
        counts["transitions"] = rows._raw_delete(rows.db)

    assert not rows.exists()
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Touch.objects.all()._raw_delete(rows.db)
    assert list(AuditEntry.objects.values_list("deed", "detail")) == [("test", {"transitions": 1})]
