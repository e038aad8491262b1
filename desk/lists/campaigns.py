"""The list of campaigns: what each brought and cost."""

from collections.abc import Sequence
from typing import Any

from django.db.models import CharField, DateField, DecimalField
from django.db.models.functions import Lower

from campaigns.access import may_create_campaigns
from campaigns.models import Campaign, CampaignKind, CampaignStatus, Channel
from campaigns.queries import campaigns_with_status, spent_by_campaign
from crm.keyset import Order
from crm.models import Organisation
from crm.search import matches
from desk.lists.asker import Asker
from desk.lists.definition import Action, Column, ListDefinition, Sort, Tab
from desk.lists.filters import Choice, Days, is_in, lies_in, of_choices
from desk.lists.standard_filters import archived_filter, owner_filter
from desk.queries.campaign import CHAIN, LABELS, NOBODY, counts_by_campaign


def complete(rows: Sequence[Any], asker: Asker) -> None:
    """``spent`` so far and ``counts``, the leads that ever got to each stage of the chain."""
    spent, counts = spent_by_campaign([row.pk for row in rows]), counts_by_campaign(asker.today)
    currency = Organisation.get().currency
    for row in rows:
        row.spent_in = currency
        row.spent, row.counts = spent.get(row.pk), counts.get(row.pk, NOBODY)


def with_status(status: str) -> Any:
    return lambda rows, asker: rows & campaigns_with_status(status)


EMPTY = ("No campaign here", "A campaign ties leads to what they cost and to what sales says of them.")

CAMPAIGNS = ListDefinition(
    key="campaigns",
    title="Campaigns",
    noun="campaign",
    nouns="campaigns",
    icon="speakerphone",
    model=Campaign,
    rows=Campaign.objects.all,
    shown=lambda rows: rows.select_related("owner"),
    complete=complete,
    search=matches,
    placeholder="Name of the campaign",
    filters=(
        owner_filter(team="owner__team"),
        Choice(key="channel", label="Channel", options=of_choices(Channel), test=is_in("channel")),
        Choice(key="kind", label="Kind", options=of_choices(CampaignKind), test=is_in("kind")),
        Choice(key="status", label="Status", options=of_choices(CampaignStatus), test=is_in("status")),
        Days(key="starts", label="Starts", test=lies_in("starts_on")),
        archived_filter(),
    ),
    columns=(
        Column("name", "Campaign", sort="name", phone="wide"),
        Column("dates", "Dates", sort="starts"),
        Column("status", "Status"),
        Column("spent", "Spent", css="num", phone="wide", is_named=True),
        Column("inquiry", LABELS[CHAIN[0]], css="num"),
        Column("mql", LABELS[CHAIN[1]], css="num", phone="", is_named=True),
        Column("accepted", LABELS[CHAIN[2]], css="num", phone="end", is_named=True),
        Column("opportunity", LABELS[CHAIN[3]], css="num"),
        Column("customer", LABELS[CHAIN[4]], css="num"),
        Column("owner", "Owner"),
        Column("budget", "Budget", sort="budget", css="num", spare=True),
    ),
    sorts=(
        Sort("name", "Name", Order(Lower("name"), CharField()), descending=False),
        Sort("starts", "Start", Order("starts_on", DateField(), can_miss=True)),
        Sort("budget", "Budget", Order("budget", DecimalField(max_digits=14, decimal_places=2), can_miss=True)),
    ),
    tabs=(
        Tab("active", "Running", with_status("active"), *EMPTY),
        Tab("planned", "Planned", with_status("planned"), *EMPTY),
        Tab("ended", "Ended", with_status("ended"), *EMPTY),
        Tab("all", "All", lambda rows, asker: rows, *EMPTY),
    ),
    first_tab=lambda user: "active",
    actions=(
        Action("New campaign", "campaigns:campaign-new", key="n", allowed=may_create_campaigns),
        Action("Forms", "leads:capture-forms", icon="forms", allowed=may_create_campaigns),
    ),
    beside=("campaigns", "content"),
)
