"""Somebody we know responded again: it is kept on the lead that is there, and nothing known is overwritten."""

from datetime import datetime
from typing import Any

from django.db import transaction

from crm.access import require
from crm.editing import put
from crm.models import User
from crm.outbox import record_change
from leads.access import may_edit_lead, may_touch
from leads.activities import LONGEST_NOTE
from leads.errors import MergedLead
from leads.known import contact_with
from leads.models import Activity, ActivityKind, Contact, Lead, Touch
from leads.touches import REFUSED, record_touch


@transaction.atomic
def add_response(
    lead: Lead, *, by: User | None, at: datetime, touch: dict[str, Any], known: dict[str, Any], message: str = ""
) -> Touch:
    """Log a response of the person behind ``lead``; ``known`` fills what the lead does not say yet.

    Who may log a touch on the lead but not edit it leaves its fields alone; ``by`` None is the system. Raises
    NotAllowed and MergedLead.
    """
    lead = Lead.objects.select_for_update(of=("self",)).get(pk=lead.pk)
    require(by is None or may_touch(by, lead), REFUSED)
    if lead.merged_into_id:
        raise MergedLead(lead)
    if by is None or may_edit_lead(by, lead):
        fill_gaps(lead, known)
    if message:
        keep_message(lead, message, by=by, at=at)
    return record_touch(lead, at=at, **touch)


def fill_gaps(lead: Lead, known: dict[str, Any]) -> None:
    """Set what is known now and was empty; ``lead`` is locked by the caller."""
    news = {name: value for name, value in known.items() if value and not getattr(lead, name)}
    if news:
        put(lead, news)
        lead.version += 1
        lead.save(update_fields=[*news, "version", "updated_at"])


def keep_message(lead: Lead, message: str, *, by: User | None, at: datetime) -> Activity:
    """What the buyer wrote, as a note on the lead's time line."""
    note = Activity(
        lead=lead, kind=ActivityKind.NOTE, at=at, by=by, note=message[:LONGEST_NOTE], is_sample=lead.is_sample
    )
    note.full_clean(exclude=["by"])
    note.save(force_insert=True)
    record_change("activity", [note.pk])
    return note


def contact_behind(lead: Lead | None, email: str) -> Contact | None:
    """The person a new lead of somebody known belongs to: that of the old lead, else the contact with the e-mail."""
    return lead.contact if lead and lead.contact else contact_with(email)
