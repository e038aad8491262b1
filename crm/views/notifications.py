"""The bell: how much is new, the newest by day, and each one's way to what it is about."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localdate
from django.views.decorators.http import require_GET, require_POST

from crm.models import Notification
from crm.notice_kinds import icon_of
from crm.notifications import NEWEST, count_unread, mark_all_read, mark_read, newest
from crm.requests import PersonRequest, id_of

PANEL, MORE = "panel-body", "notices-more"
PAGE = "crm/notifications.html"


@require_GET
def notifications(request: PersonRequest) -> HttpResponse:
    """The newest, in the side panel or as a page; with ?before= those before one of them."""
    before = id_of(request.GET.get("before"))
    context = listing(request, before=before) | {"unread": bool(count_unread(request.user))}
    part = {PANEL: "#list", MORE: "#days"}.get(request.htmx.target or "", "")
    return render(request, f"{PAGE}{part}", context)


def listing(request: PersonRequest, *, before: int = 0) -> dict[str, Any]:
    rows, now = newest(request.user, before=before), timezone.now()
    return {
        "days": by_day(rows, now=now), "now": now, "before": before,
        "more": rows[-1].pk if len(rows) == NEWEST else None,
    }  # fmt: skip


def by_day(rows: Sequence[Notification], *, now: datetime) -> list[tuple[str, list[tuple[str, Notification]]]]:
    """The rows under the names of their days, each with its sign."""
    today = localdate(now)
    days = groupby(rows, key=lambda row: localdate(row.at))
    return [(day_words(day, today), [(icon_of(row.kind), row) for row in rows]) for day, rows in days]


def day_words(day: date, today: date) -> str:
    if day == today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    return f"{day:%A, %-d %B}" if day.year == today.year else f"{day:%-d %B %Y}"


@require_GET
def bell(request: PersonRequest) -> HttpResponse:
    """How much is unread; nothing when that is what the page shows already."""
    count = count_unread(request.user)
    if request.GET.get("seen") == str(count):
        return HttpResponse(status=204)
    return render(request, "partials/bell.html", {"bell_count": count})


@require_GET
def notification(request: PersonRequest, pk: int) -> HttpResponse:
    """To what it is about; it is read by that."""
    row = get_object_or_404(Notification, pk=pk, user=request.user)
    mark_read(row, at=timezone.now())
    return HttpResponseRedirect(row.url or reverse("notifications"))


@require_POST
def all_read(request: PersonRequest) -> HttpResponse:
    """Everything is read: the list as it is now, and the bell at rest beside it."""
    mark_all_read(request.user, at=timezone.now())
    if not request.htmx:
        return HttpResponseRedirect(reverse("notifications"))
    context = listing(request) | {"unread": False, "bell_count": 0, "oob": True}
    return render(request, f"{PAGE}#list", context)
