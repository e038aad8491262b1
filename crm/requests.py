"""The request as pages know it."""

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
