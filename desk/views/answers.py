"""How a deed on a page is answered: a fragment and a toast for htmx, a redirect and a message without JavaScript."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from crm.requests import PersonRequest

LEVELS = {"success": messages.SUCCESS, "info": messages.INFO, "warning": messages.WARNING, "danger": messages.ERROR}


def with_toast(
    response: HttpResponse, text: str, *, level: str = "success", undo_url: str = "", **events: Any
) -> HttpResponse:
    """``response`` with a toast, and other ``events`` for the page (an underscore stands for the colon in a name)."""
    return with_events(response, toast={"text": text, "level": level, "undo_url": undo_url}, **events)


def with_events(response: HttpResponse, **events: Any) -> HttpResponse:
    """``response`` with events for the page, as `with_toast` names them."""
    response["HX-Trigger"] = json.dumps({name.replace("_", ":"): detail for name, detail in events.items()})
    return response


def redirect_with(
    request: HttpRequest, address: str, text: str, *, level: str = "success", undo_url: str = ""
) -> HttpResponse:
    """The same deed without JavaScript: go to ``address`` and say there what happened."""
    messages.add_message(request, LEVELS[level], text, extra_tags=f"undo:{undo_url}" if undo_url else "")
    return HttpResponseRedirect(address)


def go_to(request: PersonRequest, address: str, text: str, *, level: str = "success") -> HttpResponse:
    """Leave the page for ``address``, from its side panel as well, and say there what happened."""
    response = redirect_with(request, address, text, level=level)
    return HttpResponse(headers={"HX-Redirect": response["Location"]}) if request.htmx else response
