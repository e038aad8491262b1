"""The request as pages know it."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from crm.models import User


class PersonRequest(HttpRequest):
    """A request of somebody who has logged in: LoginRequiredMiddleware lets no other one reach a page."""

    user: User
    htmx: HtmxDetails
