"""What every page may show."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from crm.models import User
from crm.notifications import count_unread


def organisation(request: HttpRequest) -> dict[str, Any]:
    """The organisation and today's date in its zone; nothing for a stranger."""
    org = getattr(request, "organisation", None)
    return {"organisation": org, "today": timezone.localdate()} if org else {}


def bell(request: HttpRequest) -> dict[str, Any]:
    """``bell_count``: what the bell has to tell this person, counted only where a template asks."""
    user = getattr(request, "user", None)
    return {"bell_count": SimpleLazyObject(lambda: count_unread(user))} if isinstance(user, User) else {}
