"""The lists. Each is one page; what differs between them stands in desk/lists/."""

from functools import partial
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from crm.keyset import COUNT_UP_TO, count_up_to, count_words, page_of
from crm.requests import PersonRequest
from desk.lists.asker import Asker
from desk.lists.asking import Asked
from desk.lists.bar import bar_of, heads_of, sorts_of, tabs_of, view_shown
from desk.lists.registry import LISTS, list_of
from desk.lists.saved_views import kept_query, may_change_view, views_for
from desk.lists.telling import truth, ways_out


@require_GET
def list_page(request: PersonRequest, key: str) -> HttpResponse:
    """A list: what is asked for is in the address, all of it."""
    asked = Asked(list_of(key), request.GET, Asker(request.user, timezone.now()))
    context = {"list": asked.definition, "asked": asked, "now": asked.asker.at, "today": asked.asker.today}
    if request.htmx.target == "filter-bar":
        return render(request, "desk/list/bar.html", context | bar_context(asked))
    return render(request, "desk/list.html", context | head_context(asked) | bar_context(asked) | rows_context(asked))


leads, contacts, companies, opportunities, campaigns, content, tasks = (
    partial(list_page, key=key)
    for key in ("leads", "contacts", "companies", "opportunities", "campaigns", "content", "tasks")
)


def head_context(asked: Asked) -> dict[str, Any]:
    user = asked.asker.user
    views = views_for(user, asked.definition.key)
    view = view_shown(asked, views)
    return {
        "truth": truth(asked),
        "actions": [action for action in asked.definition.actions if action.allowed(user)],
        "siblings": [list_of(key) for key in asked.definition.beside],
        "tabs": tabs_of(asked, views, view),
        "view": view,
        "may_change_view": view is not None and may_change_view(user, view),
        "view_differs": view is not None and kept_query(asked.question) != view.query,
    }


def bar_context(asked: Asked) -> dict[str, Any]:
    return {"bar": bar_of(asked), "sorts": sorts_of(asked)}


def rows_context(asked: Asked) -> dict[str, Any]:
    listed, count = asked.definition, count_up_to(asked.rows)
    page = page_of(
        asked.rows,
        asked.query,
        order=asked.order,
        shown=listed.shown(listed.rows()),
        is_short=count <= COUNT_UP_TO,
    )
    listed.complete(page.rows, asked.asker)
    for column in asked.columns:
        column.complete(page.rows, asked.asker)
    return {
        "page": page,
        "count": count,
        "count_words": f"{count_words(count)} {listed.counted(count)}",
        "heads": heads_of(asked),
        "nothing_title": f"No {listed.noun} passes these filters",
        "show_all": f"Show all {listed.nouns}",
        "ways_out": ways_out(asked) if not count and asked.is_narrowed else [],
    }


@require_GET
def peek(request: PersonRequest, key: str, pk: int) -> HttpResponse:
    """A record of a list, told briefly beside it."""
    if key not in LISTS:
        raise Http404(key)
    shown, asker = list_of(key), Asker(request.user, timezone.now())
    record = get_object_or_404(shown.shown(shown.rows()), pk=pk)
    shown.complete([record], asker)
    for column in shown.columns:
        column.complete([record], asker)
    cells = [(column, shown.cell_of(column)) for column in shown.columns]
    context = {"list": shown, "row": record, "cells": cells, "now": asker.at, "today": asker.today}
    return render(request, "desk/list/peek.html", context)
