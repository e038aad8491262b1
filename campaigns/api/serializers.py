"""Bodies of campaigns, spend and content."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from campaigns.files import content_type_of, name_of, size_of
from campaigns.models import Asset, Campaign, Spend
from crm.api.fields import CurrencyField
from crm.api.serializers import RecordSerializer


class CampaignSerializer(RecordSerializer):
    currency = CurrencyField(required=False)
    assets = serializers.PrimaryKeyRelatedField(
        many=True, required=False, queryset=Asset.objects.all(), help_text="The content it uses."
    )

    class Meta:
        model = Campaign
        fields = [
            "id", "external_id", "source_system", "name", "parent", "channel", "kind", "status", "starts_on",
            "ends_on", "owner", "budget", "currency", "assets", "archived_at", "created_at", "updated_at",
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
    file = serializers.SerializerMethodField(help_text="Given and taken by `file/`; null without one.")

    class Meta:
        model = Asset
        fields = [
            "id", "external_id", "source_system", "name", "kind", "buyer_stage", "url", "file", "owner",
            "archived_at", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["archived_at"]

    @extend_schema_field({
        "type": "object", "nullable": True,
        "properties": {
            "name": {"type": "string"}, "content_type": {"type": "string"},
            "bytes": {"type": "integer", "nullable": True},
        },
    })  # fmt: skip
    def get_file(self, asset: Asset) -> dict[str, Any] | None:
        if not asset.file:
            return None
        return {"name": name_of(asset), "content_type": content_type_of(asset), "bytes": size_of(asset)}


class FileBody(serializers.Serializer[Any]):
    file = serializers.FileField()
