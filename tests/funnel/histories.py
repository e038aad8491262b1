"""Leads with a given past, written as an import writes it, and the figures they give."""

from datetime import UTC, datetime, timedelta
from typing import Any

from crm import outbox
from funnel import recompute
from leads.lifecycle import Stage
from leads.models import Lead, Transition
from leads.models.log import TransitionKind
from leads.transitions import announce, append, claim, opens_episode
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
    opens = opens_episode(lead, Stage(stage))
    claim(lead, Stage(stage), since=at, episode=lead.episode + opens)
    row = append(lead, Stage(stage), by=None, at=at, kind=TransitionKind.IMPORT, opens_episode=opens)
    announce([lead.pk])
    return row


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
