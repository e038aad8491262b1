"""What surrounds every request: the organisation's clock, and a page for every broken rule."""

import json
from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_cache_control

from crm.errors import BusinessError
from crm.models import Organisation


class ReadableAddressMiddleware:
    """NUL, which no keyboard types and PostgreSQL keeps in no text, ends a page here and not in its first query."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # The API has words of its own for a bad parameter.
        is_page = not request.path.startswith("/api/")
        if is_page and any("\0" in value for values in request.GET.lists() for value in values[1]):
            raise BadRequest("This address holds a character that no text can hold.")
        return self.get_response(request)


class OrganisationMiddleware:
    """Days and times are the organisation's, whoever looks; ``request.organisation`` is read once."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.user.is_authenticated:
            return self.get_response(request)
        request.organisation = Organisation.get()  # type: ignore[attr-defined]
        with timezone.override(request.organisation.zone):  # type: ignore[attr-defined]
            response = self.get_response(request)
        if "Cache-Control" not in response:
            # A page of somebody who logged in is for nobody else, and not for a cache between us.
            patch_cache_control(response, private=True, no_cache=True)
        return response


class BusinessErrorMiddleware:
    """Views may let a BusinessError pass: htmx gets its text as a toast, a full page becomes the problem page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, BusinessError):
            return None
        if not getattr(request, "htmx", False):
            return render(request, "problem.html", {"problem": error}, status=error.status)
        toast = {"toast": {"text": str(error), "level": "danger"}}
        headers = {"HX-Reswap": "none", "HX-Trigger": json.dumps(toast)}
        return HttpResponse(status=error.status, headers=headers)
