"""The inbox: take this one or not? Sales answers here, marketing sees what waits."""

from typing import Any
from urllib.parse import SplitResult, parse_qs, urlsplit

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from crm.errors import BusinessError, StaleState
from crm.forms import show_refusal
from crm.requests import PersonRequest, id_of
from desk.forms.verdicts import RejectHandoffForm
from desk.queries.inbox import answers_this_week, card_of, next_after, waiting_page, with_row
from desk.telling import route_line
from desk.views.answers import redirect_with, with_toast
from feedback.access import may_decide, may_ever_decide, may_withdraw
from feedback.models import Handoff, HandoffStatus
from feedback.verdicts import accept_handoff, reject_handoff, undo_verdict, withdraw_handoff


@require_GET
def inbox(request: PersonRequest) -> HttpResponse:
    """The list and the card of one hand-off; looking never gives a verdict."""
    if request.htmx.target == "inbox-list":
        return live_list(request)
    context = inbox_context(request, opened=handoff_named(request.GET.get("open")))
    page = "desk/inbox_card.html" if request.htmx.target == "inbox-card" else "desk/inbox.html"
    return render(request, page, context)


def live_list(request: PersonRequest) -> HttpResponse:
    """The list as it is now, and word for the card beside it when its hand-off was answered elsewhere."""
    address = shown_address(request)
    asked = parse_qs(address.query)
    opened = handoff_named(asked.get("open", [""])[0])
    after = handoff_named(asked.get("after", [""])[0])
    waiting = waiting_page(request.user, after=after)
    context: dict[str, Any] = {
        "now": timezone.now(),
        "waiting": waiting,
        "opened": opened or next(iter(waiting.handoffs), None),
        "decides": may_ever_decide(request.user),
    }
    if opened and opened.status != HandoffStatus.OPEN:
        context["gone"] = opened
    if "nothing" in request.GET and waiting.rows:
        context |= {**inbox_context(request), "card_is_new": True}
    return render(request, "desk/inbox_live.html", context)


@require_POST
def acceptance(request: PersonRequest, pk: int) -> HttpResponse:
    """Take the lead."""
    handoff = get_handoff(pk)
    try:
        accept_handoff(handoff, by=request.user, at=timezone.now())
    except StaleState as error:
        return answered(request, handoff, text=str(error), level="warning", status=error.status)
    return answered(request, handoff, text=f"Accepted {handoff.lead}.", undo=True, accepted=handoff)


@require_POST
def rejection(request: PersonRequest, pk: int) -> HttpResponse:
    """Not this one, and why."""
    handoff = get_handoff(pk)
    form = RejectHandoffForm(request.POST)
    if form.is_valid():
        try:
            reject_handoff(handoff, by=request.user, at=timezone.now(), **form.cleaned_data)
        except StaleState as error:
            return answered(request, handoff, text=str(error), level="warning", status=error.status)
        except BusinessError as error:
            show_refusal(form, error)
    if form.errors:
        return ask_again(request, handoff, form)
    return answered(request, handoff, text=f"Rejected {handoff.lead}: {route_line(handoff)}.", undo=True)


@require_POST
def withdrawal(request: PersonRequest, pk: int) -> HttpResponse:
    """Marketing takes the lead back before anybody answered."""
    handoff = get_handoff(pk)
    try:
        withdraw_handoff(handoff, by=request.user, at=timezone.now())
    except StaleState as error:
        return answered(request, handoff, text=str(error), level="warning", status=error.status)
    return answered(request, handoff, text=f"Withdrawn: {handoff.lead} is with marketing again.")


@require_POST
def undo(request: PersonRequest, pk: int) -> HttpResponse:
    """Take the verdict back: the hand-off waits again, with its old due time."""
    handoff = undo_verdict(get_handoff(pk), by=request.user, at=timezone.now())
    text = f"Undone: {handoff.lead} waits again."
    address = address_of(handoff)
    if not request.htmx:
        return redirect_with(request, address, text)
    if shown_address(request).path != reverse("desk:inbox"):
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = {**inbox_context(request, opened=get_handoff(pk)), "out_of_band": True}
    response = with_toast(render(request, "desk/inbox_desk.html", context), text, level="info")
    response["HX-Replace-Url"] = address
    return response


def answered(
    request: PersonRequest,
    handoff: Handoff,
    *,
    text: str,
    level: str = "success",
    status: int = 200,
    undo: bool = False,
    accepted: Handoff | None = None,
) -> HttpResponse:
    """After a verdict, or the news that another was faster: the next hand-off opens."""
    undo_url = reverse("desk:inbox-undo", args=[handoff.pk]) if undo else ""
    context = inbox_context(request, below=handoff) | {"accepted": accepted}
    address = address_of(context["opened"])
    if not request.htmx:
        return redirect_with(request, address, text, level=level, undo_url=undo_url)
    response = render(request, "desk/inbox_desk.html", context, status=status)
    response["HX-Replace-Url"] = address
    return with_toast(response, text, level=level, undo_url=undo_url)


def ask_again(request: PersonRequest, handoff: Handoff, form: RejectHandoffForm) -> HttpResponse:
    """The same card with the rejection still open, and what is missing beside its field."""
    context = inbox_context(request, opened=handoff) | {"reject_form": form}
    if not request.htmx:
        return render(request, "desk/inbox.html", context, status=422)
    response = render(request, "desk/inbox_card.html", context, status=422)
    response["HX-Retarget"] = "#inbox-card"
    return response


def inbox_context(
    request: PersonRequest, *, opened: Handoff | None = None, below: Handoff | None = None
) -> dict[str, Any]:
    """What the page shows: the list, a card, and what this person may do.

    The card is that of ``opened``, else of the hand-off ``below`` a given one in the list, else of the first.
    """
    user, now = request.user, timezone.now()
    waiting = waiting_page(user, after=handoff_named(request.GET.get("after")))
    opened = opened or (next_after(waiting, below) if below else next(iter(waiting.handoffs), None))
    return {
        "now": now,
        "waiting": waiting,
        "opened": opened,
        "card": card_of(opened, now=now) if opened else None,
        "answers": None if opened else answers_this_week(user, now=now),
        "decides": may_ever_decide(user),
        "shows_list": "list" in request.GET,
        **verbs_on(opened, request),
    }


def verbs_on(handoff: Handoff | None, request: PersonRequest) -> dict[str, Any]:
    """What this person may do with the opened hand-off; a decided one only says by whom."""
    if handoff is None:
        return {}
    if handoff.status != HandoffStatus.OPEN:
        return {"gone": handoff}
    can_decide = may_decide(request.user, handoff)
    return {
        "can_decide": can_decide,
        "can_withdraw": may_withdraw(request.user, handoff),
        "reject_form": RejectHandoffForm() if can_decide else None,
    }


def address_of(opened: Handoff | None) -> str:
    return f"{reverse('desk:inbox')}?open={opened.pk}" if opened else reverse("desk:inbox")


def get_handoff(pk: int) -> Handoff:
    return get_object_or_404(with_row(Handoff.objects.all()), pk=pk)


def shown_address(request: PersonRequest) -> SplitResult:
    """The address of the page that asks, as its browser tells it; an empty one when it tells none that can be read."""
    try:
        return urlsplit(request.htmx.current_url or "")
    except ValueError:
        return urlsplit("")


def handoff_named(number: str | None) -> Handoff | None:
    """The hand-off an address names; None when it names none."""
    return with_row(Handoff.objects.filter(pk=id_of(number))).first() if number else None
