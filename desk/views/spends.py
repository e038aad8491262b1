"""The spend log of a campaign: rows are added on its page, corrected and taken out each by itself."""

from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from campaigns.access import may_write_campaign
from campaigns.forms import SpendForm
from campaigns.models import Spend
from campaigns.spending import REFUSED, bring_back_spend, change_spend, record_spend, remove_spend
from crm.access import require
from crm.editing import StaleEdit
from crm.once import is_repeat
from crm.requests import PersonRequest
from desk.views.answers import go_to
from desk.views.campaign import campaign_page, get_campaign
from desk.views.panels import form_page


@require_POST
def spends(request: PersonRequest, pk: int) -> HttpResponse:
    """Log one row of spend; the next row waits with the cursor in it."""
    campaign = get_campaign(pk)
    require(may_write_campaign(request.user, campaign), REFUSED)
    form = SpendForm(request.POST, today=timezone.localdate())
    if not form.is_valid():
        return campaign_page(request, campaign, spend_form=form, status=422)
    with transaction.atomic():
        if not is_repeat(request, request.user):
            record_spend(campaign, by=request.user, **form.cleaned_data)
    # No fragment in the address: beside one, browsers leave `autofocus` alone.
    return redirect(f"{reverse('desk:campaign', args=[pk])}?logged=1")


@require_http_methods(["GET", "POST"])
def spend(request: PersonRequest, pk: int, spend_pk: int) -> HttpResponse:
    """Correct one row of the spend log; what somebody else corrected meanwhile is shown first."""
    row = get_spend(pk, spend_pk)
    require(may_write_campaign(request.user, row.campaign), REFUSED)
    form = SpendForm(request.POST or None, instance=row, today=timezone.localdate())
    if request.method == "POST" and form.is_valid():
        seen_row = get_spend(pk, spend_pk)
        try:
            change_spend(seen_row, by=request.user, seen=form.seen, **form.changed)
        except StaleEdit as error:
            form.show_stale(error, seen_row)
        else:
            messages.success(request, "Spend corrected.")
            return redirect(log_of(pk))
    return form_page(request, "desk/spend.html", {"form": form, "spend": row, "campaign": row.campaign})


@require_POST
def spend_removal(request: PersonRequest, pk: int, spend_pk: int) -> HttpResponse:
    kept = remove_spend(get_spend(pk, spend_pk), by=request.user)
    undo = f"{reverse('desk:campaign-spend-return', args=[pk])}?{urlencode({'kept': kept})}"
    messages.success(request, "Spend taken out of the log.", extra_tags=f"undo:{undo}")
    return redirect(log_of(pk))


@require_POST
def spend_return(request: PersonRequest, pk: int) -> HttpResponse:
    """Undo a removal."""
    bring_back_spend(request.GET.get("kept", ""), by=request.user)
    return go_to(request, log_of(pk), "The spend is in the log again.", level="info")


def get_spend(pk: int, spend_pk: int) -> Spend:
    return get_object_or_404(Spend.objects.select_related("campaign"), pk=spend_pk, campaign=pk)


def log_of(pk: int) -> str:
    return f"{reverse('desk:campaign', args=[pk])}#spend"
