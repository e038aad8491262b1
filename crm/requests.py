"""The request as pages know it."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from crm.models import User

LONGEST_ID = 18


class PersonRequest(HttpRequest):
    """A request of somebody who has logged in: LoginRequiredMiddleware lets no other one reach a page."""

    user: User
    htmx: HtmxDetails


def id_of(text: str | None) -> int:
    """The id that a text from an address or a form names; 0, which no row has, when it names none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= LONGEST_ID else 0


def address_of(request: HttpRequest) -> str | None:
    """The caller's IP address; behind our proxy the one that the proxy saw. What a caller claims is not believed."""
    seen = request.META.get("REMOTE_ADDR", "")
    if settings.BEHIND_PROXY and (forwarded := request.META.get("HTTP_X_FORWARDED_FOR", "")):
        seen = forwarded.rpartition(",")[2]
    try:
        return str(ip_address(seen.strip()))
    except ValueError:
        return None
