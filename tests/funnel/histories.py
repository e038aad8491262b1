"""Leads with a given past, written as an import writes it, and the figures they give."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from crm import outbox
from crm.outbox import record_change
from funnel.facts import recompute
from leads.lifecycle import Stage
from leads.models import Lead, Transition
from leads.models.log import TransitionKind
from leads.transitions import append, claim, opens_episode
from tests.factories import make_lead

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    """So many days into 2026."""
    return JANUARY + timedelta(days=number)


def make_history(*steps: tuple[str, datetime], **fields: Any) -> Lead:
    """A lead that came to each stage at the given time; the first step is its capture as an inquiry."""
    (first, at), *later = steps
    assert first == Stage.INQUIRY
    lead = make_lead(at=at, **fields)
    for stage, moment in later:
        add_step(lead, stage, moment)
    return lead


def add_step(lead: Lead, stage: str, at: datetime) -> Transition:
    """One more row of the log, at any date."""
    opens, stood = opens_episode(lead, Stage(stage)), lead.stage
    claim(lead, Stage(stage), since=at, episode=lead.episode + opens)
    facts = {"kind": TransitionKind.IMPORT, "opens_episode": opens}
    row = append(lead, Stage(stage), by=None, at=at, from_stage=stood, **facts)
    record_change("lead", [lead.pk])
    return row


def make_many(number: int) -> None:
    """Leads that became MQL a day after their capture, written at once, and their changes in the outbox."""
    captured, qualified = day(1), day(2)
    with transaction.atomic():
        leads = Lead.objects.bulk_create(
            Lead(captured_at=captured, stage=Stage.MQL, stage_since=qualified, seq=2, source=f"source {n % 7}")
            for n in range(number)
        )
        Transition.objects.bulk_create(
            Transition(lead=lead, seq=seq, episode=1, from_stage=start, to_stage=to, at=at)
            for lead in leads
            for seq, start, to, at in ((1, "", Stage.INQUIRY, captured), (2, Stage.INQUIRY, Stage.MQL, qualified))
        )
        record_change("lead", [lead.pk for lead in leads])


def count_figures() -> None:
    """Figures from nothing, within the transaction of a test."""
    recompute.rebuild()


def keep_up() -> None:
    """The first figures of a new installation, as a worker makes them; needs a test that commits."""
    outbox.rebuild("funnel")
    drain_all()


def drain_all() -> None:
    while outbox.drain("funnel"):
        pass
