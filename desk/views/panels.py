"""Forms that stand at an address of their own and also open in the side panel of another page."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from crm.requests import PersonRequest

PANEL = "panel-body"


def form_page(request: PersonRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    """The page, or for the panel its partial `form`; 422 when the ``form`` in ``context`` has errors."""
    wanted = f"{template}#form" if request.htmx.target == PANEL else template
    return render(request, wanted, context, status=422 if context["form"].errors else 200)
