"""What buyers met and did."""

from datetime import datetime
from typing import Any

from django.db import transaction

from crm.access import require
from crm.errors import BusinessError
from crm.models import User
from crm.outbox import record_change
from leads.access import may_touch
from leads.models import Lead, Touch

REFUSED = "You may log touches of your own leads."


@transaction.atomic
def record_touch(lead: Lead, *, at: datetime, **fields: Any) -> Touch:
    """One contact between a buyer and us; ``fields`` as in Touch, ``corrects`` names a wrong one."""
    touch = Touch(lead=lead, at=at, **fields)
    touch.full_clean()
    touch.save(force_insert=True)
    record_change("lead", [lead.pk])
    return touch


def log_touch(lead: Lead, *, user: User, at: datetime, **fields: Any) -> Touch:
    """A touch that a person tells of. Without a channel it has its campaign's; it corrects only touches of its lead."""
    require(may_touch(user, lead), REFUSED)
    corrects, campaign = fields.get("corrects"), fields.get("campaign")
    if corrects and corrects.lead_id != lead.pk:
        raise BusinessError("A touch corrects one of the same lead.", code="other_lead")
    if campaign and not fields.get("channel"):
        fields["channel"] = campaign.channel
    return record_touch(lead, at=at, **fields)
