"""Pages that make and change a campaign; its record stands in the room `desk`."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from campaigns.access import may_create_campaigns, may_write_campaign
from campaigns.editing import NOT_YOURS, create_campaign, edit_campaign
from campaigns.forms import CampaignForm
from campaigns.models import Campaign
from crm.access import require
from crm.forms import saved
from crm.models import Organisation
from crm.once import is_repeat
from crm.requests import PersonRequest


@require_http_methods(["GET", "POST"])
def campaign_new(request: PersonRequest) -> HttpResponse:
    require(may_create_campaigns(request.user), "Only marketing makes campaigns.")
    initial = {"currency": Organisation.get().currency, "owner": request.user}
    form = CampaignForm(request.POST or None, by=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            if is_repeat(request, request.user):
                return redirect("desk:campaigns")
            campaign = create_campaign(by=request.user, **form.cleaned_data)
        messages.success(request, f"{campaign.name} is set up. Log its first spend, or write down its first lead.")
        return redirect("desk:campaign", campaign.pk)
    return render(request, "campaigns/campaign_form.html", {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def campaign_edit(request: PersonRequest, pk: int) -> HttpResponse:
    present = get_object_or_404(Campaign, pk=pk)
    require(may_write_campaign(request.user, present), NOT_YOURS)
    form = CampaignForm(request.POST or None, instance=get_object_or_404(Campaign, pk=pk), by=request.user)

    def edit(fields: dict[str, Any]) -> None:
        edit_campaign(present, by=request.user, **{name: fields[name] for name in form.changed_data})

    if request.method == "POST" and saved(form, edit):
        messages.success(request, "Saved.")
        return redirect("desk:campaign", pk)
    context = {"form": form, "campaign": present}
    return render(request, "campaigns/campaign_form.html", context, status=422 if form.errors else 200)
