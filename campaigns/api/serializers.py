"""Bodies of campaigns, spend and content."""

from campaigns.models import Asset, Campaign, Spend
from crm.api.fields import CurrencyField
from crm.api.serializers import RecordSerializer


class CampaignSerializer(RecordSerializer):
    currency = CurrencyField(required=False)

    class Meta:
        model = Campaign
        fields = [
            "id", "external_id", "source_system", "name", "parent", "channel", "kind", "status", "starts_on",
            "ends_on", "owner", "budget", "currency", "archived_at", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["archived_at"]


class SpendSerializer(RecordSerializer):
    currency = CurrencyField(required=False, help_text="The campaign's currency unless named.")

    class Meta:
        model = Spend
        fields = [
            "id", "external_id", "source_system", "campaign", "on", "amount", "currency", "note", "by", "created_at",
            "updated_at",
        ]  # fmt: skip
        read_only_fields = ["by"]


class AssetSerializer(RecordSerializer):
    class Meta:
        model = Asset
        fields = ["id", "external_id", "source_system", "name", "kind", "url", "created_at", "updated_at"]
