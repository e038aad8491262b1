"""The bell: how much is new, the newest, and each one's way to what it is about."""

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from crm.models import Notification
from crm.notifications import NEWEST, count_unread, mark_all_read, mark_read
from crm.requests import PersonRequest

PANEL = "panel-body"


@require_GET
def notifications(request: PersonRequest) -> HttpResponse:
    """The newest, in the side panel or as a page."""
    rows = list(Notification.objects.filter(user=request.user)[:NEWEST])
    page = "crm/notifications.html#list" if request.htmx.target == PANEL else "crm/notifications.html"
    unread = any(row.read_at is None for row in rows) or bool(count_unread(request.user))
    return render(request, page, {"rows": rows, "unread": unread, "now": timezone.now()})


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
    mark_all_read(request.user, at=timezone.now())
    return notifications_again(request)


def notifications_again(request: PersonRequest) -> HttpResponse:
    """The list as it is now, and the bell at rest beside it."""
    if not request.htmx:
        return HttpResponseRedirect(reverse("notifications"))
    rows = Notification.objects.filter(user=request.user)[:NEWEST]
    context = {"rows": rows, "unread": False, "now": timezone.now(), "bell_count": 0, "oob": True}
    return render(request, "crm/notifications.html#list", context)
