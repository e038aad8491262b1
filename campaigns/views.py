"""The pages that set up a campaign and a piece of content; their records stand in the room `desk`."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from campaigns.access import may_create_assets, may_create_campaigns, may_write_campaign
from campaigns.content import NO_MARKETING, create_asset, put_file, use_asset
from campaigns.editing import create_campaign
from campaigns.files import MOST_BYTES
from campaigns.forms import AssetForm, CampaignForm
from campaigns.models import Asset, Campaign
from crm.access import require
from crm.errors import BusinessError
from crm.forms import show_refusal
from crm.models import Organisation
from crm.once import is_repeat
from crm.requests import PersonRequest, id_of
from crm.uploads import WAS_CUT, LimitedUpload


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


@csrf_exempt
def content_new(request: PersonRequest) -> HttpResponse:
    """A name and what it is are enough; ``?campaign=`` begins something for a campaign to use."""
    request.upload_handlers = [LimitedUpload(request, most_bytes=MOST_BYTES)]
    return receive_content(request)


@csrf_protect
@require_http_methods(["GET", "POST"])
def receive_content(request: PersonRequest) -> HttpResponse:
    require(may_create_assets(request.user), NO_MARKETING)
    campaign = Campaign.objects.filter(pk=id_of(request.GET.get("campaign"))).first()
    posted = request.method == "POST"
    form = AssetForm(
        request.POST if posted else None,
        request.FILES if posted else None,
        was_cut=getattr(request, WAS_CUT, False),
        initial={"name": request.GET.get("name", "")},
    )
    if posted and form.is_valid():
        asset = add_content(request, form, campaign)
        if asset is None:
            return redirect("desk:content")
        return redirect("desk:campaign", campaign.pk) if campaign else redirect("desk:asset", asset.pk)
    context = {"form": form, "campaign": campaign, "most_bytes": MOST_BYTES}
    return render(request, "campaigns/content_form.html", context, status=422 if form.errors else 200)


@transaction.atomic
def add_content(request: PersonRequest, form: AssetForm, campaign: Campaign | None) -> Asset | None:
    """The new piece of content, in use by the campaign; None when this form was sent before."""
    if is_repeat(request, request.user):
        return None
    fields = {**form.cleaned_data}
    file = fields.pop("file")
    asset = create_asset(by=request.user, **fields)
    if file:
        put_file(asset, file, by=request.user)
    if campaign and may_write_campaign(request.user, campaign):
        use_asset(campaign, asset, by=request.user)
    messages.success(request, f"{asset} is there for everybody to use.")
    return asset
