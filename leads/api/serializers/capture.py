"""Bodies of capture forms and of what people sent through them."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from crm.api.serializers import RecordSerializer
from leads.models import CaptureForm, Submission


class CaptureFormSerializer(RecordSerializer):
    """A form for strangers, at `/capture/{key}/`. Without a key it gets one made of its name."""

    key = serializers.SlugField(required=False, max_length=60)

    class Meta:
        model = CaptureForm
        fields = [
            "id", "external_id", "source_system", "key", "name", "campaign", "asset", "source", "segment", "owner",
            "consent", "thanks", "is_active", "created_at", "updated_at",
        ]  # fmt: skip


class SubmissionSerializer(RecordSerializer):
    """One answer as it came. `reason` says why it was refused or failed; after 90 days the payload is empty."""

    payload = serializers.SerializerMethodField()

    class Meta:
        model = Submission
        fields = [
            "id", "form", "status", "reason", "lead", "payload", "ip_address", "user_agent", "attempts", "received_at",
            "processed_at",
        ]  # fmt: skip

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "string"}})
    def get_payload(self, submission: Submission) -> dict[str, str]:
        return submission.payload
