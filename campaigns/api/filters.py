"""Which campaigns, spends and pieces of content."""

from campaigns.models import Asset, Campaign, Spend
from crm.api.archiving import ArchivableFilters
from crm.api.filters import StrictFilterSet

EXACT, DAYS, TIMES = ["exact"], ["exact", "gte", "lt"], ["gte", "lt"]


class CampaignFilters(ArchivableFilters):
    class Meta:
        model = Campaign
        fields = {
            "name": EXACT, "parent": EXACT, "channel": EXACT, "kind": EXACT, "status": EXACT, "owner": EXACT,
            "assets": EXACT, "starts_on": DAYS, "ends_on": DAYS, "source_system": EXACT,
            "external_id": EXACT, "updated_at": TIMES,
        }  # fmt: skip


class SpendFilters(StrictFilterSet):
    class Meta:
        model = Spend
        fields = {
            "campaign": EXACT, "on": DAYS, "currency": EXACT, "by": EXACT, "source_system": EXACT, "external_id":
            EXACT, "updated_at": TIMES,
        }  # fmt: skip


class AssetFilters(ArchivableFilters):
    class Meta:
        model = Asset
        fields = {
            "name": EXACT, "kind": EXACT, "buyer_stage": EXACT, "owner": EXACT, "campaigns": EXACT,
            "source_system": EXACT, "external_id": EXACT, "updated_at": TIMES,
        }  # fmt: skip
