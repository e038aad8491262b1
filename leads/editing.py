"""Making and changing leads, contacts and companies by hand: all but their moves (leads/transitions.py)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from crm.access import require
from crm.editing import make, put, save_put
from crm.errors import StaleState
from crm.models import User
from crm.outbox import record_change
from leads.access import may_create_leads, may_edit_lead, may_edit_people
from leads.errors import MergedLead
from leads.models import Company, Contact, Lead, Transition
from leads.models.lead import SourcedBy
from leads.transitions import capture_lead

NOT_YOURS = "You may change leads that are yours; this one is with somebody else."


class StaleEdit(StaleState):
    """The lead was written since it was read: says who did it, when, and which of the sent values differ."""

    def __init__(self, lead: Lead, fields: dict[str, Any]) -> None:
        who, at = last_write(lead)
        name = str(who) if who else "Somebody"
        differing = {
            field: {"yours": plain(value), "theirs": plain(getattr(lead, field))}
            for field, value in fields.items()
            if getattr(lead, field) != value
        }
        super().__init__(
            f"{name} changed this lead on {at:%d %b at %H:%M}; look at it again.",
            by=who.pk if who else None, by_name=name, at=at.isoformat(), version=lead.version, fields=differing,
        )  # fmt: skip


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
        fields = {"team": owner.team, **fields}
    if (campaign := fields.get("campaign")) and not fields.get("channel"):
        fields["channel"] = campaign.channel
    return capture_lead(by=by, at=at, **fields)


@transaction.atomic
def edit_lead(lead: Lead, *, by: User, at: datetime, version: int | None = None, **fields: Any) -> Lead:
    """Change what people know of a lead; its stage has actions of its own. A new owner brings their team.

    Raises NotAllowed, MergedLead, ValidationError, and StaleEdit when ``version`` is not the present one.
    """
    lead = Lead.objects.select_for_update(of=("self",)).select_related("owner").get(pk=lead.pk)
    require(may_edit_lead(by, lead), NOT_YOURS)
    check_version(lead, version, fields)
    if lead.merged_into_id:
        raise MergedLead(lead)
    owner = fields.get("owner")
    if owner is not None and owner.pk != lead.owner_id:
        fields = {"team": owner.team, **fields}
    fresh = put(lead, fields)
    if fresh:
        lead.version += 1
        lead.save(update_fields=[*fresh, "version", "updated_at"])
        record_change("lead", [lead.pk])
    return lead


def check_version(lead: Lead, version: int | None, fields: dict[str, Any] | None = None) -> None:
    """Raise StaleEdit unless the caller saw the lead as it is now; None: the caller does not mind."""
    if version is not None and version != lead.version:
        raise StaleEdit(lead, fields or {})


@transaction.atomic
def create_company(*, by: User, **fields: Any) -> Company:
    """Anybody here may meet a new company."""
    return make(Company(**fields))


@transaction.atomic
def edit_company(company: Company, *, by: User, **fields: Any) -> Company:
    """Change a company; its leads' scores may follow."""
    require(may_edit_people(by, company), "You may change companies of your own leads and opportunities.")
    if save_put(company, fields):
        announce_leads(Q(company=company))
    return company


@transaction.atomic
def create_contact(*, by: User, **fields: Any) -> Contact:
    """Anybody here may meet a new person."""
    return make(Contact(**fields))


@transaction.atomic
def edit_contact(contact: Contact, *, by: User, **fields: Any) -> Contact:
    """Change a contact; its leads' scores may follow."""
    require(may_edit_people(by, contact), "You may change contacts of your own leads and opportunities.")
    if save_put(contact, fields):
        announce_leads(Q(contact=contact))
    return contact


def announce_leads(which: Q) -> None:
    record_change("lead", Lead.objects.filter(which).values_list("id", flat=True))


def last_write(lead: Lead) -> tuple[User | None, datetime]:
    """Who wrote the lead last, by a move or by an edit, and when; the person is None when it was the system."""
    move = Transition.objects.filter(lead=lead).select_related("by").latest("seq")
    edit = lead.events.select_related("pgh_context").order_by("-pgh_id").first()  # type: ignore[attr-defined]
    if edit is None or edit.pgh_created_at < move.recorded_at:
        return move.by, move.recorded_at
    person = edit.pgh_context.metadata.get("user") if edit.pgh_context else None
    return User.objects.filter(pk=person).first() if person else None, edit.pgh_created_at


def plain(value: Any) -> Any:
    """A value as a problem document shows it: ids for records, text for the rest."""
    return getattr(value, "pk", value) if hasattr(value, "pk") or isinstance(value, dict | int) else str(value)
