"""What the page of an opportunity shows: its way, its people, where it came from, what else is at the company."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from leads.models import Contact, Lead, Opportunity, OpportunityPerson, Outcome, PipelineStage

# Where a stage of the path lies, seen from the present one.
DONE, NOW, AHEAD = "done", "now", "ahead"
# Forth and back along it.
KEYS = {1: ">", -1: "<"}
OTHERS = 5
PEOPLE = 50


@dataclass(frozen=True)
class Part:
    """One person: the main contact, who may have no ``part`` of its own yet, or anybody else."""

    contact: Contact
    part: OpportunityPerson | None
    is_main: bool


def with_everything() -> QuerySet[Opportunity]:
    return Opportunity.objects.select_related(
        "company", "contact__company", "owner", "team", "reason", "lead__campaign", "lead__owner", "lead__company"
    )


def path_of(deal: Opportunity, stages: dict[str, PipelineStage]) -> list[dict[str, Any]]:
    """The open stages in order, a retired one only if it stands there; the neighbours of the present one have a key.

    Of what is closed, those it went through are done.
    """
    present = deal.stage if deal.is_open else deal.stage_before_close
    offered = [row for row in stages.values() if row.is_open and (not row.retired or row.stage == present)]
    names = [row.stage for row in offered]
    at = names.index(present) if present in names else len(names) if deal.outcome == Outcome.WON else -1
    return [
        {
            "stage": row,
            "state": NOW if index == at and deal.is_open else DONE if index <= at else AHEAD,
            "key": KEYS.get(index - at, ""),
        }
        for index, row in enumerate(offered)
    ]


def people_of(deal: Opportunity) -> list[Part]:
    """The main contact, then the others as they were added."""
    parts = list(deal.parts.select_related("contact__company", "lead")[:PEOPLE])
    found = [Part(part.contact, part, part.contact_id == deal.contact_id) for part in parts]
    if deal.contact and not any(part.is_main for part in found):
        found.append(Part(deal.contact, None, True))
    return sorted(found, key=lambda part: not part.is_main)


def leads_behind(deal: Opportunity, people: list[Part]) -> list[Lead]:
    """The lead it was made of, then those that joined."""
    joined = [part.part.lead for part in people if part.part and part.part.lead]
    return ([deal.lead] if deal.lead else []) + [lead for lead in joined if lead.pk != deal.lead_id]


def others_at_company(deal: Opportunity) -> QuerySet[Opportunity]:
    """Other opportunities of the same company, newest first."""
    if deal.company_id is None:
        return Opportunity.objects.none()
    others = Opportunity.objects.filter(company=deal.company_id, archived_at__isnull=True).exclude(pk=deal.pk)
    return others.select_related("owner").order_by("-id")[:OTHERS]
