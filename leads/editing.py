"""Making and changing leads, contacts and companies by hand: all but their moves (leads/transitions.py)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from crm.access import require
from crm.assigning import require_here
from crm.editing import StaleEdit, Write, last_write, make, present, put, refuse_stale, save_put
from crm.models import User
from crm.outbox import record_change
from leads.access import may_create_leads, may_edit_lead, may_edit_people
from leads.errors import MergedLead
from leads.models import Company, Contact, Lead, Transition
from leads.models.lead import SourcedBy
from leads.transitions import capture_lead

NOT_YOURS = "You may change leads that are yours; this one is with somebody else."
NOT_YOUR_COMPANY = "You may change companies of your own leads and opportunities."
NOT_YOUR_CONTACT = "You may change contacts of your own leads and opportunities."


class StaleVersion(StaleEdit):
    """The lead was written since it was read: says who did it, when, and which of the sent values differ."""

    def __init__(self, lead: Lead, fields: dict[str, Any]) -> None:
        differing = {name: value for name, value in fields.items() if getattr(lead, name) != value}
        super().__init__(lead, differing, write=last_move_or_edit(lead), version=lead.version)


@transaction.atomic
def create_lead(*, by: User, at: datetime, **fields: Any) -> Lead:
    """A lead captured by a person. A rep's is sourced by sales and the rep's own, and no rep makes one for another.

    A campaign lends its channel to a lead that has none.
    """
    require(may_create_leads(by), "You may not make leads.")
    if by.is_rep:
        fields = {"sourced_by": SourcedBy.SALES, "owner": by, "team": by.team, **fields}
        require(fields["owner"] == by, "You may only make leads of your own.")
    elif owner := fields.get("owner"):
        require_here(owner)
        fields = {"team": owner.team, **fields}
    if (campaign := fields.get("campaign")) and not fields.get("channel"):
        fields["channel"] = campaign.channel
    return capture_lead(by=by, at=at, **fields)


@transaction.atomic
def edit_lead(
    lead: Lead,
    *,
    by: User,
    at: datetime,
    version: int | None = None,
    seen: dict[str, Any] | None = None,
    **fields: Any,
) -> Lead:
    """Change what people know of a lead; its stage has actions of its own. A new owner brings their team.

    Raises NotAllowed, MergedLead, ValidationError, and StaleEdit when ``version`` is not the present one, or when a
    field is no longer as the person has ``seen`` it.
    """
    owner = fields.get("owner")
    if owner is not None and owner.pk != lead.owner_id:
        require_here(owner)
    lead = present(lead, "owner")
    require(may_edit_lead(by, lead), NOT_YOURS)
    check_version(lead, version, fields)
    refuse_stale(lead, fields, seen)
    if lead.merged_into_id:
        raise MergedLead(lead)
    if owner is not None and owner.pk != lead.owner_id:
        fields = {"team": owner.team, **fields}
    fresh = put(lead, fields)
    if fresh:
        lead.version += 1
        lead.save(update_fields=[*fresh, "version", "updated_at"])
        record_change("lead", [lead.pk])
    return lead


def check_version(lead: Lead, version: int | None, fields: dict[str, Any] | None = None) -> None:
    """Raise StaleVersion unless the caller saw the lead as it is now; None: the caller does not mind."""
    if version is not None and version != lead.version:
        raise StaleVersion(lead, fields or {})


@transaction.atomic
def create_company(*, by: User, **fields: Any) -> Company:
    """Anybody here may meet a new company."""
    company = make(Company(**fields))
    record_change("company", [company.pk])
    return company


@transaction.atomic
def edit_company(company: Company, *, by: User, seen: dict[str, Any] | None = None, **fields: Any) -> Company:
    """Change a company; its leads' scores may follow. Raises StaleEdit when a field is not as ``seen``."""
    company = present(company)
    require(may_edit_people(by, company), NOT_YOUR_COMPANY)
    if save_put(company, fields, seen=seen):
        record_change("company", [company.pk])
        announce_leads(Q(company=company))
    return company


@transaction.atomic
def create_contact(*, by: User, **fields: Any) -> Contact:
    """Anybody here may meet a new person."""
    contact = make(Contact(**fields))
    record_change("contact", [contact.pk])
    return contact


@transaction.atomic
def edit_contact(contact: Contact, *, by: User, seen: dict[str, Any] | None = None, **fields: Any) -> Contact:
    """Change a contact; its leads' scores may follow. Raises StaleEdit when a field is not as ``seen``."""
    contact = present(contact)
    require(may_edit_people(by, contact), NOT_YOUR_CONTACT)
    if save_put(contact, fields, seen=seen):
        record_change("contact", [contact.pk])
        announce_leads(Q(contact=contact))
    return contact


def announce_leads(which: Q) -> None:
    record_change("lead", Lead.objects.filter(which).values_list("id", flat=True))


def last_move_or_edit(lead: Lead) -> Write:
    """Who wrote the lead last, by a move or by an edit."""
    move, edit = Transition.objects.filter(lead=lead).select_related("by").latest("seq"), last_write(lead)
    return edit if edit and edit.at >= move.recorded_at else Write(move.by, move.recorded_at)
