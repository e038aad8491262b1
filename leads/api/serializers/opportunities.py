"""Bodies of opportunities and conversions."""

from datetime import timedelta

from django.utils import timezone
from django.utils.functional import cached_property
from rest_framework import serializers

from crm.api.fields import CurrencyField, PastMoment
from crm.api.serializers import Body, RecordSerializer
from leads.api.custom import OwnValues
from leads.api.serializers.reasons import ReasonField
from leads.models import Company, Contact, CustomRecord, Opportunity, OpportunityPerson, Outcome, PipelineStage
from leads.pipeline import pipeline
from leads.stalled import is_stalled


class DealFields(Body):
    """What a conversion may say of its opportunity."""

    name = serializers.CharField(required=False, allow_blank=True, max_length=200)
    amount = serializers.DecimalField(required=False, allow_null=True, max_digits=14, decimal_places=2, min_value=0)
    currency = CurrencyField(required=False)
    expected_close = serializers.DateField(required=False, allow_null=True)


class ConversionBody(Body):
    opportunity = DealFields(required=False)
    company = serializers.PrimaryKeyRelatedField(queryset=Company.objects.all(), required=False)
    contact = serializers.PrimaryKeyRelatedField(queryset=Contact.objects.all(), required=False)
    join = serializers.PrimaryKeyRelatedField(
        queryset=Opportunity.objects.all(),
        required=False,
        help_text="An open opportunity of the company that this lead belongs to, instead of a new one.",
    )
    at = PastMoment(required=False)


class PartSerializer(RecordSerializer):
    """One contact who has a part in an opportunity; ``lead``: the one that joined it."""

    class Meta:
        model = OpportunityPerson
        fields = ["id", "contact", "role", "lead", "created_at"]
        read_only_fields = ["lead"]


class PartEditSerializer(PartSerializer):
    class Meta(PartSerializer.Meta):
        read_only_fields = ["contact", "lead"]


class PipelineStageSerializer(RecordSerializer):
    """What the organisation makes of a stage. `stay_p90_days`: what nine in ten won ones stayed at most, null below
    ten of them."""

    stay_p90_days = serializers.SerializerMethodField()

    class Meta:
        model = PipelineStage
        fields = [
            "id", "stage", "label", "probability", "forecast_category", "retired", "position", "won_stays",
            "stay_p90_days",
        ]  # fmt: skip

    def get_stay_p90_days(self, row: PipelineStage) -> float | None:
        return None if row.stay_p90 is None else round(row.stay_p90 / timedelta(days=1), 2)


class OpportunitySerializer(RecordSerializer):
    """A deal. `stage` takes it through its open stages; `close` and `reopen` do the rest.

    `stalled`: longer in its stage than nine in ten won ones; null when it is closed or too few were won.
    """

    reason = ReasonField()
    currency = CurrencyField(required=False)
    custom = OwnValues(record=CustomRecord.OPPORTUNITY)
    opened_at = PastMoment(required=False, allow_null=True)
    people = PartSerializer(source="parts", many=True, read_only=True)
    stalled = serializers.SerializerMethodField()

    class Meta:
        model = Opportunity
        fields = [
            "id", "external_id", "source_system", "name", "lead", "company", "contact", "owner", "team", "kind",
            "stage", "outcome", "reason", "note", "competitor", "product", "amount", "currency", "probability",
            "forecast_category", "opened_at", "expected_close", "closed_at", "custom", "people", "stalled",
            "last_activity_at", "next_step_at", "archived_at", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["lead", "outcome", "closed_at", "last_activity_at", "next_step_at", "archived_at"]

    def get_stalled(self, opportunity: Opportunity) -> bool | None:
        return is_stalled(opportunity, self.stages, at=timezone.now())

    @cached_property
    def stages(self) -> dict[str, PipelineStage]:
        """Read once for all rows of an answer."""
        return pipeline()


class NewOpportunitySerializer(OpportunitySerializer):
    class Meta(OpportunitySerializer.Meta):
        read_only_fields = ["outcome", "closed_at", "last_activity_at", "next_step_at", "archived_at"]


class CloseBody(Body):
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    reason = serializers.SlugField(required=False, help_text="The code of a reason, when it is lost.")
    note = serializers.CharField(required=False, allow_blank=True)
    at = PastMoment(required=False, help_text="When it was closed; now unless given.")
