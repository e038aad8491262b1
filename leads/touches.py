"""What buyers met and did."""

from datetime import datetime
from typing import Any

from django.db import transaction

from crm.outbox import record_change
from leads.models import Lead, Touch


@transaction.atomic
def record_touch(lead: Lead, *, at: datetime, **fields: Any) -> Touch:
    """One contact between a buyer and us; ``fields`` as in Touch, ``corrects`` names a wrong one."""
    touch = Touch(lead=lead, at=at, **fields)
    touch.full_clean()
    touch.save(force_insert=True)
    record_change("lead", [lead.pk])
    return touch
