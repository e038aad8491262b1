"""What every page shows of the loop: how much waits in the inbox."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from crm.models import User
from feedback.queries import count_waiting


def inbox(request: HttpRequest) -> dict[str, Any]:
    """``nav_inbox_count``: hand-offs waiting for this person, counted only where a template asks."""
    user = getattr(request, "user", None)
    return (
        {"nav_inbox_count": SimpleLazyObject(lambda: count_waiting(user, at=timezone.now()))}
        if isinstance(user, User)
        else {}
    )
