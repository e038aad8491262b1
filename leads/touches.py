"""What buyers met and did."""

from datetime import datetime
from typing import Any

from django.db import transaction

from crm.access import require
from crm.errors import BusinessError, StaleState
from crm.models import User
from crm.outbox import record_change
from leads.access import may_touch
from leads.models import Lead, Touch

REFUSED = "You may log touches of your own leads."


@transaction.atomic
def record_touch(lead: Lead, *, at: datetime, **fields: Any) -> Touch:
    """One contact between a buyer and us; ``fields`` as in Touch, ``corrects`` names a wrong one.

    Without a channel it has its campaign's.
    """
    touch = Touch(lead=lead, at=at, **fields)
    if touch.campaign and not touch.channel:
        touch.channel = touch.campaign.channel
    touch.full_clean()
    touch.save(force_insert=True)
    record_change("lead", [lead.pk])
    return touch


def log_touch(lead: Lead, *, user: User, at: datetime, **fields: Any) -> Touch:
    """A touch that a person tells of. It corrects only a touch of its lead, and only one that nobody has corrected."""
    require(may_touch(user, lead), REFUSED)
    if corrects := fields.get("corrects"):
        if corrects.lead_id != lead.pk:
            raise BusinessError("A touch corrects one of the same lead.", code="other_lead")
        if Touch.objects.filter(corrects=corrects).exists():
            raise StaleState("Somebody corrected this touch meanwhile; look at the time line.")
    return record_touch(lead, at=at, **fields)
