"""An opportunity: where it stands, what it is worth, and how it ends."""

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.access import require
from crm.errors import BusinessError, StaleState
from crm.forms import show_refusal
from crm.requests import PersonRequest
from desk.forms.opportunity import CloseForm, OpportunityForm
from desk.queries.timeline import timeline
from desk.views.panels import form_page
from leads.access import may_work_opportunity
from leads.models import Opportunity, Outcome
from leads.opportunities import OPEN_STAGES, change_stage, close_opportunity, edit_opportunity, reopen_opportunity

REFUSED = "Only the owner of this opportunity or their manager may do that."
# Where a stage of the path lies, seen from the present one.
DONE, NOW, AHEAD = "done", "now", "ahead"


@require_GET
def opportunity(request: PersonRequest, pk: int) -> HttpResponse:
    deal = get_object_or_404(with_everything(), pk=pk)
    may_work = may_work_opportunity(request.user, deal)
    context = {
        "deal": deal,
        "now": timezone.now(),
        "may_work": may_work,
        "path": path_of(deal),
        "next_stage": next_stage(deal),
        "others": others_at_company(deal),
        "timeline": timeline(deal.lead) if deal.lead else None,
    }
    return render(request, "desk/opportunity.html", context)


@require_POST
def stage(request: PersonRequest, pk: int) -> HttpResponse:
    """Take it to another open stage."""
    deal = get_object_or_404(Opportunity, pk=pk)
    wanted, seen = request.POST.get("stage", ""), request.POST.get("seen", "")
    try:
        deal = change_stage(deal, wanted, by=request.user, at=timezone.now(), seen=seen)
    except StaleState as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"Now in {deal.get_stage_display()}, {deal.probability} % probable.")
    return redirect("desk:opportunity", pk)


@require_http_methods(["GET", "POST"])
def closing(request: PersonRequest, pk: int) -> HttpResponse:
    """Close it as won, or as lost with a reason; GET is the form for lost."""
    deal = get_object_or_404(with_everything(), pk=pk)
    require(may_work_opportunity(request.user, deal), REFUSED)
    form = CloseForm(request.POST or None, initial={"outcome": Outcome.LOST})
    if request.method == "POST" and form.is_valid():
        try:
            close_opportunity(deal, by=request.user, at=timezone.now(), **form.cleaned_data)
        except StaleState as error:
            messages.warning(request, str(error))
            return redirect("desk:opportunity", pk)
        except BusinessError as error:
            show_refusal(form, error)
        else:
            undo = f"undo:{reverse('desk:opportunity-reopening', args=[pk])}"
            messages.success(request, f"{deal.name} is {form.cleaned_data['outcome']}.", extra_tags=undo)
            return redirect("desk:opportunity", pk)
    return form_page(request, "desk/opportunity_close.html", {"form": form, "deal": deal})


@require_POST
def reopening(request: PersonRequest, pk: int) -> HttpResponse:
    """Take the close back."""
    deal = get_object_or_404(Opportunity, pk=pk)
    try:
        deal = reopen_opportunity(deal, by=request.user, at=timezone.now())
    except StaleState as error:
        messages.warning(request, str(error))
    else:
        messages.info(request, f"Open again, in {deal.get_stage_display()}.")
    return HttpResponse(headers={"HX-Refresh": "true"}) if request.htmx else redirect("desk:opportunity", pk)


@require_http_methods(["GET", "POST"])
def edit(request: PersonRequest, pk: int) -> HttpResponse:
    """Change its fields; only those that were changed are written, so that two people may edit at once."""
    deal = get_object_or_404(with_everything(), pk=pk)
    require(may_work_opportunity(request.user, deal), REFUSED)
    form = OpportunityForm(request.POST or None, instance=deal)
    if request.method == "POST" and form.is_valid():
        changed = {name: form.cleaned_data[name] for name in form.changed_data}
        if changed:
            edit_opportunity(Opportunity.objects.get(pk=pk), by=request.user, at=timezone.now(), **changed)
            messages.success(request, "Saved.")
        return redirect("desk:opportunity", pk)
    return form_page(request, "desk/opportunity_edit.html", {"form": form, "deal": deal})


def with_everything() -> QuerySet[Opportunity]:
    return Opportunity.objects.select_related(
        "company", "contact", "owner", "team", "reason", "lead__campaign", "lead__owner", "lead__company"
    )


def path_of(deal: Opportunity) -> list[dict[str, str]]:
    """The open stages in order; of a closed opportunity all up to where it was closed are done."""
    present = deal.stage if deal.is_open else deal.stage_before_close
    names = [stage.value for stage in OPEN_STAGES]
    at = names.index(present) if present in names else (len(names) if deal.outcome == Outcome.WON else -1)
    steps = []
    for index, stage in enumerate(OPEN_STAGES):
        state = NOW if index == at and deal.is_open else DONE if index <= at else AHEAD
        steps.append({"stage": stage.value, "label": str(stage.label), "state": state})
    return steps


def next_stage(deal: Opportunity) -> dict[str, str] | None:
    """The stage after the present one; None at the last, where it is won or lost."""
    ahead = [step for step in path_of(deal) if step["state"] == AHEAD]
    return ahead[0] if deal.is_open and ahead else None


def others_at_company(deal: Opportunity) -> QuerySet[Opportunity]:
    """Other opportunities of the same company, newest first."""
    if deal.company_id is None:
        return Opportunity.objects.none()
    others = Opportunity.objects.filter(company=deal.company_id).exclude(pk=deal.pk)
    return others.select_related("owner").order_by("-id")[:5]
