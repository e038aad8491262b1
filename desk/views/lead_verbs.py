"""What is done with a lead on its page: each verb a small resource, asked for in the side panel, answered with the record."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from crm.access import require
from crm.errors import BusinessError, StaleState
from crm.requests import PersonRequest
from desk.forms.moves import ConversionForm, HandoffForm, MoveForm, TouchForm
from desk.forms.verdicts import RejectHandoffForm
from desk.queries.inbox import decided_handoffs, with_row
from desk.verbs import MOVE_WORDS
from desk.views.lead import get_lead, record_answer
from feedback.access import may_decide, may_ever_decide, may_offer
from feedback.models import Handoff
from feedback.verdicts import accept_handoff, offer_lead, reject_handoff, undo_verdict, withdraw_handoff
from leads.access import may_convert, may_edit_lead, require_move
from leads.converting import convert_lead, matching_company, matching_contact, undo_conversion
from leads.errors import IllegalMove, StaleLead
from leads.lifecycle import MOVES, Move, Stage
from leads.models import Lead
from leads.touches import record_touch
from leads.transitions import transition_lead

# Which field of a form a broken rule is about.
FIELD_OF = {"comment_required": "note", "reason_required": "reason", "no_recipient": "recipient"}


@require_http_methods(["GET", "POST"])
def move(request: PersonRequest, pk: int) -> HttpResponse:
    """A move of the table that has no action of its own: mark as MQL, park, qualify, return, disqualify …"""
    lead = get_lead(pk)
    to = request.POST.get("to", request.GET.get("to", ""))
    if request.method == "POST" and request.POST.get("seq") != str(lead.seq):
        return stale(request, lead)
    kind = move_to(lead, to)
    require_move(request.user, lead, kind)
    form = MoveForm(request.POST or None, move=kind, lead=lead)
    label = MOVE_WORDS[kind][0]
    if request.method == "GET" or not form.is_valid():
        return panel(request, lead, form, label, text=MOVE_WORDS[kind][1], hidden={"to": to, "seq": lead.seq})

    def deed() -> None:
        transition_lead(lead, to, by=request.user, at=timezone.now(), **form.cleaned_data)

    return perform(request, lead, deed, f"{lead} is now “{Stage(to).label}”.", form=form, label=label, hidden={"to": to, "seq": lead.seq})


@require_http_methods(["GET", "POST"])
def handoff(request: PersonRequest, pk: int) -> HttpResponse:
    """Hand to sales: to a rep or a team, with what the buyer was promised."""
    lead = get_lead(pk)
    require(may_offer(request.user, lead), "Only marketers and managers hand leads to sales.")
    form = HandoffForm(request.POST or None)
    if request.method == "GET" or not form.is_valid():
        return panel(request, lead, form, "Hand to sales", text="The clock of the answer starts at once.")
    recipient = form.cleaned_data["recipient"]

    def deed() -> None:
        offer_lead(lead, by=request.user, at=timezone.now(), promised=form.cleaned_data["promised"], **recipient)

    return perform(request, lead, deed, f"{lead} waits for {next(iter(recipient.values()))}.", form=form, label="Hand to sales")


@require_POST
def acceptance(request: PersonRequest, pk: int) -> HttpResponse:
    waiting = named_handoff(request, pk)
    undo_url = reverse("desk:lead-undo", args=[pk])
    return perform(
        request, waiting.lead, lambda: accept_handoff(waiting, by=request.user, at=timezone.now()),
        f"{waiting.lead} is yours.", undo_url=undo_url,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
def rejection(request: PersonRequest, pk: int) -> HttpResponse:
    """Reject from the lead's page: the same questions as in the inbox."""
    waiting = named_handoff(request, pk)
    form = RejectHandoffForm(request.POST or None)
    if request.method == "GET" or not form.is_valid():
        if request.method == "GET":
            require(may_ever_decide(request.user) and may_decide(request.user, waiting), "This lead does not wait for you.")
        return ask_why(request, waiting, form)
    try:
        reject_handoff(waiting, by=request.user, at=timezone.now(), **form.cleaned_data)
    except StaleState as error:
        return record_answer(request, pk, text=str(error), level="warning", status=error.status)
    except BusinessError as error:
        if error.status != 422:
            raise
        form.add_error("comment" if error.code == "comment_required" else None, str(error))
        return ask_why(request, waiting, form)
    return record_answer(request, pk, text=f"Rejected {waiting.lead}.", undo_url=reverse("desk:lead-undo", args=[pk]))


@require_POST
def withdrawal(request: PersonRequest, pk: int) -> HttpResponse:
    waiting = named_handoff(request, pk)
    return perform(
        request, waiting.lead, lambda: withdraw_handoff(waiting, by=request.user, at=timezone.now()), f"{waiting.lead} is with marketing again."
    )


@require_http_methods(["GET", "POST"])
def conversion(request: PersonRequest, pk: int) -> HttpResponse:
    """Convert: the same opportunity however often it is clicked."""
    lead = get_lead(pk)
    require(may_convert(request.user, lead), "Only the owner of this lead or their manager may convert it.")
    initial = {"name": lead.company_label or str(lead), "currency": request.organisation.currency}  # type: ignore[attr-defined]
    form = ConversionForm(request.POST or None, initial=initial)
    if request.method == "GET" or not form.is_valid():
        facts = {"company": lead.company or matching_company(lead), "contact": lead.contact or matching_contact(lead)}
        facts |= {"touches": lead.touches.effective().count(), "converts": True}
        return panel(request, lead, form, "Convert", text="", **facts)
    return perform(
        request, lead, lambda: convert_lead(lead, by=request.user, at=timezone.now(), **form.cleaned_data),
        f"{lead} is an opportunity now.", form=form, label="Convert", undo_url=reverse("desk:lead-undo", args=[pk]),
    )  # fmt: skip


@require_POST
def undo(request: PersonRequest, pk: int) -> HttpResponse:
    """Take back the conversion, else the last verdict, within ten minutes."""
    lead = get_lead(pk)

    def deed() -> None:
        if lead.stage == Stage.OPPORTUNITY:
            undo_conversion(lead, by=request.user, at=timezone.now())
        else:
            undo_verdict(get_object_or_404(decided_handoffs(lead)[:1]), by=request.user, at=timezone.now())

    response = perform(request, lead, deed, f"Undone: {lead} stands where it stood before.")
    # The toast's Undo swaps nothing by itself: the page is read again.
    if request.htmx and not request.htmx.target:
        response["HX-Refresh"] = "true"
    return response


@require_http_methods(["GET", "POST"])
def touches(request: PersonRequest, pk: int) -> HttpResponse:
    """Write down a contact between the buyer and us."""
    lead = get_lead(pk)
    require(may_edit_lead(request.user, lead), "You may write on leads that are yours.")
    form = TouchForm(request.POST or None, initial={"at": timezone.now()})
    if request.method == "GET" or not form.is_valid():
        return panel(request, lead, form, "Log a touch", text="What happened between the buyer and us. It counts for score and campaign.")
    fields = form.cleaned_data
    channel = fields["campaign"].channel if fields["campaign"] else ""
    return perform(request, lead, lambda: record_touch(lead, channel=channel, **fields), "Written down.", form=form, label="Log a touch")


def perform(
    request: PersonRequest,
    lead: Lead,
    deed: Callable[[], Any],
    done: str,
    *,
    form: forms.BaseForm | None = None,
    label: str = "",
    hidden: dict[str, Any] | None = None,
    undo_url: str = "",
) -> HttpResponse:
    """Do it and answer with the record. Who came second reads who was faster; a broken rule stands where one acted."""
    try:
        deed()
    except StaleState as error:
        return record_answer(request, lead.pk, text=str(error), level="warning", status=error.status)
    except BusinessError as error:
        if error.status != 422:
            raise
        if form is None:
            return record_answer(request, lead.pk, text=str(error), level="danger", status=error.status)
        name = FIELD_OF.get(error.code)
        form.add_error(name if name in form.fields else None, str(error))
        return panel(request, lead, form, label, hidden=hidden)
    return record_answer(request, lead.pk, text=done, undo_url=undo_url)


def panel(
    request: PersonRequest, lead: Lead, form: forms.BaseForm, label: str, *, text: str = "", hidden: dict[str, Any] | None = None, **facts: Any
) -> HttpResponse:
    """The questions of a verb: in the side panel, or as a page without JavaScript."""
    page = "desk/lead_verb_form.html" if request.htmx else "desk/lead_verb.html"
    next(iter(form.fields.values())).widget.attrs["autofocus"] = True
    context = {"lead": lead, "form": form, "label": label, "text": text, "hidden": hidden or {}, "action": request.path, **facts}
    return render(request, page, context, status=422 if form.errors else 200)


def ask_why(request: PersonRequest, waiting: Handoff, form: RejectHandoffForm) -> HttpResponse:
    page = "desk/lead_reject_form.html" if request.htmx else "desk/lead_reject.html"
    action = f"{request.path}?handoff={waiting.pk}"
    context = {"lead": waiting.lead, "reject_form": form, "action": action, "label": "Reject"}
    return render(request, page, context, status=422 if form.errors else 200)


def stale(request: PersonRequest, lead: Lead) -> HttpResponse:
    error = StaleLead(lead)
    return record_answer(request, lead.pk, text=str(error), level="warning", status=error.status)


def move_to(lead: Lead, to: str) -> Move:
    kind = MOVES.get((Stage(lead.stage), to))  # type: ignore[call-overload]
    if kind is None or kind.door != "transition":
        raise IllegalMove(lead, to if to in Stage.values else Stage(lead.stage))
    return kind


def named_handoff(request: PersonRequest, pk: int) -> Handoff:
    """The hand-off of this lead that the person saw, answered since or not."""
    number = request.POST.get("handoff", request.GET.get("handoff", ""))
    return get_object_or_404(with_row(Handoff.objects.filter(lead=pk)), pk=number if number.isdecimal() else 0)
