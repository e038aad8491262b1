"""What marketing changed because of what sales said: written down, corrected, taken out."""

from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.models import Campaign
from crm.access import require
from crm.forms import saved
from crm.once import is_repeat
from crm.requests import PersonRequest, id_of
from desk.forms.improvements import ImprovementForm
from desk.views.answers import changed
from desk.views.panels import form_page
from feedback.improvements import NOT_YOURS, edit_improvement, may_record, record_improvement, remove_improvement
from feedback.models import Improvement, ImprovementKind
from leads.models import Reason

PAGE = "desk/improvement.html"


@require_http_methods(["GET", "POST"])
def improvement_new(request: PersonRequest) -> HttpResponse:
    """Of the campaign and for the reason that the address names; without a campaign for all of them."""
    campaign = campaign_named(request)
    require(may_record(request.user, campaign), NOT_YOURS)
    form = ImprovementForm(request.POST or None, initial=initial_of(request))

    def deed(fields: dict[str, Any]) -> None:
        with transaction.atomic():
            if not is_repeat(request, request.user):
                record_improvement(by=request.user, at=timezone.now(), campaign=campaign, **fields)

    if request.method == "POST" and saved(form, deed):
        return changed(request, page_of(campaign), "Written down. Who rejected for this reason is told.")
    return form_page(request, PAGE, {"form": form, "campaign": campaign, "back": page_of(campaign)})


@require_http_methods(["GET", "POST"])
def improvement(request: PersonRequest, pk: int) -> HttpResponse:
    """Correct an entry."""
    entry = get_improvement(pk)
    require(may_record(request.user, entry.campaign), NOT_YOURS)
    form = ImprovementForm(request.POST or None, instance=get_improvement(pk))

    def deed(_fields: dict[str, Any]) -> None:
        edit_improvement(entry, by=request.user, at=timezone.now(), seen=form.seen, **form.changed)

    with transaction.atomic():
        written = request.method == "POST" and saved(form, deed)
    if written:
        return changed(request, page_of(entry.campaign), "Saved.")
    context = {"form": form, "campaign": entry.campaign, "entry": entry, "back": page_of(entry.campaign)}
    return form_page(request, PAGE, context)


@require_POST
def removal(request: PersonRequest, pk: int) -> HttpResponse:
    entry = get_improvement(pk)
    remove_improvement(entry, by=request.user)
    return changed(request, page_of(entry.campaign), "Taken out.", level="info")


def initial_of(request: PersonRequest) -> dict[str, Any]:
    """What the address says already: a kind, a reason."""
    kind = request.GET.get("kind", "")
    reason = Reason.objects.filter(pk=id_of(request.GET.get("reason"))).first()
    return {
        "kind": kind if kind in ImprovementKind.values else ImprovementKind.TARGETING,
        "reason": reason.pk if reason else None,
        "on": timezone.localdate(),
    }


def campaign_named(request: PersonRequest) -> Campaign | None:
    number = request.GET.get("campaign")
    return get_object_or_404(Campaign, pk=id_of(number)) if number else None


def page_of(campaign: Campaign | None) -> str:
    return f"{reverse('desk:campaign', args=[campaign.pk]) if campaign else reverse('desk:feedback')}#changes"


def get_improvement(pk: int) -> Improvement:
    return get_object_or_404(Improvement.objects.select_related("campaign", "reason"), pk=pk)
