"""The board of opportunities; cards are moved by the verbs of an opportunity (desk/views/opportunity.py)."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from crm.requests import PersonRequest
from desk.forms.board import BoardForm
from desk.queries.board import Board, in_all
from desk.views.answers import redirect_with, with_events
from leads.access import may_create_opportunities

# How the filter of the list of opportunities names them.
LIST_OWNERS = {"mine": "me", "team": "team", "all": ""}


@require_GET
def board(request: PersonRequest) -> HttpResponse:
    form = BoardForm(request.GET, user=request.user)
    columns = Board(form.rows(), request.user, now=timezone.now()).columns()
    names = [column.stage.stage for column in columns]
    asked = request.GET.get("column", "")
    context = {
        "form": form,
        "chosen": form.chosen(),
        "columns": columns,
        "totals": in_all(columns),
        "count": sum(column.count for column in columns),
        # On a phone one column is shown at a time.
        "shown": asked if asked in names else names[0],
        "may_create": may_create_opportunities(request.user),
        **around_cards(form),
    }
    return render(request, "desk/board.html", context)


def board_address(request: PersonRequest) -> str:
    """The address of the board that a verb was asked from, its filters included; "" when it was another page."""
    board = reverse("desk:board")
    seen = urlsplit(request.htmx.current_url or "")
    if request.htmx:
        return f"{board}?{seen.query}" if seen.path == board else ""
    return board if "board" in (request.GET.get("on"), request.POST.get("on")) else ""


def board_answer(
    request: PersonRequest,
    address: str,
    stages: Iterable[str],
    *,
    text: str,
    level: str = "success",
    undo_url: str = "",
    status: int = 200,
    question: str = "",
) -> HttpResponse:
    """The columns of these stages as they are now, after a deed or instead of it; the panel closes.

    ``question``: where sales says how good the lead was, offered by the toast.
    """
    if not request.htmx:
        return redirect_with(request, address, text, level=level, undo_url=undo_url)
    form = BoardForm(QueryDict(urlsplit(address).query), user=request.user)
    shown = Board(form.rows(), request.user, now=timezone.now())
    columns = shown.columns()
    context = {
        "columns": [column for column in columns if column.stage.stage in set(stages)],
        "all_columns": columns,
        "totals": in_all(columns),
        "count": sum(column.count for column in columns),
        **around_cards(form),
    }
    response = render(request, "desk/board_answer.html", context, status=status)
    response["HX-Reswap"] = "none"
    link = {"link_url": question, "link_text": "How good was the lead?"} if question else {}
    toast = {"text": text, "level": level, "undo_url": undo_url, **link}
    return with_events(response, toast=toast, panel_close={})


def around_cards(form: BoardForm) -> dict[str, Any]:
    """What cards and columns need beside themselves: the time, the filters, and whose as the list has it."""
    chosen = form.chosen()
    return {"now": timezone.now(), "chosen": chosen, "list_owner": LIST_OWNERS[chosen["whose"]]}
