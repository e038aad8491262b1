"""The search: a page of its own, and the rows of the palette that opens over any page."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from crm.requests import PersonRequest
from crm.search import LONGEST
from desk.search.actions import actions_for
from desk.search.results import Results, recent_hits
from desk.search.results import search as search_records

ROWS_OF_A_PAGE = 25
ROWS_OF_A_PALETTE = 6


@require_GET
def search(request: PersonRequest) -> HttpResponse:
    """``?q=`` over everything, at an address of its own."""
    text = text_of(request)
    results = search_records(text, limit=ROWS_OF_A_PAGE) if text else Results()
    return render(
        request,
        "desk/search.html",
        {"text": text, "results": results, "actions": actions_for(request.user, text) if text else []},
    )


@require_GET
def palette(request: PersonRequest) -> HttpResponse:
    """The rows under the field: what ``?q=`` finds, or where this browser was last (``?recent=leads/7``)."""
    text = text_of(request)
    results = search_records(text, limit=ROWS_OF_A_PALETTE) if text else Results()
    context = {
        "text": text,
        "results": results,
        "recent": [] if text else recent_hits(request.GET.getlist("recent")),
        "actions": actions_for(request.user, text)[:ROWS_OF_A_PALETTE],
    }
    return render(request, "desk/search_rows.html", context)


def text_of(request: PersonRequest) -> str:
    return request.GET.get("q", "").strip()[:LONGEST]
