"""The list of content: what there is, for whom, and whether anybody still meets it."""

from collections.abc import Sequence
from typing import Any

from django.db.models import CharField, Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Lower

from campaigns.access import may_create_assets
from campaigns.models import Asset, AssetKind, BuyerStage, Campaign
from crm.keyset import Order
from crm.search import matches
from desk.lists.asker import Asker
from desk.lists.definition import Action, Column, ListDefinition, Sort, Tab
from desk.lists.filters import Choice, Option, is_in, of_choices
from desk.lists.standard_filters import archived_filter, owner_filter, record_filter
from desk.queries.content import stale_rows, with_uses


def shown(rows: Any) -> Any:
    """With the owner, and in how many campaigns it is used."""
    used = Campaign.assets.through._default_manager.filter(asset=OuterRef("pk")).order_by().values("asset")
    in_campaigns = Subquery(used.annotate(count=Count("pk")).values("count"))
    return rows.select_related("owner").annotate(campaign_count=Coalesce(in_campaigns, 0))


def complete(rows: Sequence[Any], asker: Asker) -> None:
    """``uses`` by buyers and sales, and whether it is stale."""
    with_uses(rows, at=asker.at)


def of_buyer_stage(values: Sequence[str], asker: Asker) -> Q:
    return Q(buyer_stage__in=["" if value == "any" else value for value in values])


def use_filter() -> Choice:
    def test(values: Sequence[str], asker: Asker) -> Q:
        stale = stale_rows(at=asker.at)
        return stale if "stale" in values else ~stale

    options = [Option("stale", "no touch in 90 days"), Option("live", "met or shown in 90 days")]
    return Choice(key="use", label="Use", options=lambda: options, test=test, single=True)


def used_by(values: Sequence[str], asker: Asker) -> Q:
    ids = [int(value) for value in values]
    return Q(pk__in=Campaign.assets.through._default_manager.filter(campaign__in=ids).values("asset"))


def stages() -> list[Option]:
    return [*of_choices(BuyerStage)(), Option("any", "Anywhere on the way")]


EMPTY = (
    "No content yet",
    "What buyers meet: a data sheet, a case study, a page. Once touches and calls name it, you see what helps.",
)

CONTENT = ListDefinition(
    key="content",
    title="Content",
    noun="piece of content",
    nouns="pieces of content",
    icon="files",
    model=Asset,
    rows=Asset.objects.all,
    shown=shown,
    complete=complete,
    search=matches,
    placeholder="Name of the content",
    filters=(
        owner_filter(team="owner__team"),
        Choice(key="kind", label="Kind", options=of_choices(AssetKind), test=is_in("kind")),
        Choice(key="buyer_stage", label="Buyer", options=stages, test=of_buyer_stage),
        use_filter(),
        record_filter("campaign", "Campaign", Campaign, test=used_by),
        archived_filter(),
    ),
    columns=(
        Column("name", "Name", sort="name", phone="wide"),
        Column("buyer_stage", "Helps a buyer who"),
        Column("campaigns", "Campaigns", css="num", is_named=True),
        Column("touches", "Touches", css="num", phone="", is_named=True),
        Column("shown", "Shown by sales", css="num", phone="", is_named=True),
        Column("last", "Last met or shown", phone="end"),
        Column("owner", "Owner"),
    ),
    sorts=(
        Sort("name", "Name", Order(Lower("name"), CharField()), descending=False),
        Sort("kind", "Kind", Order(F("kind"), CharField()), descending=False),
    ),
    tabs=(
        Tab("all", "All", lambda rows, asker: rows, *EMPTY),
        Tab("mine", "Mine", lambda rows, asker: rows.filter(owner=asker.user), *EMPTY),
        Tab(
            "stale", "Stale", lambda rows, asker: rows.filter(stale_rows(at=asker.at)),
            "Nothing is stale", "Everything was met by a buyer or shown by sales within 90 days.",
        ),
    ),
    first_tab=lambda user: "all",
    actions=(Action("New content", "campaigns:content-new", key="n", allowed=may_create_assets),),
    beside=("campaigns", "content"),
)  # fmt: skip
