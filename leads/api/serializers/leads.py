"""Bodies of leads, their moves and touches."""

from datetime import datetime

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from crm.api.fields import ObjectField, PastMoment
from crm.api.serializers import Body, RecordSerializer
from leads.api.custom import OwnValues
from leads.api.serializers.reasons import ReasonField
from leads.lifecycle import Clock, Stage
from leads.models import CustomRecord, Lead, Touch, Transition
from leads.tagging import clean_tags

EXPECTED = "Sent along: the version this is based on; 409 when somebody wrote the lead since."


class LeadSerializer(RecordSerializer):
    """A lead. Its stage is moved by `transition`, `offer`, `convert` and verdicts."""

    side = serializers.ChoiceField(choices=Clock.choices, read_only=True)
    score = serializers.IntegerField(read_only=True, min_value=0, max_value=100)
    grade = serializers.CharField(read_only=True)
    scored_at = serializers.SerializerMethodField()
    acceptance_chance = serializers.FloatField(
        source="leadprediction.acceptance", read_only=True, default=None, allow_null=True, min_value=0, max_value=1,
        help_text="That sales accepts it once it is handed over; null while no model is published.",
    )  # fmt: skip
    win_chance = serializers.FloatField(
        source="leadprediction.win", read_only=True, default=None, allow_null=True, min_value=0, max_value=1,
        help_text="That it is won within the horizon of the model; null while none is published.",
    )  # fmt: skip
    custom = OwnValues(record=CustomRecord.LEAD)
    version = serializers.IntegerField(required=False, min_value=1, help_text=EXPECTED)

    class Meta:
        model = Lead
        fields = [
            "id", "external_id", "source_system", "first_name", "last_name", "email", "phone", "phone_e164",
            "title", "company_name", "company", "contact", "stage", "episode", "side", "owner", "team", "campaign",
            "channel", "source", "segment", "country", "product_interest", "sourced_by", "need", "authority",
            "timing", "budget", "preferred_channel", "preferred_hours", "time_zone", "do_not_call", "do_not_mail",
            "tags", "score", "grade", "scored_at", "acceptance_chance", "win_chance", "custom", "captured_at",
            "revisit_on", "last_activity_at", "next_step_at", "archived_at", "merged_into", "version",
            "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = [
            "stage", "episode", "captured_at", "merged_into", "phone_e164", "last_activity_at", "next_step_at",
            "archived_at",
        ]  # fmt: skip

    def validate_tags(self, tags: list[str]) -> list[str]:
        return clean_tags(tags)

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_scored_at(self, lead: Lead) -> datetime | None:
        return lead.leadscore.scored_at if hasattr(lead, "leadscore") else None


class NewLeadSerializer(LeadSerializer):
    captured_at = PastMoment(required=False, help_text="When they responded; now unless given.")
    version = serializers.IntegerField(read_only=True)


class DuplicateSerializer(Body):
    """Somebody known already who may be the same, strongest first."""

    kind = serializers.ChoiceField(choices=["lead", "contact"])
    id = serializers.IntegerField()
    reasons = serializers.ListField(child=serializers.CharField())


class CapturedLeadSerializer(LeadSerializer):
    """The lead, and who may be the same as its person: a warning, nothing is held back."""

    duplicates = DuplicateSerializer(many=True, read_only=True)

    class Meta(LeadSerializer.Meta):
        fields = [*LeadSerializer.Meta.fields, "duplicates"]


class TransitionSerializer(RecordSerializer):
    reason = ReasonField()

    class Meta:
        model = Transition
        fields = [
            "id", "lead", "seq", "episode", "kind", "from_stage", "to_stage", "at", "recorded_at", "by", "reason",
            "note", "handoff", "definition_version", "score", "undoes", "source",
        ]  # fmt: skip


class TransitionBody(Body):
    to = serializers.ChoiceField(choices=Stage.choices)
    reason = serializers.SlugField(required=False, help_text="The code of a reason, where the move demands one.")
    note = serializers.CharField(required=False, allow_blank=True)
    at = PastMoment(required=False, help_text="When it happened; now unless given.")
    version = serializers.IntegerField(required=False, min_value=1, help_text=EXPECTED)
    revisit_on = serializers.DateField(
        required=False, help_text="Into nurture: when to look again, usually in 90 days."
    )
    need = serializers.CharField(required=False, allow_blank=True)
    authority = serializers.CharField(required=False, allow_blank=True, max_length=200)
    timing = serializers.CharField(required=False, allow_blank=True, max_length=200)
    budget = serializers.CharField(required=False, allow_blank=True, max_length=200)


class TouchSerializer(RecordSerializer):
    at = PastMoment(required=False, help_text="When it happened; now unless given.")
    utm = ObjectField(required=False)

    class Meta:
        model = Touch
        fields = [
            "id", "lead", "kind", "channel", "campaign", "asset", "at", "by", "source_system", "external_id", "utm",
            "raised_hand", "corrects", "created_at",
        ]  # fmt: skip
