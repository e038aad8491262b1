"""What is done with a lead on its page: each verb a small resource, answered with the record."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from crm.access import require
from crm.errors import BusinessError, StaleState
from crm.forms import show_refusal
from crm.models import Organisation
from crm.requests import PersonRequest, id_of
from desk.forms.moves import ConversionForm, HandoffForm, MoveForm, TouchForm
from desk.forms.verdicts import RejectHandoffForm
from desk.queries.conversion import conversion_facts
from desk.queries.handing_over import promise_of, rules_words, who_knows
from desk.queries.inbox import decided_handoffs, with_row
from desk.verbs import CONVERT, HAND_OVER, LOG_TOUCH, MOVE_VERBS, Verb
from desk.views.answers import go_to
from desk.views.lead import get_lead, lead_answer
from desk.views.record import address_of
from feedback.access import NO_HAND_OVER, may_decide, may_hand_over
from feedback.giving_up import transition_as_agreed
from feedback.models import Handoff, Moment
from feedback.verdicts import accept_handoff, offer_lead, reject_handoff, undo_verdict, withdraw_handoff
from leads.access import may_convert, may_touch, require_move
from leads.converting import NOT_YOURS, convert_lead, join_opportunity, undo_conversion
from leads.errors import IllegalMove, StaleLead
from leads.lifecycle import MOVES, QUALIFY, RETURN, Move, Stage
from leads.models import Lead
from leads.touches import REFUSED, log_touch

# Moves after which sales is asked how good the lead was.
MOMENTS = {QUALIFY: Moment.QUALIFY.value, RETURN: Moment.RETURN.value}


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
    verb = MOVE_VERBS[kind]
    ask = partial(panel, request, lead, form, verb, hidden={"to": to, "seq": lead.seq})
    if request.method == "GET" or not form.is_valid():
        return ask()

    def deed() -> None:
        transition_as_agreed(lead, to, by=request.user, at=timezone.now(), **form.cleaned_data)

    done = f"{lead} is now “{Stage(to).label}”."
    return perform(request, lead, deed, done, form=form, ask=ask, tap=MOMENTS.get(kind, ""))


@require_http_methods(["GET", "POST"])
def handoff(request: PersonRequest, pk: int) -> HttpResponse:
    """Hand to sales: to whom the rules choose, a rep or a team, with what the buyer was promised."""
    lead = get_lead(pk)
    require(may_hand_over(request.user), NO_HAND_OVER)
    form = handoff_form(request, lead)
    ask = partial(panel, request, lead, form, HAND_OVER)
    if request.method == "GET" or not form.is_valid():
        return ask()
    recipient, promised = form.cleaned_data["recipient"], form.cleaned_data["promised"]

    def deed() -> str:
        placed = offer_lead(lead, by=request.user, at=timezone.now(), promised=promised, **recipient)
        return f"{lead} waits for {placed.recipient}."

    return perform(request, lead, deed, form=form, ask=ask)


def handoff_form(request: PersonRequest, lead: Lead) -> HandoffForm:
    """With whom the rules would choose; who knows a lead that comes back is chosen, what was promised is offered."""
    knows = who_knows(lead)
    chosen = {"recipient": f"user:{knows.pk}"} if knows else {}
    form = HandoffForm(request.POST or None, initial={"promised": promise_of(lead), **chosen})
    known = f"{knows} had this lead before. " if knows else ""
    form.fields["recipient"].help_text = known + rules_words([lead], at=timezone.now())
    return form


@require_POST
def acceptance(request: PersonRequest, pk: int) -> HttpResponse:
    waiting = named_handoff(request, pk)

    def deed() -> None:
        accept_handoff(waiting, by=request.user, at=timezone.now())

    return perform(request, waiting.lead, deed, f"{waiting.lead} is yours.", can_be_undone=True)


@require_http_methods(["GET", "POST"])
def rejection(request: PersonRequest, pk: int) -> HttpResponse:
    """Reject from the lead's page: the same questions as in the inbox."""
    waiting = named_handoff(request, pk)
    form = RejectHandoffForm(request.POST or None)
    ask = partial(ask_why, request, waiting, form)
    if request.method == "GET":
        require(may_decide(request.user, waiting), "This lead does not wait for you.")
    if request.method == "GET" or not form.is_valid():
        return ask()

    def deed() -> None:
        reject_handoff(waiting, by=request.user, at=timezone.now(), **form.cleaned_data)

    return perform(request, waiting.lead, deed, f"Rejected {waiting.lead}.", form=form, ask=ask, can_be_undone=True)


@require_POST
def withdrawal(request: PersonRequest, pk: int) -> HttpResponse:
    waiting = named_handoff(request, pk)

    def deed() -> None:
        withdraw_handoff(waiting, by=request.user, at=timezone.now())

    return perform(request, waiting.lead, deed, f"{waiting.lead} is with marketing again.")


@require_http_methods(["GET", "POST"])
def conversion(request: PersonRequest, pk: int) -> HttpResponse:
    """Convert: the same opportunity however often it is clicked."""
    lead = get_lead(pk)
    require(may_convert(request.user, lead), NOT_YOURS)
    facts = conversion_facts(lead)
    initial = {"name": lead.company_label or str(lead), "currency": Organisation.get().currency}
    form = ConversionForm(request.POST or None, lead=lead, facts=facts, initial=initial)
    ask = partial(panel, request, lead, form, CONVERT, facts=facts)
    if request.method == "GET" or not form.is_valid():
        return ask()

    def deed() -> None:
        if form.joined:
            contact = form.parties.get("contact")
            join_opportunity(lead, form.joined, by=request.user, at=timezone.now(), contact=contact)
        else:
            convert_lead(lead, by=request.user, at=timezone.now(), **form.parties, **form.deal)

    done = f"{lead} joined {form.joined}." if form.joined else f"{lead} is an opportunity now."
    return perform(request, lead, deed, done, form=form, ask=ask, can_be_undone=True)


@require_POST
def undo(request: PersonRequest, pk: int) -> HttpResponse:
    """Take back the conversion, else the last verdict, within ten minutes."""
    lead = get_lead(pk)

    def deed() -> None:
        if lead.stage == Stage.OPPORTUNITY:
            undo_conversion(lead, by=request.user, at=timezone.now())
        else:
            own = decided_handoffs(lead).filter(lead=lead)
            undo_verdict(get_object_or_404(own[:1]), by=request.user, at=timezone.now())

    done = f"Undone: {lead} stands where it stood before."
    seen_from = request.htmx.current_url
    if seen_from and urlsplit(seen_from).path != address_of(lead):
        # From the page of the opportunity that goes with it.
        deed()
        return go_to(request, address_of(lead), done)
    return perform(request, lead, deed, done)


@require_http_methods(["GET", "POST"])
def touches(request: PersonRequest, pk: int) -> HttpResponse:
    """Write down a contact between the buyer and us."""
    lead = get_lead(pk)
    require(may_touch(request.user, lead), REFUSED)
    form = TouchForm(request.POST or None, initial={"at": timezone.now()})
    ask = partial(panel, request, lead, form, LOG_TOUCH)
    if request.method == "GET" or not form.is_valid():
        return ask()

    def deed() -> None:
        log_touch(lead, user=request.user, **form.cleaned_data)

    return perform(request, lead, deed, "Written down.", form=form, ask=ask)


def perform(
    request: PersonRequest,
    lead: Lead,
    deed: Callable[[], str | None],
    done: str = "",
    *,
    form: forms.BaseForm | None = None,
    ask: Callable[[], HttpResponse] | None = None,
    can_be_undone: bool = False,
    tap: str = "",
) -> HttpResponse:
    """Do it and answer with the record and what was ``done``, unless the deed itself says it.

    ``tap``: the moment at which sales is asked how good the lead was.

    Who came second reads who was faster, above the record as it is now. A broken rule stands in ``form``, for which
    ``ask`` asks again.
    """
    try:
        said = deed()
    except StaleState as error:
        return lead_answer(request, lead.pk, text=str(error), level="warning", status=error.status)
    except BusinessError as error:
        if error.status != 422:
            raise
        if form is None or ask is None:
            return lead_answer(request, lead.pk, text=str(error), level="danger", status=error.status)
        show_refusal(form, error)
        return ask()
    undo_url = reverse("desk:lead-undo", args=[lead.pk]) if can_be_undone else ""
    return lead_answer(request, lead.pk, text=said or done, undo_url=undo_url, tap=tap)


def panel(
    request: PersonRequest, lead: Lead, form: forms.BaseForm, verb: Verb, *, hidden: Any = None, **facts: Any
) -> HttpResponse:
    """The questions of a verb: in the side panel, or as a page without JavaScript."""
    fragment = "desk/lead_conversion.html" if verb is CONVERT else "desk/lead_verb_form.html"
    page = fragment if request.htmx else "desk/lead_verb.html"
    next(iter(form.fields.values())).widget.attrs["autofocus"] = True
    context = {"lead": lead, "form": form, "verb": verb, "hidden": hidden or {}, "action": request.path, **facts}
    context["fragment"] = fragment
    return render(request, page, context, status=422 if form.errors else 200)


def ask_why(request: PersonRequest, waiting: Handoff, form: RejectHandoffForm) -> HttpResponse:
    page = "desk/lead_reject_form.html" if request.htmx else "desk/lead_reject.html"
    action = f"{request.path}?handoff={waiting.pk}"
    context = {"lead": waiting.lead, "reject_form": form, "action": action}
    return render(request, page, context, status=422 if form.errors else 200)


def stale(request: PersonRequest, lead: Lead) -> HttpResponse:
    error = StaleLead(lead)
    return lead_answer(request, lead.pk, text=str(error), level="warning", status=error.status)


def move_to(lead: Lead, to: str) -> Move:
    kind = MOVES.get((Stage(lead.stage), Stage(to))) if to in Stage.values else None
    if kind is None or kind.door != "transition":
        raise IllegalMove(lead, to if to in Stage.values else lead.stage)
    return kind


def named_handoff(request: PersonRequest, pk: int) -> Handoff:
    """The hand-off of this lead that the person saw, answered since or not."""
    number = request.POST.get("handoff", request.GET.get("handoff", ""))
    return get_object_or_404(with_row(Handoff.objects.filter(lead=pk)), pk=id_of(number))
