"""The talk about a hand-off: a page of its own, and the part that every page with verdicts shows."""

from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from crm.forms import saved
from crm.once import is_repeat
from crm.requests import PersonRequest
from desk.forms.replies import ReplyForm
from desk.views.answers import named_page, with_events
from feedback.models import Handoff
from feedback.replies import reply_to


@require_http_methods(["GET", "POST"])
def replies(request: PersonRequest, pk: int) -> HttpResponse:
    """Read what was said, and say something."""
    handoff = get_handoff(pk)
    form = ReplyForm(request.POST if request.method == "POST" else None)

    def deed(fields: dict[str, Any]) -> None:
        with transaction.atomic():
            if not is_repeat(request, request.user):
                reply_to(handoff, by=request.user, at=timezone.now(), **fields)

    sent = request.method == "POST" and saved(form, deed)
    if sent and not request.htmx:
        return redirect(named_page(request) or reverse("desk:replies", args=[pk]))
    context = {"handoff": handoff, "now": timezone.now(), "form": ReplyForm() if sent else form, "all_replies": True}
    return thread(request, context, sent=sent) if request.htmx else whole_page(request, context)


def thread(request: PersonRequest, context: dict[str, Any], *, sent: bool) -> HttpResponse:
    """The part alone; the record around it tells the new reply in its time line."""
    if request.htmx.target == "panel-body":
        return render(request, "desk/talk.html#talk", context)
    status = 422 if context["form"].errors else 200
    response = render(request, "desk/thread.html", {**context, "is_open": True}, status=status)
    return with_events(response, record_changed={}) if sent else response


def whole_page(request: PersonRequest, context: dict[str, Any]) -> HttpResponse:
    return render(request, "desk/talk.html", context, status=422 if context["form"].errors else 200)


def get_handoff(pk: int) -> Handoff:
    about = Handoff.objects.select_related(
        "lead__company", "lead__campaign", "to_user", "to_team", "decided_by", "offered_by", "reason",
        "followed_by__to_user", "followed_by__to_team",
    )  # fmt: skip
    return get_object_or_404(about, pk=pk)
