"""A broken rule becomes a page that says what to do, never a server error."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from crm.errors import BusinessError


class BusinessErrorMiddleware:
    """Views may let a BusinessError pass: htmx gets the problem as a fragment, a full page the problem page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, BusinessError):
            return None
        template = "problem.html#problem" if getattr(request, "htmx", False) else "problem.html"
        return render(request, template, {"problem": error}, status=error.status)
