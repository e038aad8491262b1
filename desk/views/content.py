"""A piece of content: what it is, who uses it, whether it helps; and the content that a campaign uses."""

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from campaigns.access import may_write_asset, may_write_campaign
from campaigns.content import (
    NOT_YOURS,
    put_file,
    remove_file,
    stop_using_asset,
    use_asset,
)
from campaigns.downloads import download
from campaigns.editing import NOT_YOURS as NOT_YOUR_CAMPAIGN
from campaigns.files import MOST_BYTES, name_of, size_of
from campaigns.forms import FileForm, UsedContentForm
from campaigns.models import Asset, Campaign
from crm.access import require
from crm.errors import StaleState
from crm.forms import saved
from crm.requests import PersonRequest
from crm.uploads import WAS_CUT, LimitedUpload
from desk.archiving import with_archive
from desk.fields.kinds import rows_for
from desk.queries.content import (
    NEVER,
    ROWS,
    STALE_AFTER,
    is_stale,
    latest_uses,
    requests_answered_with,
    said_to_help,
    uses_of,
)
from desk.verbs import Verb, Verbs
from desk.views.answers import go_to, redirect_with
from desk.views.panels import form_page

PAGE = "desk/content.html"
DOWNLOAD = Verb("Download", "Save the file.", "download", how="link", key="o", is_next=True)
OPEN_LINK = Verb("Open the link", "Where it is published.", "external-link", how="link", key="o", is_next=True)


@require_GET
def asset(request: PersonRequest, pk: int) -> HttpResponse:
    return content_page(request, pk)


def content_page(request: PersonRequest, pk: int, *, form: FileForm | None = None, status: int = 200) -> HttpResponse:
    found = get_object_or_404(Asset.objects.select_related("owner"), pk=pk)
    now = timezone.now()
    uses, lately = uses_of([pk]).get(pk, NEVER), uses_of([pk], since=now - STALE_AFTER).get(pk, NEVER)
    helped = said_to_help(found)
    used_by = Campaign.objects.filter(assets=found, archived_at__isnull=True).order_by("-starts_on", "-id")
    context = {
        "shell": "desk/bare.html" if request.htmx else "base.html",
        "record": found,
        "asset": found,
        "record_list": "content",
        "now": now,
        "verbs": with_archive(verbs_of(found), found, request.user),
        "fields": rows_for(found, request.user),
        "uses": uses,
        "lately": lately,
        "is_stale": is_stale(found, uses, at=now),
        "latest": latest_uses(found),
        "campaigns": used_by[: ROWS + 1],
        "requests": requests_answered_with(found),
        "helped": helped[:ROWS],
        "helped_count": helped.count(),
        "may_write": may_write_asset(request.user, found),
        "file_name": name_of(found),
        "file_size": size_of(found),
        "form": form or FileForm(initial={"seen": found.file.name}),
        "most_bytes": MOST_BYTES,
    }
    return render(request, PAGE, context, status=status)


def verbs_of(asset: Asset) -> Verbs:
    """The file, else the link; both are there, the link stands in the menu."""
    found = []
    if asset.file:
        found.append(replace(DOWNLOAD, url=reverse("desk:asset-file", args=[asset.pk])))
    if asset.url:
        found.append(replace(OPEN_LINK, url=asset.url, key="" if found else OPEN_LINK.key))
    return Verbs(found[0] if found else None, found[1:])


@csrf_exempt
def file(request: PersonRequest, pk: int) -> HttpResponseBase:
    """GET gives the file to save, POST another one instead."""
    request.upload_handlers = [LimitedUpload(request, most_bytes=MOST_BYTES)]
    return file_of(request, pk)


@csrf_protect
@require_http_methods(["GET", "POST"])
def file_of(request: PersonRequest, pk: int) -> HttpResponseBase:
    found = get_object_or_404(Asset, pk=pk)
    if request.method == "GET":
        answer = download(found)
        if answer is None:
            raise Http404("This piece of content has no file.")
        return answer
    require(may_write_asset(request.user, found), NOT_YOURS)
    form = FileForm(request.POST, request.FILES, was_cut=getattr(request, WAS_CUT, False))

    def deed(fields: dict[str, Any]) -> None:
        put_file(found, fields["file"], by=request.user, seen=fields["seen"])

    try:
        if not saved(form, deed):
            return content_page(request, pk, form=form, status=422)
    except StaleState as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "The file is there.")
    return redirect("desk:asset", pk)


@require_POST
def file_removal(request: PersonRequest, pk: int) -> HttpResponse:
    """Take the file away; the form names the file it saw."""
    found = get_object_or_404(Asset, pk=pk)
    try:
        remove_file(found, by=request.user, seen=request.POST.get("seen"))
    except StaleState as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "The file is taken away.")
    return redirect("desk:asset", pk)


@require_http_methods(["GET", "POST"])
def campaign_content(request: PersonRequest, pk: int) -> HttpResponse:
    """The campaign begins to use a piece of content."""
    campaign = get_object_or_404(Campaign, pk=pk)
    require(may_write_campaign(request.user, campaign), NOT_YOUR_CAMPAIGN)
    # Undo of taking it away is a post that names it in the address.
    sent = request.POST if "asset" in request.POST else request.GET
    form = UsedContentForm(sent if request.method == "POST" else None)

    def deed(fields: dict[str, Any]) -> None:
        use_asset(campaign, fields["asset"], by=request.user)

    if request.method == "POST" and saved(form, deed):
        return go_to(request, content_of(pk), f"{campaign} uses {form.cleaned_data['asset']}.")
    return form_page(request, "desk/campaign_content_form.html", {"form": form, "campaign": campaign})


@require_POST
def campaign_content_removal(request: PersonRequest, pk: int, asset_pk: int) -> HttpResponse:
    campaign, found = get_object_or_404(Campaign, pk=pk), get_object_or_404(Asset, pk=asset_pk)
    stop_using_asset(campaign, found, by=request.user)
    undo_url = f"{reverse('desk:campaign-content', args=[pk])}?asset={found.pk}"
    return redirect_with(request, content_of(pk), f"{campaign} no longer uses {found}.", undo_url=undo_url)


def content_of(pk: int) -> str:
    return f"{reverse('desk:campaign', args=[pk])}#content-used"
