"""What every page may show."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone


def organisation(request: HttpRequest) -> dict[str, Any]:
    """The organisation and today's date in its zone; nothing for a stranger."""
    org = getattr(request, "organisation", None)
    return {"organisation": org, "today": timezone.localdate()} if org else {}
