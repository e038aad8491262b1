"""Leads that a rep accepted and has not tried to reach yet."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from crm.models import User
from feedback.models import Handoff, HandoffStatus
from feedback.reminding import without_attempt
from leads.lifecycle import Stage

# What was accepted longer ago is worked from the list; so many of it are looked at.
LOOK_BACK = timedelta(days=30)
MOST_LOOKED_AT = 200
ROWS = 10


@dataclass(frozen=True)
class FirstCalls:
    """The first of them to fall due, late ones before, and how many more there are."""

    shown: list[Handoff]
    more: int


def first_calls(user: User, *, now: datetime) -> FirstCalls:
    """What this person accepted lately and nobody has tried to reach since."""
    accepted = Handoff.objects.filter(
        decided_by=user,
        decided_at__gte=now - LOOK_BACK,
        status=HandoffStatus.ACCEPTED,
        attempt_due_at__isnull=False,
        lead__owner=user,
        lead__stage=Stage.ACCEPTED,
    )
    shown = accepted.select_related("lead__company", "lead__campaign", "lead__leadscore")
    missing = without_attempt(shown.order_by("attempt_due_at", "pk")[:MOST_LOOKED_AT])
    return FirstCalls(missing[:ROWS], len(missing[ROWS:]))
