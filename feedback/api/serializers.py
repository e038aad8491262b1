"""Bodies of hand-offs, verdicts and agreements."""

from rest_framework import serializers

from crm.api.fields import KeptField
from crm.api.serializers import Body, RecordSerializer
from crm.models import Side, Team, User
from feedback.models import Agreement, Handoff
from feedback.wrong_data import WrongField
from leads.api.serializers.reasons import ReasonField
from leads.models import Route


class HandoffSerializer(RecordSerializer):
    reason = ReasonField()

    class Meta:
        model = Handoff
        fields = [
            "id", "lead", "episode", "status", "to_user", "to_team", "offered_by", "offered_at", "waiting_since",
            "due_at", "service_level", "snoozed_until", "promised", "decided_by", "decided_at", "answered_in",
            "attempt_due_at", "reason", "comment", "wrong_fields", "route", "rating", "definition_version", "routing",
            "follows", "created_at", "updated_at",
        ]  # fmt: skip


class OfferBody(Body):
    to_user = serializers.PrimaryKeyRelatedField(queryset=User.objects.all(), required=False, allow_null=True)
    to_team = serializers.PrimaryKeyRelatedField(queryset=Team.objects.all(), required=False, allow_null=True)
    promised = serializers.CharField(required=False, allow_blank=True, help_text="What marketing promised the buyer.")


class AcceptBody(Body):
    rating = serializers.IntegerField(required=False, allow_null=True, min_value=1, max_value=5)
    comment = serializers.CharField(required=False, allow_blank=True)


class RejectBody(Body):
    reason = serializers.SlugField(required=False, help_text="The code of a verdict reason.")
    comment = serializers.CharField(required=False, allow_blank=True)
    route = serializers.ChoiceField(choices=Route.choices, required=False, help_text="The reason's own unless given.")
    revisit_on = serializers.DateField(required=False, help_text="To nurture: when to look again.")
    wrong_fields = serializers.ListField(
        child=serializers.CharField(), required=False, help_text=f"What is wrong: {', '.join(WrongField.values)}."
    )


class SnoozeBody(Body):
    until = serializers.DateTimeField(
        allow_null=True, help_text="Just before it is due at the latest; null brings it back into sight."
    )


class AgreementSerializer(RecordSerializer):
    exceptions = KeptField(
        required=False, help_text='[{"name", "segments", "score_from", "score_to", "hours_to_verdict", …}, …]'
    )
    goals = KeptField(required=False, help_text='[{"measure": "mqls", "target": "240"}, …]')
    roles = KeptField(required=False, help_text='[{"stage", "side", "owner", "promise"}, …]')

    class Meta:
        model = Agreement
        fields = [
            "id", "version", "status", "hours_to_verdict", "hours_to_remind", "hours_late_to_escalate",
            "hours_to_first_attempt", "min_attempts", "most_episodes", "exceptions", "period_starts", "period_ends",
            "goals", "roles", "marketing_measured", "sales_measured", "definition_version", "reasons", "why",
            "effective_from", "proposed_by", "proposed_at", "signatures", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["version", "status", "reasons", "signatures"]


class SignBody(Body):
    side = serializers.ChoiceField(
        choices=Side.choices, required=False, help_text="Needed only of who heads both sides."
    )
