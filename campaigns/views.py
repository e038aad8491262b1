"""The page that sets a campaign up; its record, and editing it, stand in the room `desk`."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from campaigns.access import may_create_campaigns
from campaigns.editing import create_campaign
from campaigns.forms import CampaignForm
from campaigns.models import Campaign
from crm.access import require
from crm.errors import BusinessError
from crm.forms import show_refusal
from crm.models import Organisation
from crm.once import is_repeat
from crm.requests import PersonRequest, id_of


@require_http_methods(["GET", "POST"])
def campaign_new(request: PersonRequest) -> HttpResponse:
    """A name and a channel are enough; ``?parent=`` begins a part of a larger one."""
    require(may_create_campaigns(request.user), "Only marketing makes campaigns.")
    parent = Campaign.objects.filter(pk=id_of(request.GET.get("parent"))).first()
    initial = {"currency": Organisation.get().currency, "owner": request.user, "parent": parent}
    form = CampaignForm(request.POST or None, by=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            campaign = set_up(request, form)
        except BusinessError as error:
            show_refusal(form, error)
        else:
            return redirect("desk:campaign", campaign.pk) if campaign else redirect("desk:campaigns")
    return render(request, "campaigns/campaign_form.html", {"form": form}, status=422 if form.errors else 200)


def set_up(request: PersonRequest, form: CampaignForm) -> Campaign | None:
    """The new campaign; None when this form was sent before."""
    with transaction.atomic():
        if is_repeat(request, request.user):
            return None
        campaign = create_campaign(by=request.user, **form.cleaned_data)
    messages.success(request, f"{campaign.name} is set up. Log its first spend, or write down its first lead.")
    return campaign
