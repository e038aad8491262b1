"""Trained models: what was learnt, how good it is, what is published."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.filters import StrictFilterSet
from crm.api.serializers import Body, RecordSerializer
from crm.api.views import Resource
from scoring.models import ModelCheck, Target, TrainedModel
from scoring.training import retire_model, start_training


class ModelFilters(StrictFilterSet):
    class Meta:
        model = TrainedModel
        fields = {"target": ["exact"], "status": ["exact"], "method": ["exact"], "trained_at": ["gte", "lt"]}


class CheckSerializer(RecordSerializer):
    class Meta:
        model = ModelCheck
        fields = ["day", "verdict", "drift", "figures"]
        read_only_fields = fields


class ModelSerializer(RecordSerializer):
    """One training and what came of it; `verdict` says in a sentence why it is published, or what is missing."""

    class Meta:
        model = TrainedModel
        fields = [
            "id", "target", "status", "method", "horizon_days", "verdict", "error", "metrics", "manifest", "asked_by",
            "asked_at", "trained_at", "published_at", "retired_at", "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = fields


class ModelWithDocumentSerializer(ModelSerializer):
    """The same with the model itself as text, and its last ninety daily checks."""

    checks = serializers.SerializerMethodField()

    class Meta(ModelSerializer.Meta):
        fields = [*ModelSerializer.Meta.fields, "document", "checks"]
        read_only_fields = fields

    @extend_schema_field(CheckSerializer(many=True))
    def get_checks(self, model: TrainedModel) -> Any:
        return CheckSerializer(model.checks.all()[:90], many=True).data


class TrainingBody(Body):
    target = serializers.ChoiceField(choices=Target.choices)


class ModelViews(Resource):
    """What was learnt from outcomes. Managers and admins train and retire; only what beats the rules is published."""

    queryset = TrainedModel.objects.defer("document")
    serializer_class = ModelSerializer
    filterset_class = ModelFilters
    ordering_fields = {**Resource.ordering_fields, "asked_at": "asked_at", "trained_at": "trained_at"}
    http_method_names = ["get", "post", "head", "options"]

    def get_serializer_class(self) -> Any:
        return ModelWithDocumentSerializer if self.action == "retrieve" else ModelSerializer

    @extend_schema(request=TrainingBody, responses={202: ModelSerializer})
    def create(self, request: Request) -> Response:
        """Have a worker train on the outcomes known now; ask for the model again to see how far it is. 409 while a
        training of the target is at work."""
        target = Target(self.clean(TrainingBody)["target"])
        model = start_training(target, by=self.person, at=timezone.now())
        return self.show(model, status.HTTP_202_ACCEPTED)

    @extend_schema(request=None, responses=ModelSerializer)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, pk: int) -> Response:
        """Take a published model out of use; what it predicts goes. 422 for one that is not in use."""
        model = self.get_object()
        return self.show(retire_model(model, by=self.person, at=timezone.now()))
