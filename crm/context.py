"""What every page may show."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from crm.models import Organisation
from crm.periods import local_day


def organisation(request: HttpRequest) -> dict[str, Any]:
    """The organisation and today's date in its zone; nothing for a stranger."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {}
    org = Organisation.get()
    return {"organisation": org, "today": local_day(timezone.now(), org.zone)}
