"""Reads of the loop that pages, API and homes share."""

from django.db.models import QuerySet

from crm.models import User
from feedback.access import inbox_team_ids, may_ever_decide
from feedback.models import Handoff

COUNT_UP_TO = 100


def inbox_of(user: User) -> QuerySet[Handoff]:
    """Open hand-offs this person may answer, first to expire on top; for everybody else all that wait with sales."""
    waiting = Handoff.objects.open()
    if may_ever_decide(user):
        waiting = waiting.waiting_for(user, inbox_team_ids(user))
    return waiting.order_by("due_at", "id")


def count_waiting(user: User) -> int:
    """How many hand-offs wait for this person's answer, counted up to a hundred; 0 for who never answers."""
    return inbox_of(user)[:COUNT_UP_TO].count() if may_ever_decide(user) else 0
