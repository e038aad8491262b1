"""How the verbs of activities and tasks answer: the page reads again what shows them, a toast says what happened."""

from typing import Any

from django.http import HttpResponse
from django.utils.http import url_has_allowed_host_and_scheme

from crm.requests import PersonRequest
from desk.views.answers import redirect_with, with_toast


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
