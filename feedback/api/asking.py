"""What sales tells marketing by one tap, and what it asks for."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request as Call
from rest_framework.response import Response

from campaigns.models import Asset
from crm.api.filters import StrictFilterSet
from crm.api.serializers import Body, RecordSerializer
from crm.api.views import Resource
from feedback.impressions import record_impression
from feedback.models import Impression, Request, RequestKind
from feedback.requests import (
    accept_request,
    ask_marketing,
    decline_request,
    fulfil_request,
    take_back_request,
    undo_answer,
)
from leads.models import Company, Lead, Opportunity

EXACT, DAYS, TIMES = ["exact"], ["exact", "gte", "lt"], ["gte", "lt"]


def about(model: Any, **options: Any) -> Any:
    """A record by its id."""
    return serializers.PrimaryKeyRelatedField(queryset=model.objects.all(), **options)


class RequestFilters(StrictFilterSet):
    class Meta:
        model = Request
        fields = {
            "kind": EXACT, "status": EXACT, "asked_by": EXACT, "answered_by": EXACT, "lead": EXACT,
            "opportunity": EXACT, "company": EXACT, "segment": EXACT, "asset": EXACT, "needed_on": DAYS,
            "promised_on": DAYS, "asked_at": TIMES, "closed_at": TIMES, "updated_at": TIMES,
        }  # fmt: skip


class RequestSerializer(RecordSerializer):
    class Meta:
        model = Request
        fields = [
            "id", "kind", "text", "asked_by", "asked_at", "needed_on", "lead", "opportunity", "company", "segment",
            "status", "answered_by", "answered_at", "promised_on", "answer", "asset", "closed_at", "created_at",
            "updated_at",
        ]  # fmt: skip


class AskBody(Body):
    kind = serializers.ChoiceField(choices=RequestKind.choices)
    text = serializers.CharField(max_length=2_000)
    needed_on = serializers.DateField(required=False, allow_null=True)
    lead = about(Lead, required=False, allow_null=True)
    opportunity = about(Opportunity, required=False, allow_null=True)
    company = about(Company, required=False, allow_null=True)
    segment = serializers.CharField(max_length=120, required=False, allow_blank=True)


class PromiseBody(Body):
    promised_on = serializers.DateField()
    answer = serializers.CharField(max_length=2_000, required=False, allow_blank=True)


class DeclineBody(Body):
    answer = serializers.CharField(max_length=2_000, help_text="Why not.")


class FulfilBody(Body):
    asset = about(Asset, required=False, allow_null=True, help_text="The content that was made or found for it.")
    answer = serializers.CharField(max_length=2_000, required=False, allow_blank=True)


class RequestViews(Resource):
    """What sales asks marketing for: reps and sales managers ask, marketing promises a day or says why not."""

    queryset = Request.objects.select_related(
        "asked_by", "answered_by", "lead__campaign__owner", "opportunity__lead__campaign__owner"
    )
    serializer_class = RequestSerializer
    filterset_class = RequestFilters
    ordering_fields = {
        **Resource.ordering_fields, "asked_at": "asked_at", "needed_on": "needed_on", "promised_on": "promised_on",
    }  # fmt: skip
    http_method_names = ["get", "post", "head", "options"]

    @extend_schema(request=AskBody, responses={201: RequestSerializer})
    def create(self, request: Call) -> Response:
        asked = ask_marketing(by=self.person, at=timezone.now(), **self.clean(AskBody))
        return self.show(asked, status.HTTP_201_CREATED)

    @extend_schema(request=PromiseBody, responses=RequestSerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Call, pk: int) -> Response:
        """Promise it for a day. 409 `already_answered` when somebody else was faster."""
        asked, body = self.get_object(), self.clean(PromiseBody)
        return self.show(accept_request(asked, by=self.person, at=timezone.now(), **body))

    @extend_schema(request=DeclineBody, responses=RequestSerializer)
    @action(detail=True, methods=["post"])
    def decline(self, request: Call, pk: int) -> Response:
        """Say no, and why; also to what one has promised oneself."""
        asked, body = self.get_object(), self.clean(DeclineBody)
        return self.show(decline_request(asked, by=self.person, at=timezone.now(), **body))

    @extend_schema(request=FulfilBody, responses=RequestSerializer)
    @action(detail=True, methods=["post"])
    def fulfil(self, request: Call, pk: int) -> Response:
        """It is done, with this content or as `answer` says; 422 `say_what` without either."""
        asked, body = self.get_object(), self.clean(FulfilBody)
        return self.show(fulfil_request(asked, by=self.person, at=timezone.now(), **body))

    @extend_schema(request=None, responses=RequestSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Call, pk: int) -> Response:
        """Who asked takes it back."""
        return self.show(take_back_request(self.get_object(), by=self.person, at=timezone.now()))

    @extend_schema(request=None, responses=RequestSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Call, pk: int) -> Response:
        """Take the last step back, within ten minutes."""
        asked = self.get_object()
        return self.show(undo_answer(asked, by=self.person, at=timezone.now(), seen=asked.status))


class ImpressionFilters(StrictFilterSet):
    class Meta:
        model = Impression
        fields = {
            "lead": EXACT, "lead__campaign": EXACT, "opportunity": EXACT, "moment": EXACT, "question": EXACT,
            "quality": EXACT, "asset": EXACT, "theme": EXACT, "by": EXACT, "at": TIMES, "updated_at": TIMES,
        }  # fmt: skip


class ImpressionSerializer(RecordSerializer):
    class Meta:
        model = Impression
        fields = [
            "id", "lead", "opportunity", "episode", "moment", "question", "quality", "asset", "theme", "by", "at",
            "created_at", "updated_at",
        ]  # fmt: skip
        read_only_fields = ["episode", "by", "at"]
        extra_kwargs = {"opportunity": {"required": False}}


class ImpressionViews(Resource):
    """One answer of sales to one question, after a lead was qualified, returned or closed.

    `question` says which of `quality` (1 poor, 2 fair, 3 good), `asset` and `theme` is meant. A second answer to the
    same question takes the place of the first.
    """

    queryset = Impression.objects.all()
    serializer_class = ImpressionSerializer
    filterset_class = ImpressionFilters
    ordering_fields = {**Resource.ordering_fields, "at": "at"}
    http_method_names = ["get", "post", "head", "options"]

    def create(self, request: Call) -> Response:
        body = self.clean()
        row = record_impression(body.pop("lead"), by=self.person, at=timezone.now(), **body)
        return self.show(row, status.HTTP_201_CREATED)
