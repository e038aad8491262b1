"""The page of an opportunity: where it stands, what it is worth, and how it ends."""

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.access import require
from crm.errors import BusinessError, StaleState
from crm.forms import show_refusal
from crm.requests import PersonRequest
from desk.archiving import with_archive
from desk.fields.kinds import rows_for
from desk.forms.opportunity import CloseForm
from desk.opportunity_verbs import opportunity_verbs
from desk.queries.opportunity import leads_behind, others_at_company, path_of, people_of, with_everything
from desk.views.board import board_address, board_answer
from desk.views.impressions import tap_context
from desk.views.panels import PANEL, form_page
from desk.views.record import record_answer, record_page
from feedback.models import Moment
from leads.access import may_work_opportunity
from leads.models import BuyingRole, Opportunity, Outcome
from leads.opportunities import NOT_YOURS, change_stage, close_opportunity, reopen_opportunity
from leads.pipeline import open_stages, pipeline
from leads.stalled import is_quiet, is_stalled

PAGE = "desk/opportunity.html"


@require_GET
def opportunity(request: PersonRequest, pk: int) -> HttpResponse:
    deal = get_deal(pk)
    return record_page(request, PAGE, deal, partial(facts, request, deal))


@require_http_methods(["GET", "POST"])
def stage(request: PersonRequest, pk: int) -> HttpResponse:
    """Take it to another open stage; GET shows where it may go."""
    deal = get_deal(pk)
    if request.method == "GET":
        require(may_work_opportunity(request.user, deal), NOT_YOURS)
        offered = [row for row in open_stages(pipeline()) if row.stage != deal.stage]
        page = "desk/opportunity_move.html#form" if request.htmx.target == PANEL else "desk/opportunity_move.html"
        return render(request, page, {"deal": deal, "offered": offered, "on": on_board(request)})
    # Undo is a post without a body.
    asked = request.POST if "stage" in request.POST else request.GET
    seen, wanted = asked.get("seen", ""), asked.get("stage", "")
    changed = partial(deal_answer, request, pk, stages={deal.stage, seen, wanted})
    try:
        moved = change_stage(deal, wanted, by=request.user, at=timezone.now(), seen=seen)
    except (StaleState, BusinessError) as error:
        if error.status == 403:
            raise
        return changed(text=str(error), level="warning", status=error.status)
    undo = f"{request.path}?stage={deal.stage}&seen={moved.stage}" if moved.stage != deal.stage else ""
    text = f"{moved} is now in {pipeline()[moved.stage].label}, {moved.probability} % probable."
    return changed(text=text, undo_url=undo)


@require_http_methods(["GET", "POST"])
def closing(request: PersonRequest, pk: int) -> HttpResponse:
    """Close it as won, or as lost with a reason; GET is the form for lost."""
    deal = get_deal(pk)
    require(may_work_opportunity(request.user, deal), NOT_YOURS)
    form = CloseForm(request.POST or None, initial={"outcome": Outcome.LOST})
    if request.method == "GET" or not form.is_valid():
        return ask_to_close(request, deal, form)
    changed = partial(deal_answer, request, pk, stages={deal.stage})
    try:
        closed = close_opportunity(deal, by=request.user, at=timezone.now(), **form.cleaned_data)
    except StaleState as error:
        return changed(text=str(error), level="warning", status=error.status)
    except BusinessError as error:
        show_refusal(form, error)
        return ask_to_close(request, deal, form)
    undo = reverse("desk:opportunity-reopening", args=[pk])
    return changed(text=f"{closed} is {closed.outcome}.", undo_url=undo, tap=Moment.CLOSE.value)


def ask_to_close(request: PersonRequest, deal: Opportunity, form: CloseForm) -> HttpResponse:
    context = {"form": form, "deal": deal, "on": on_board(request)}
    return form_page(request, "desk/opportunity_close.html", context)


def on_board(request: PersonRequest) -> str:
    """What a form without JavaScript carries along to come back to the board."""
    return "board" if board_address(request) else ""


@require_POST
def reopening(request: PersonRequest, pk: int) -> HttpResponse:
    """Take the close back."""
    deal = get_deal(pk)
    try:
        opened = reopen_opportunity(deal, by=request.user, at=timezone.now())
    except (StaleState, BusinessError) as error:
        if error.status == 403:
            raise
        return deal_answer(request, pk, stages=set(), text=str(error), level="warning", status=error.status)
    text = f"{opened} is open again, in {pipeline()[opened.stage].label}."
    return deal_answer(request, pk, stages={opened.stage}, text=text, level="info")


def deal_answer(request: PersonRequest, pk: int, *, stages: set[str], tap: str = "", **answer: Any) -> HttpResponse:
    """Where it was asked: the columns of these stages of the board, or the record as it is now.

    ``tap``: the moment at which sales is asked how good the lead was; from the board a link leads there.
    """
    deal = get_deal(pk)
    if address := board_address(request):
        question = f"{reverse('desk:opportunity', args=[pk])}?tap={tap}" if tap and deal.lead_id else ""
        return board_answer(request, address, stages | {deal.stage}, question=question, **answer)
    query = f"tap={tap}" if tap else ""
    return record_answer(request, PAGE, deal, partial(facts, request, deal, tap=tap), query=query, **answer)


def facts(request: PersonRequest, deal: Opportunity, *, tap: str = "") -> dict[str, Any]:
    """What the record shows around its time line."""
    now, stages = timezone.now(), pipeline()
    people = people_of(deal)
    return {
        "deal": deal,
        "may_work": may_work_opportunity(request.user, deal),
        "verbs": with_archive(opportunity_verbs(request.user, deal, stages, now=now), deal, request.user),
        "path": path_of(deal, stages),
        "stage": stages[deal.stage],
        "is_stalled": is_stalled(deal, stages, at=now),
        "is_quiet": is_quiet(deal, at=now),
        "people": people,
        "roles": BuyingRole.choices,
        "leads": leads_behind(deal, people),
        "others": others_at_company(deal),
        "fields": rows_for(deal, request.user),
        **tap_context(request, deal.lead, deal, moment=tap),
    }


def get_deal(pk: int) -> Opportunity:
    return get_object_or_404(with_everything(), pk=pk)
