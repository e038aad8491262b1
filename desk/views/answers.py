"""How a deed on a page is answered: a fragment and a toast for htmx, a redirect and a message without JavaScript."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

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


def go_to(
    request: PersonRequest, address: str, text: str, *, level: str = "success", undo_url: str = ""
) -> HttpResponse:
    """Leave the page for ``address``, from its side panel as well, and say there what happened."""
    response = redirect_with(request, address, text, level=level, undo_url=undo_url)
    return HttpResponse(headers={"HX-Redirect": response["Location"]}) if request.htmx else response


def changed(
    request: PersonRequest,
    address: str,
    text: str,
    *,
    level: str = "success",
    undo_url: str = "",
    response: HttpResponse | None = None,
    **events: Any,
) -> HttpResponse:
    """After a deed: `record:changed` for the page, the panel closes; without JavaScript back to ``address``.

    A form on another page names that page in ``next``.
    """
    if not request.htmx:
        return redirect_with(request, named_page(request) or address, text, level=level, undo_url=undo_url)
    answer = response or HttpResponse(status=204)
    return with_toast(answer, text, level=level, undo_url=undo_url, record_changed={}, panel_close={}, **events)


def named_page(request: PersonRequest) -> str:
    """The page within the product that the form came from, "" for any other."""
    page = request.POST.get("next", "")
    return page if page.startswith("/") and url_has_allowed_host_and_scheme(page, allowed_hosts=None) else ""
