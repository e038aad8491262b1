"""What a definition that is being written would do with the newest leads; writes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from leads.models import Lead
from scoring.contradictions import contradictions, impossible
from scoring.engine import standings_at
from scoring.rules import Card, Problem
from scoring.words import record_names

# As many of the newest leads tell what a change would do, and are counted while somebody types.
NEWEST = 500
EXAMPLES = 6


@dataclass(frozen=True)
class Example:
    """A present lead that the definition would treat otherwise than the one in force."""

    lead: Lead
    score: int
    grade: str
    qualifies: bool
    qualified: bool


@dataclass(frozen=True)
class Preview:
    """``leads``: how many were looked at; ``now``, ``then``: how many of them qualify today and would."""

    leads: int
    now: int
    then: int
    grades_changed: int
    examples: list[Example]
    warnings: list[Problem]


def preview(card: Card, *, at: datetime) -> Preview:
    leads = {lead.pk: lead for lead in newest_leads()}
    standings = {one.lead: one for one in standings_at([(pk, at) for pk in leads], card=card)}
    examples = [
        Example(lead, standing.shown, standing.grade, standing.qualifies, qualifies_now(lead))
        for pk, lead in leads.items()
        if (standing := standings.get(pk))
    ]
    changed = [one for one in examples if one.grade != one.lead.grade or one.qualifies != one.qualified]
    return Preview(
        leads=len(leads),
        now=sum(one.qualified for one in examples),
        then=sum(one.qualifies for one in examples),
        grades_changed=sum(one.grade != one.lead.grade for one in examples),
        # Who would qualify, or no more, tells most; then the largest leap.
        examples=sorted(changed, key=lambda one: (one.qualifies == one.qualified, -leap(one)))[:EXAMPLES],
        warnings=[*impossible(card), *contradictions(card, record_names(card)), *odd(card, examples)],
    )


def newest_leads() -> list[Lead]:
    present = Lead.objects.filter(merged_into=None, archived_at=None)
    return list(present.select_related("leadscore", "company").order_by("-pk")[:NEWEST])


def qualifies_now(lead: Lead) -> bool:
    return hasattr(lead, "leadscore") and lead.leadscore.qualifies


def leap(one: Example) -> int:
    return abs(one.score - one.lead.score)


def odd(card: Card, examples: list[Example]) -> Iterator[Problem]:
    """What only the leads themselves show."""
    if not examples or impossible(card):
        return
    share = sum(one.qualifies for one in examples)
    if share == 0:
        yield Problem("thresholds", f"none of the {len(examples):,} newest leads would qualify")
    elif share == len(examples):
        yield Problem("thresholds", f"all of the {len(examples):,} newest leads would qualify")
