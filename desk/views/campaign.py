"""Campaigns: did sales want these people, and what should I change?"""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from campaigns.access import may_create_campaigns, may_write_campaign
from campaigns.forms import SpendForm
from campaigns.models import Campaign
from campaigns.queries import budgets, spend_by_month, spent_by_campaign, spent_without_rate
from crm.access import does_marketing, require
from crm.errors import BusinessError
from crm.forms import show_refusal
from crm.keyset import count_up_to, count_words
from crm.models import Organisation, User
from crm.requests import PersonRequest, id_of
from desk.fields.kinds import rows_for
from desk.forms.campaign import HandOverForm
from desk.queries.campaign import (
    NOBODY,
    chain,
    counts_by_campaign,
    first_steps,
    leads_from,
    own_leads,
    ready_ids,
    row_of_campaign,
    summed,
)  # fmt: skip
from desk.queries.campaign_feedback import changes_of, what_is_said
from desk.queries.content import content_of
from desk.queries.handing_over import offer_rules
from desk.views.panels import form_page
from feedback.access import NO_HAND_OVER, may_hand_over
from feedback.handing_over import HandedOver, hand_over_leads
from feedback.improvements import may_record
from funnel.reports.answer import Row
from leads.list_queries import with_last_touch
from leads.models import Lead, Reason
from scoring.promising import ModelIndex, acceptance_model, quality_by_model

ROWS = 10
SPENDS = 12
NAMED = 5
MONTHS = 12


@require_GET
def campaign(request: PersonRequest, pk: int) -> HttpResponse:
    return campaign_page(request, get_campaign(pk))


@require_http_methods(["GET", "POST"])
def handoffs(request: PersonRequest, pk: int) -> HttpResponse:
    """Hand the campaign's ready leads to whom the rules choose, a rep or a team, all that were shown."""
    campaign = get_campaign(pk)
    require(may_hand_over(request.user), NO_HAND_OVER)
    ready = ready_ids(campaign)
    form = HandOverForm(request.POST or None, initial={"leads": ",".join(map(str, ready))})
    if request.method == "POST" and form.is_valid():
        lead_ids = own_leads(campaign, form.cleaned_data["leads"])
        try:
            result = hand_over_leads(
                lead_ids,
                by=request.user,
                at=timezone.now(),
                promised=form.cleaned_data["promised"],
                **form.cleaned_data["recipient"],
            )
        except BusinessError as error:
            show_refusal(form, error)
        else:
            tell(request, result, to=str(next(iter(form.cleaned_data["recipient"].values()), "sales")))
            return redirect("desk:campaign", pk)
    count = len(form["leads"].value().split(",")) if form["leads"].value() else 0
    leads = list(Lead.objects.filter(pk__in=ready))
    offer_rules(form, leads, by=request.user, at=timezone.now())
    return form_page(request, "desk/hand_over.html", {"form": form, "campaign": campaign, "count": count})


@require_GET
def quality(request: PersonRequest, pk: int) -> HttpResponse:
    """How its leads did against what the model expected of each: read after the page stands there."""
    campaign, model = get_campaign(pk), acceptance_model()
    found = quality_by_model(campaign.pk, model) if model else None
    if request.htmx:
        return render(request, "desk/campaign_quality_by_model.html", {"quality": found})
    return campaign_page(request, campaign, quality=found)


@require_GET
def returns(request: PersonRequest, pk: int) -> HttpResponse:
    """What it brought: the campaign's row of the report, read after the page stands there."""
    campaign = get_campaign(pk)
    brought = row_of_campaign(campaign, at=timezone.now())
    if request.htmx:
        return render(request, "desk/campaign_return.html", {"brought": brought, "campaign": campaign})
    return campaign_page(request, campaign, brought=brought)


def campaign_page(
    request: PersonRequest,
    campaign: Campaign,
    *,
    spend_form: SpendForm | None = None,
    quality: ModelIndex | None = None,
    brought: Row | None = None,
    status: int = 200,
) -> HttpResponse:
    says = what_is_said(campaign, reason=chosen_reason(request), at=timezone.now())
    context: dict[str, Any] = {
        "now": timezone.now(),
        "campaign": campaign,
        "says": says,
        "quality": quality,
        "brought": brought,
        "reason": chosen_reason(request),
        "contents": content_of(campaign, at=timezone.now()),
        "children": campaign.children.filter(archived_at__isnull=True).order_by("-starts_on", "-id")[:ROWS],
        **rights_on(campaign, request.user),
        **leads_block(campaign),
        **money_block(campaign),
        "changes": changes_of(campaign, request.user),
        "improvement_query": f"?campaign={campaign.pk}",
        "spend_form": spend_form or SpendForm(today=timezone.localdate()),
        "just_logged": "logged" in request.GET or spend_form is not None,
    }
    context["steps"] = first_steps(context) if context["may_write"] else []
    return render(request, "desk/campaign.html", context, status=status)


def rights_on(campaign: Campaign, user: User) -> dict[str, Any]:
    """What this person may do here."""
    return {
        "may_write": may_write_campaign(user, campaign),
        "may_create": may_create_campaigns(user),
        "may_hand_over": may_hand_over(user),
        "may_record": may_record(user, campaign),
        "does_marketing": does_marketing(user),
        "fields": rows_for(campaign, user),
    }


def leads_block(campaign: Campaign) -> dict[str, Any]:
    """Its newest leads, and how many of them are ready for sales."""
    leads = leads_from(campaign)
    return {
        "leads": with_last_touch(leads.for_lists()).order_by("-pk")[:ROWS],
        "lead_count": count_words(count_up_to(leads)),
        "ready": len(ready_ids(campaign)),
    }


def money_block(campaign: Campaign) -> dict[str, Any]:
    """What it cost, by month and by figure of the chain."""
    spent = spent_by_campaign([campaign.pk]).get(campaign.pk)
    counts = counts_by_campaign(timezone.localdate())
    months = spend_by_month(campaign)[-MONTHS:]
    return {
        "chain": chain(campaign, counts.get(campaign.pk, NOBODY), summed(counts.values()), spent),
        "spent": spent,
        "currency": Organisation.get().currency,
        "budget": budgets([campaign.pk]).get(campaign.pk),
        "spent_elsewhere": spent_without_rate(campaign),
        "spends": campaign.spends.select_related("by")[:SPENDS],
        "months": months,
        "highest": max((month.amount for month in months), default=0),
    }


def chosen_reason(request: PersonRequest) -> Reason | None:
    number = id_of(request.GET.get("reason"))
    return Reason.objects.filter(pk=number).first() if number else None


def tell(request: PersonRequest, result: HandedOver, *, to: str) -> None:
    """ "45 handed to Team North. 3 had moved: Ada Lovelace (Rob moved this lead …)"."""
    handed = f"{result.handed} {'lead' if result.handed == 1 else 'leads'} handed to {to}."
    if not result.moved:
        messages.success(request, handed)
        return
    named = "; ".join(f"{lead} ({why.rstrip('.')})" for lead, why in result.moved[:NAMED])
    more = f"; and {len(result.moved) - NAMED} more" if len(result.moved) > NAMED else ""
    messages.warning(request, f"{handed} {len(result.moved)} had moved: {named}{more}.")


def get_campaign(pk: int) -> Campaign:
    return get_object_or_404(Campaign.objects.select_related("owner", "parent"), pk=pk)
