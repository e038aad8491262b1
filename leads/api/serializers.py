"""Bodies of companies, contacts, leads, touches, moves, opportunities, reasons and imports."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from crm.api.fields import CurrencyField, ObjectField, PastMoment
from crm.api.serializers import Body, RecordSerializer
from leads.lifecycle import Clock, Stage
from leads.models import Company, Contact, Import, Lead, Opportunity, Outcome, Reason, Touch, Transition

EXPECTED = "Sent along: the version this is based on; 409 when somebody wrote the lead since."


class ReasonField(serializers.SlugRelatedField[Any]):
    """A reason by its code, as actions take it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"slug_field": "code", "read_only": True, **options})


class CompanySerializer(RecordSerializer):
    class Meta:
        model = Company
        fields = [
            "id", "external_id", "source_system", "name", "domain", "industry", "country", "region", "employees",
            "created_at", "updated_at",
        ]  # fmt: skip


class ContactSerializer(RecordSerializer):
    class Meta:
        model = Contact
        fields = [
            "id", "external_id", "source_system", "first_name", "last_name", "email", "phone", "title", "company",
            "created_at", "updated_at",
        ]  # fmt: skip


class LeadSerializer(RecordSerializer):
    """A lead. Its stage is moved by `transition`, `offer`, `convert` and verdicts."""

    side = serializers.ChoiceField(choices=Clock.choices, read_only=True)
    score = serializers.IntegerField(read_only=True, min_value=0, max_value=100)
    grade = serializers.CharField(read_only=True)
    scored_at = serializers.SerializerMethodField()
    custom = ObjectField(required=False)
    version = serializers.IntegerField(required=False, min_value=1, help_text=EXPECTED)

    class Meta:
        model = Lead
        fields = [
            "id", "external_id", "source_system", "first_name", "last_name", "email", "phone", "title",
            "company_name", "company", "contact", "stage", "episode", "side", "owner", "team", "campaign", "channel",
            "source", "segment", "country", "product_interest", "sourced_by", "need", "authority", "timing", "score",
            "grade", "scored_at", "custom", "captured_at", "revisit_on", "merged_into", "version", "created_at",
            "updated_at",
        ]  # fmt: skip
        read_only_fields = ["stage", "episode", "captured_at", "merged_into"]

    @extend_schema_field(serializers.DateTimeField(allow_null=True))
    def get_scored_at(self, lead: Lead) -> datetime | None:
        return lead.leadscore.scored_at if hasattr(lead, "leadscore") else None


class NewLeadSerializer(LeadSerializer):
    captured_at = PastMoment(required=False, help_text="When they responded; now unless given.")
    version = serializers.IntegerField(read_only=True)


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


class TouchSerializer(RecordSerializer):
    at = PastMoment(required=False, help_text="When it happened; now unless given.")
    utm = ObjectField(required=False)

    class Meta:
        model = Touch
        fields = [
            "id", "lead", "kind", "channel", "campaign", "asset", "at", "by", "source_system", "external_id", "utm",
            "corrects", "created_at",
        ]  # fmt: skip


class DealFields(Body):
    """What a conversion may say of its opportunity."""

    name = serializers.CharField(required=False, allow_blank=True, max_length=200)
    amount = serializers.DecimalField(required=False, allow_null=True, max_digits=14, decimal_places=2, min_value=0)
    currency = CurrencyField(required=False)
    expected_close = serializers.DateField(required=False, allow_null=True)


class ConversionBody(Body):
    opportunity = DealFields(required=False)
    at = PastMoment(required=False)


class OpportunitySerializer(RecordSerializer):
    """A deal. `stage` takes it through its open stages; `close` and `reopen` do the rest."""

    reason = ReasonField()
    currency = CurrencyField(required=False)
    opened_at = PastMoment(required=False, allow_null=True)

    class Meta:
        model = Opportunity
        fields = [
            "id", "external_id", "source_system", "name", "lead", "company", "contact", "owner", "team", "kind",
            "stage", "outcome", "reason", "note", "competitor", "product", "amount", "currency", "probability",
            "forecast_category", "opened_at", "expected_close", "closed_at", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["lead", "outcome", "closed_at"]


class NewOpportunitySerializer(OpportunitySerializer):
    class Meta(OpportunitySerializer.Meta):
        read_only_fields = ["outcome", "closed_at"]


class CloseBody(Body):
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    reason = serializers.SlugField(required=False, help_text="The code of a reason, when it is lost.")
    note = serializers.CharField(required=False, allow_blank=True)
    at = PastMoment(required=False, help_text="When it was closed; now unless given.")


class ReasonSerializer(RecordSerializer):
    class Meta:
        model = Reason
        fields = [
            "id", "code", "use", "label", "family", "default_route", "is_label", "needs_comment", "retired",
            "position",
        ]  # fmt: skip


class ReasonEditSerializer(ReasonSerializer):
    class Meta(ReasonSerializer.Meta):
        read_only_fields = ["code", "use"]


class ImportSerializer(RecordSerializer):
    class Meta:
        model = Import
        fields = [
            "id", "kind", "status", "by", "file_name", "strict", "dry_run", "rows_total", "rows_done", "created",
            "updated", "unchanged", "refused", "findings", "error", "started_at", "finished_at", "created_at",
            "updated_at",
        ]  # fmt: skip
