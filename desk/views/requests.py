"""What sales asks marketing for: the list, one of them, asking, and each answer a small resource."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.access import require
from crm.errors import BusinessError, NotAllowed, StaleState
from crm.forms import saved
from crm.once import is_repeat
from crm.requests import PersonRequest, id_of
from desk.forms.requests import AskForm, DeclineForm, FulfilForm, PromiseForm
from desk.queries.requests import how_it_goes, page, requests_with_all, tab_of, tabs_for
from desk.views.answers import changed, go_to
from desk.views.panels import form_page
from feedback.models import Request, RequestStatus
from feedback.requests import (
    NOT_MARKETING,
    NOT_SALES,
    UNFINISHED,
    accept_request,
    ask_marketing,
    day_to_promise,
    decline_request,
    fulfil_request,
    may_answer,
    may_ask,
    may_take_back,
    take_back_request,
    undo_answer,
)
from leads.models import Company, Lead, Opportunity

ABOUT: dict[str, Any] = {"lead": Lead, "opportunity": Opportunity, "company": Company}


@require_GET
def requests(request: PersonRequest) -> HttpResponse:
    tab, today = tab_of(request.GET.get("tab", ""), request.user), timezone.localdate()
    context = {
        "tab": tab,
        "tabs": tabs_for(request.user),
        "page": page(tab, request.user, request.GET),
        "sentence": how_it_goes(today),
        "may_ask": may_ask(request.user),
        "may_answer": may_answer(request.user),
        "now": timezone.now(),
        "today": today,
    }
    return render(request, "desk/requests.html", context)


@require_GET
def one(request: PersonRequest, pk: int) -> HttpResponse:
    found = get_request(pk)
    context = {
        "asked": found,
        "is_open": found.status in UNFINISHED,
        "may_answer": may_answer(request.user) and found.status in UNFINISHED,
        "may_take_back": may_take_back(request.user, found) and found.status in UNFINISHED,
        "may_decline": found.status == RequestStatus.OPEN or found.answered_by_id == request.user.pk,
        "now": timezone.now(),
        "today": timezone.localdate(),
    }
    return render(request, "desk/request.html", context)


@require_http_methods(["GET", "POST"])
def ask(request: PersonRequest) -> HttpResponse:
    """Ask marketing; ``?lead=``, ``?opportunity=`` or ``?company=`` says what it is about."""
    require(may_ask(request.user), NOT_SALES)
    about = record_meant(request)
    form = AskForm(request.POST or None, about=bool(about))

    def deed(fields: dict[str, Any]) -> None:
        with transaction.atomic():
            if not is_repeat(request, request.user):
                ask_marketing(by=request.user, at=timezone.now(), **about, **fields)

    record = next(iter(about.values()), None)
    back = address_of(record) if record else reverse("desk:requests")
    if request.method == "POST" and saved(form, deed):
        return changed(request, back, "Asked. You hear as soon as marketing answers.")
    context = {"form": form, "record": record, "back": back}
    return form_page(request, "desk/request_ask.html", context)


def record_meant(request: PersonRequest) -> dict[str, Any]:
    """{"lead": …}, or nothing."""
    for name, model in ABOUT.items():
        if name in request.GET:
            return {name: get_object_or_404(model, pk=id_of(request.GET[name]))}
    return {}


def address_of(record: Any) -> str:
    return reverse(f"desk:{record._meta.model_name}", args=[record.pk])


@require_http_methods(["GET", "POST"])
def promise(request: PersonRequest, pk: int) -> HttpResponse:
    return answer(
        request, pk, PromiseForm, accept_request, title="Promise it", done="Promised: they know the day.",
        suggest=lambda asked: {"promised_on": day_to_promise(asked, today=timezone.localdate())},
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def refusal(request: PersonRequest, pk: int) -> HttpResponse:
    return answer(request, pk, DeclineForm, decline_request, title="Decline it", done="Declined: they know why.")


@require_http_methods(["GET", "POST"])
def delivery(request: PersonRequest, pk: int) -> HttpResponse:
    return answer(request, pk, FulfilForm, fulfil_request, title="Mark as done", done="Done: they know.")


def answer(
    request: PersonRequest,
    pk: int,
    kind: type[forms.Form],
    act: Callable[..., Request],
    *,
    title: str,
    done: str,
    suggest: Callable[[Request], dict[str, Any]] | None = None,
) -> HttpResponse:
    """GET asks, POST answers. Who came second reads who was faster. ``suggest``: what the form begins with."""
    require(may_answer(request.user), NOT_MARKETING)
    found = get_request(pk)
    form = kind(request.POST or None, initial=suggest(found) if suggest else {})
    here = reverse("desk:request", args=[pk])

    def deed(fields: dict[str, Any]) -> None:
        act(found, by=request.user, at=timezone.now(), **fields)

    try:
        if request.method == "POST" and saved(form, deed):
            return told(request, found, done)
    except StaleState as error:
        return go_to(request, here, str(error), level="warning")
    context = {"form": form, "asked": found, "title": title, "back": here}
    return form_page(request, "desk/request_answer.html", context)


@require_POST
def taking_back(request: PersonRequest, pk: int) -> HttpResponse:
    found = get_request(pk)
    try:
        take_back_request(found, by=request.user, at=timezone.now())
    except StaleState as error:
        return go_to(request, reverse("desk:request", args=[pk]), str(error), level="warning")
    return told(request, found, "Taken back.")


@require_POST
def undo(request: PersonRequest, pk: int) -> HttpResponse:
    """Take the last step back; the address names the step."""
    found, here = get_request(pk), reverse("desk:request", args=[pk])
    try:
        undo_answer(found, by=request.user, at=timezone.now(), seen=request.GET.get("step", ""))
    except NotAllowed:
        raise
    except BusinessError as error:
        return go_to(request, here, str(error), level="warning")
    return go_to(request, here, "Undone.", level="info")


def told(request: PersonRequest, found: Request, text: str) -> HttpResponse:
    """The page of the request, with Undo."""
    undo_url = f"{reverse('desk:request-undo', args=[found.pk])}?{urlencode({'step': found.status})}"
    here = reverse("desk:request", args=[found.pk])
    return go_to(request, here, text, undo_url=undo_url)


def get_request(pk: int) -> Request:
    return get_object_or_404(requests_with_all(), pk=pk)
