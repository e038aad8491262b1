"""The inbox: take this one or not? Sales answers here, marketing sees what waits."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from http import HTTPStatus
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

from django.forms import Form
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from crm.errors import StaleState
from crm.forms import saved
from crm.models import User
from crm.requests import PersonRequest, id_of
from desk.bulk.answers import ANSWERS
from desk.forms.verdicts import RejectHandoffForm, SnoozeForm, laters
from desk.queries.inbox import (
    EVERYBODY,
    Waiting,
    Whom,
    answers_this_week,
    card_of,
    next_after,
    recipients_seen,
    waiting_page,
    whom_named,
    with_row,
)
from desk.telling import route_line
from desk.views.answers import redirect_with, with_events, with_toast
from feedback.access import may_decide, may_ever_decide, may_withdraw
from feedback.models import Handoff, HandoffStatus
from feedback.snoozing import snooze_handoff, wake_handoff
from feedback.verdicts import accept_handoff, reject_handoff, undo_verdict, withdraw_handoff
from leads.models import Lead


@require_GET
def inbox(request: PersonRequest) -> HttpResponse:
    """The list and the card of one hand-off; looking never gives a verdict."""
    if request.htmx.target == "inbox-list":
        return live_list(request)
    opened = handoff_named(request.GET.get("open", ""))
    if request.htmx.target == "inbox-card" and opened:
        return render(request, "desk/inbox_card.html", card_context(request, opened, now=timezone.now()))
    page = "desk/inbox_card.html" if request.htmx.target == "inbox-card" else "desk/inbox.html"
    return render(request, page, inbox_context(request, opened=opened))


def live_list(request: PersonRequest) -> HttpResponse:
    """The list as it is now, and word for the card beside it when its hand-off was answered elsewhere."""
    asked = Asked.of(request)
    opened = handoff_named(asked.open)
    waiting = waiting_page(request.user, at=timezone.now(), whom=asked.whom, after=handoff_named(asked.after))
    context = list_context(request, asked, waiting) | {"opened": opened or next(iter(waiting.handoffs), None)}
    if opened and opened.status != HandoffStatus.OPEN:
        context["gone"] = opened
    if "nothing" in request.GET and waiting.rows:
        context |= {**inbox_context(request), "card_is_new": True}
    return render(request, "desk/inbox_live.html", context)


def answering(view: Callable[[PersonRequest, Handoff], HttpResponse]) -> Callable[[PersonRequest, int], HttpResponse]:
    """A deed on one hand-off of the inbox; who comes second reads who was faster, and the next one opens."""

    @require_POST
    @wraps(view)
    def answer(request: PersonRequest, pk: int) -> HttpResponse:
        handoff = Handoff(pk=pk)  # The deed reads it, as it is then.
        try:
            return view(request, handoff)
        except StaleState as error:
            return answered(request, handoff, text=str(error), level="warning", status=error.status)

    return answer


@answering
def acceptance(request: PersonRequest, handoff: Handoff) -> HttpResponse:
    """Take the lead."""
    accept_handoff(handoff, by=request.user, at=timezone.now())
    undo_url = reverse("desk:inbox-undo", args=[handoff.pk])
    return answered(request, handoff, text=f"Accepted {handoff.lead}.", undo_url=undo_url, accepted=handoff.lead)


@answering
def rejection(request: PersonRequest, handoff: Handoff) -> HttpResponse:
    """Not this one, and why."""
    form = RejectHandoffForm(request.POST)
    if not saved(form, lambda facts: reject_handoff(handoff, by=request.user, at=timezone.now(), **facts)):
        return ask_again(request, pk=handoff.pk, reject_form=form)
    undo_url = reverse("desk:inbox-undo", args=[handoff.pk])
    return answered(request, handoff, text=f"Rejected {handoff.lead}: {route_line(handoff)}.", undo_url=undo_url)


@answering
def snooze(request: PersonRequest, handoff: Handoff) -> HttpResponse:
    """Put it off: out of sight until then."""
    form = SnoozeForm(request.POST)
    if not saved(form, lambda facts: snooze_handoff(handoff, by=request.user, at=timezone.now(), **facts)):
        return ask_again(request, pk=handoff.pk, snooze_form=form)
    text = f"{handoff.lead} comes back {day_and_time(form.cleaned_data['until'])}."
    return answered(request, handoff, text=text, undo_url=reverse("desk:inbox-wake", args=[handoff.pk]))


@answering
def wake(request: PersonRequest, handoff: Handoff) -> HttpResponse:
    """Bring it back into sight now."""
    handoff = wake_handoff(handoff, by=request.user)
    return shown_again(request, handoff, f"{handoff.lead} is in sight again.")


@answering
def withdrawal(request: PersonRequest, handoff: Handoff) -> HttpResponse:
    """Marketing takes the lead back before anybody answered."""
    withdraw_handoff(handoff, by=request.user, at=timezone.now())
    return answered(request, handoff, text=f"Withdrawn: {handoff.lead} is with marketing again.")


@require_POST
def undo(request: PersonRequest, pk: int) -> HttpResponse:
    """Take the verdict back: the hand-off waits again, with its old due time."""
    handoff = undo_verdict(Handoff(pk=pk), by=request.user, at=timezone.now())
    return shown_again(request, handoff, f"Undone: {handoff.lead} waits again.")


def shown_again(request: PersonRequest, handoff: Handoff, text: str) -> HttpResponse:
    """Back in the list, and opened; another page than the inbox is read again."""
    if not request.htmx:
        return redirect_with(request, address_of(handoff), text)
    if shown_address(request).path != reverse("desk:inbox"):
        return HttpResponse(headers={"HX-Refresh": "true"})
    response = HttpResponse(status=HTTPStatus.NO_CONTENT)
    return with_toast(response, text, level="info", handoff_back={"address": address_of(handoff, Asked.of(request))})


def whole_desk(request: PersonRequest, context: dict[str, Any], **events: Any) -> HttpResponse:
    """List and card anew, in answer to a request that came from elsewhere on the page; ``events`` as `with_events`."""
    response = render(request, "desk/inbox_desk.html", context | {"out_of_band": True})
    response["HX-Reswap"], response["HX-Replace-Url"] = "none", address_of(context["opened"], context["asked"])
    return with_events(response, **events)


def answered(
    request: PersonRequest,
    handoff: Handoff,
    *,
    text: str,
    level: str = "success",
    status: int = 200,
    undo_url: str = "",
    accepted: Lead | None = None,
) -> HttpResponse:
    """After an answer, or the news that another was faster: the page itself opens the next one (static/js/inbox.js).

    What to do with the lead that was ``accepted`` stands above it.
    """
    if not request.htmx:
        return redirect_with(request, address_below(request, handoff), text, level=level, undo_url=undo_url)
    response = HttpResponse(render_to_string("desk/inbox_told.html", {"accepted": accepted}), status=status)
    return with_toast(response, text, level=level, undo_url=undo_url, handoff_answered={"handoff": handoff.pk})


def address_below(request: PersonRequest, handoff: Handoff) -> str:
    """The inbox with the hand-off that stands below this one in the list."""
    return address_of(next_after(waiting_page(request.user, at=timezone.now()), get_handoff(handoff.pk)))


def ask_again(request: PersonRequest, *, pk: int, **forms: Form) -> HttpResponse:
    """The same card with the question still open, and what is missing beside its field."""
    handoff = get_handoff(pk)
    if not request.htmx:
        return render(request, "desk/inbox.html", inbox_context(request, opened=handoff) | forms, status=422)
    context = card_context(request, handoff, now=timezone.now()) | forms
    response = render(request, "desk/inbox_card.html", context, status=422)
    response["HX-Retarget"], response["HX-Reswap"] = "#inbox-card", "outerHTML"
    return response


def inbox_context(request: PersonRequest, *, opened: Handoff | None = None) -> dict[str, Any]:
    """What the page shows: the list, the card of ``opened`` or else of the first, and what this person may do."""
    now, asked = timezone.now(), Asked.of(request)
    waiting = waiting_page(request.user, at=now, whom=asked.whom, after=handoff_named(asked.after))
    opened = opened or next(iter(waiting.handoffs), None)
    card = card_context(request, opened, now=now) if opened else nothing_context(request.user, now=now)
    return {**card, **list_context(request, asked, waiting), "shows_list": "list" in request.GET}


def card_context(request: PersonRequest, opened: Handoff, *, now: datetime) -> dict[str, Any]:
    """What the card of one hand-off shows."""
    return {"opened": opened, "card": card_of(opened, now=now), "now": now, **verbs_on(opened, request)}


def nothing_context(user: User, *, now: datetime) -> dict[str, Any]:
    """What stands where a card would, when nothing waits."""
    return {"opened": None, "card": None, "answers": answers_this_week(user, now=now)}


def list_context(request: PersonRequest, asked: "Asked", waiting: Waiting) -> dict[str, Any]:
    """What the list beside the card shows."""
    return {
        "now": timezone.now(),
        "asked": asked,
        "waiting": waiting,
        "decides": may_ever_decide(request.user),
        "recipients": recipients_seen(request.user),
        "answers_for_many": ANSWERS.values(),
    }


def verbs_on(handoff: Handoff, request: PersonRequest) -> dict[str, Any]:
    """What this person may do with the opened hand-off; a decided one only says by whom."""
    if handoff.status != HandoffStatus.OPEN:
        return {"gone": handoff}
    can_decide, now = may_decide(request.user, handoff), timezone.now()
    return {
        "can_decide": can_decide,
        "can_withdraw": may_withdraw(request.user, handoff),
        "reject_form": RejectHandoffForm() if can_decide else None,
        "laters": laters(handoff, at=now) if can_decide else [],
        "put_off_until": handoff.snoozed_until if handoff.snoozed_until and handoff.snoozed_until > now else None,
    }


@dataclass(frozen=True)
class Asked:
    """What the address of the page asks for; an answer to a deed keeps what the page showed."""

    open: str = ""
    after: str = ""
    whom: Whom = EVERYBODY

    @classmethod
    def of(cls, request: PersonRequest) -> "Asked":
        is_page = request.method == "GET" and request.htmx.target != "inbox-list"
        query = request.GET if is_page else QueryDict(shown_address(request).query)
        return cls(query.get("open", ""), query.get("after", ""), whom_named(query.get("for", "")))


def address_of(opened: Handoff | None, asked: Asked | None = None) -> str:
    """The inbox with this card, and the same people's hand-offs as before."""
    parts = {"for": asked.whom.key if asked else "", "open": opened.pk if opened else ""}
    query = urlencode({name: value for name, value in parts.items() if value})
    return f"{reverse('desk:inbox')}?{query}" if query else reverse("desk:inbox")


def day_and_time(at: datetime) -> str:
    """ "today at 14:00", "on Mon 23 Nov at 09:00"."""
    here = timezone.localtime(at)
    day = "today" if here.date() == timezone.localdate() else f"on {here:%a %-d %b}"
    return f"{day} at {here:%H:%M}"


def get_handoff(pk: int) -> Handoff:
    return get_object_or_404(with_row(Handoff.objects.all()), pk=pk)


def shown_address(request: PersonRequest) -> SplitResult:
    """The address of the page that asks, as its browser tells it; an empty one when it tells none that can be read."""
    try:
        return urlsplit(request.htmx.current_url or "")
    except ValueError:
        return urlsplit("")


def handoff_named(number: str) -> Handoff | None:
    """The hand-off an address names; None when it names none."""
    return with_row(Handoff.objects.filter(pk=id_of(number))).first() if number else None
