"""Bodies of opportunities and conversions."""

from rest_framework import serializers

from crm.api.fields import CurrencyField, PastMoment
from crm.api.serializers import Body, RecordSerializer
from leads.api.serializers.reasons import ReasonField
from leads.models import Opportunity, Outcome


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
