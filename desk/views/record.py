"""The frame that lead, contact, company and opportunity are shown in (templates/desk/record.html)."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from crm.access import manages
from crm.requests import PersonRequest
from desk.queries.timeline import KINDS, Record, timeline
from desk.queries.work import work_context
from desk.views.answers import redirect_with, with_toast
from leads.access import may_touch
from leads.models import Company, Contact, Lead, Opportunity

# The name of its page, and the key of the list it stands in.
PAGES = {Lead: ("lead", "leads"), Contact: ("contact", "contacts"), Company: ("company", "companies"),
         Opportunity: ("opportunity", "opportunities")}  # fmt: skip
# Parts that are asked for alone, by the id they replace.
PARTS = {"timeline": "desk/record/timeline.html", "timeline-more": "desk/record/entries.html"}


def record_page(
    request: PersonRequest, template: str, record: Record, facts: Callable[[], dict[str, Any]]
) -> HttpResponse:
    """The record whole, without its shell for htmx; asked by the time line alone, its part or its next page.

    ``facts``: what the record's own template shows, read only when it is.
    """
    part = PARTS.get(request.htmx.target or "")
    if part:
        return render(request, part, timeline_context(request, record))
    return render(request, template, frame_context(request, record) | facts())


def record_answer(
    request: PersonRequest,
    template: str,
    record: Record,
    facts: Callable[[], dict[str, Any]],
    *,
    text: str,
    level: str = "success",
    undo_url: str = "",
    status: int = 200,
    query: str = "",
    **events: Any,
) -> HttpResponse:
    """The record as it is now, after a deed or instead of it; the panel closes.

    ``query``: what its address says besides, without JavaScript.
    """
    if not request.htmx:
        address = f"{address_of(record)}?{query}" if query else address_of(record)
        return redirect_with(request, address, text, level=level, undo_url=undo_url)
    note = {"level": level, "text": text} if status != 200 else None
    context = frame_context(request, record) | facts() | {"note": note}
    response = render(request, template, context, status=status)
    response["HX-Retarget"], response["HX-Reswap"] = "#record", "outerHTML"
    return with_toast(response, text, level=level, undo_url=undo_url, panel_close={}, **events)


def frame_context(request: PersonRequest, record: Record) -> dict[str, Any]:
    """A company has no composer and no next step: these belong to its people."""
    shell = "desk/bare.html" if request.htmx else "base.html"
    work = {} if isinstance(record, Company) else work_context(record, request.user, timezone.now())
    return {"shell": shell, "record_list": PAGES[type(record)][1], **work, **timeline_context(request, record)}


def timeline_context(request: PersonRequest, record: Record) -> dict[str, Any]:
    kind = request.GET.get("show", "all")
    kind = kind if kind in KINDS else "all"
    page = timeline(record, kind=kind, before=request.GET.get("before", ""))
    return {
        "record": record,
        "record_url": address_of(record),
        "page": page,
        "kind": kind,
        "kinds": KINDS.items(),
        "may_correct": may_touch(request.user, record) if isinstance(record, Lead) else not request.user.is_rep,
        "may_edit_entries": manages(request.user),
        "now": timezone.now(),
    }


def address_of(record: Record) -> str:
    return reverse(f"desk:{PAGES[type(record)][0]}", args=[record.pk])
