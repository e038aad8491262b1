"""A lead's score taken apart, and how it came about."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.filters import refuse_unknown
from crm.api.views import Resource
from leads.lifecycle import Stage
from leads.models import Lead
from scoring.explanation import Explanation, explanation_of
from scoring.fields import Axis
from scoring.history import history_of
from scoring.models import Target


class LineSerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]
    axis = serializers.ChoiceField(
        choices=[*Axis, ""], help_text="Empty for the line that says where an exclusion or the range 0–100 cut it."
    )
    points = serializers.FloatField(help_text="What it gives now, after caps and decay.")
    before_decay = serializers.FloatField(
        allow_null=True, help_text="Of engagement: what the touches gave when they happened, up to the rule's cap."
    )
    touches = serializers.IntegerField(help_text="How many touches gave points; 0 for fit.")
    last_at = serializers.DateTimeField(allow_null=True, help_text="When the newest of them happened.")
    limit = serializers.CharField(help_text="The cap that took something away, in words.")


class WhySerializer(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]
    log_odds = serializers.FloatField()


class PredictionSerializer(serializers.Serializer[Any]):
    """`base` and the log-odds of all reasons add up to the log-odds of `share`."""

    share = serializers.FloatField(help_text="The chance, from 0 to 1.")
    base = serializers.FloatField(help_text="The log-odds of a lead of which nothing is known.")
    reasons = WhySerializer(many=True, source="why", help_text="The strongest first, up or down.")
    model = serializers.IntegerField(source="model.pk")
    at = serializers.DateTimeField(help_text="As of when: now, or when the lead was handed to sales.")


class PredictionsSerializer(serializers.Serializer[Any]):
    acceptance = PredictionSerializer(allow_null=True, help_text="That sales accepts it; null without a model.")
    win = PredictionSerializer(allow_null=True, help_text="That it is won within the horizon; null without a model.")


class ScoreSerializer(serializers.Serializer[Any]):
    """The points of all lines add up to the score before it is rounded."""

    lead = serializers.IntegerField()
    at = serializers.DateTimeField()
    score = serializers.IntegerField(min_value=0, max_value=100)
    grade = serializers.CharField(help_text="Fit A–D and engagement 1–4, as “A1”; empty without thresholds.")
    fit = serializers.FloatField(help_text="Points of fit, after the ceilings of groups.")
    engagement = serializers.FloatField(help_text="Points of engagement, decayed to now.")
    qualifies = serializers.BooleanField(help_text="Whether it meets the definition now.")
    excluded_by = serializers.ListField(child=serializers.CharField(), help_text="Exclusions that hold, in words.")
    raised_at = serializers.DateTimeField(allow_null=True, help_text="When the buyer last raised a hand.")
    raised_by = serializers.CharField(help_text="What was taken for the raised hand.")
    lines = LineSerializer(many=True)
    notes = serializers.ListField(child=serializers.CharField(), help_text="What was left out, in words.")
    definition_version = serializers.IntegerField(allow_null=True)
    half_life_days = serializers.IntegerField(help_text="Engagement is halved in so many days.")
    predictions = PredictionsSerializer()


class PointSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    score = serializers.IntegerField(min_value=0, max_value=100)
    grade = serializers.CharField()
    excluded = serializers.BooleanField()
    qualifies = serializers.BooleanField()
    version = serializers.IntegerField(help_text="Of the definition in force then.")


class BreakSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    version = serializers.IntegerField(help_text="Of the definition that came into force.")


class MarkSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    stage = serializers.ChoiceField(choices=Stage.choices, help_text="Where the lead moved to.")
    version = serializers.IntegerField(allow_null=True, help_text="Of the definition the move is stamped with.")
    score = serializers.IntegerField(allow_null=True, help_text="The score the move is stamped with.")


class ScoreHistorySerializer(serializers.Serializer[Any]):
    points = PointSerializer(many=True, help_text="At most 200, in the order of time.")
    breaks = BreakSerializer(many=True)
    marks = MarkSerializer(many=True)


class LeadScoreViews(Resource):
    """Why a lead has its score, and how it came about."""

    queryset = Lead.objects.select_related("company")
    serializer_class = ScoreSerializer

    @extend_schema(responses=ScoreSerializer, operation_id="leads_score")
    def score(self, request: Request, pk: int) -> Response:
        """The score of a lead taken apart: points of every rule, caps, decay, grade, and why the model expects what."""
        refuse_unknown(request, ())
        lead, at = self.get_object(), timezone.now()
        explanation = explanation_of(lead, at=at)
        if explanation is None:
            raise NotFound  # deleted this very moment
        return Response(ScoreSerializer({**told(explanation), "lead": lead.pk, "predictions": expected(lead, at)}).data)

    @extend_schema(responses=ScoreHistorySerializer, operation_id="leads_score_history")
    def history(self, request: Request, pk: int) -> Response:
        """The score over the life of the lead: at each touch, each change of the definition, each month's end."""
        refuse_unknown(request, ())
        return Response(ScoreHistorySerializer(asdict(history_of(self.get_object(), at=timezone.now()))).data)


def told(explanation: Explanation) -> dict[str, Any]:
    names = ("at", "score", "grade", "fit", "engagement", "qualifies", "excluded_by", "raised_at", "raised_by", "notes")
    return {
        **{name: getattr(explanation, name) for name in names},
        "lines": explanation.lines,
        "definition_version": explanation.card.version,
        "half_life_days": explanation.card.half_life_days,
    }


def expected(lead: Lead, at: datetime) -> dict[str, Any]:
    # A web process needs no numpy until somebody asks.
    from scoring.predicting import explain_prediction

    return {target.value: explain_prediction(lead, target, at=at) for target in Target}
