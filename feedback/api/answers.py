"""What comes back: the talk about a hand-off, and what marketing changed."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.serializers import Body, RecordSerializer
from crm.api.views import Resource
from feedback.api.filters import ImprovementFilters, ReplyFilters
from feedback.improvements import edit_improvement, record_improvement, remove_improvement
from feedback.models import Handoff, Improvement, Reply
from feedback.replies import LONGEST, reply_to
from leads.lifecycle import ReasonUse
from leads.models import Reason


class ReplySerializer(RecordSerializer):
    class Meta:
        model = Reply
        fields = ["id", "handoff", "by", "at", "text", "mentions", "created_at", "updated_at"]


class ReplyBody(Body):
    text = serializers.CharField(max_length=LONGEST, help_text="“@Rob” tells Rob: first name, full name or mailbox.")


class ReplyViews(Resource):
    """The talk about a hand-off: everybody reads and may say something."""

    queryset = Reply.objects.prefetch_related("mentions")
    serializer_class = ReplySerializer
    filterset_class = ReplyFilters
    ordering_fields = {**Resource.ordering_fields, "at": "at"}
    ordering = "at"

    def get_queryset(self) -> QuerySet[Reply]:
        return super().get_queryset().filter(handoff=self.kwargs.get("handoff"))

    def list(self, request: Request, handoff: int) -> Response:
        get_object_or_404(Handoff, pk=handoff)
        return super().list(request)

    @extend_schema(request=ReplyBody, responses={201: ReplySerializer})
    def create(self, request: Request, handoff: int) -> Response:
        """Who is named with @ is told, and who takes part. 422 `ambiguous_mention` where several have that name."""
        about = get_object_or_404(Handoff.objects.select_related("lead"), pk=handoff)
        reply = reply_to(about, by=self.person, at=timezone.now(), **self.clean(ReplyBody))
        return self.show(reply, status.HTTP_201_CREATED)


class ImprovementSerializer(RecordSerializer):
    reason: serializers.SlugRelatedField[Any] = serializers.SlugRelatedField(
        slug_field="code",
        queryset=Reason.objects.filter(use=ReasonUse.VERDICT),
        required=False,
        allow_null=True,
        help_text="The code of the reason it answers; null for any.",
    )
    on = serializers.DateField(required=False, help_text="Today unless named.")

    class Meta:
        model = Improvement
        fields = [
            "id", "external_id", "source_system", "campaign", "reason", "kind", "on", "text", "by", "created_at",
            "updated_at",
        ]  # fmt: skip
        read_only_fields = ["by"]


class ImprovementViews(Resource):
    """What marketing changed because of what sales said, or leaves as it is, and why."""

    queryset = Improvement.objects.select_related("campaign", "reason")
    serializer_class = ImprovementSerializer
    filterset_class = ImprovementFilters
    ordering_fields = {**Resource.ordering_fields, "on": "on"}

    def create(self, request: Request) -> Response:
        """Who rejected for this reason lately is told, once."""
        return self.show(record_improvement(by=self.person, at=timezone.now(), **self.clean()), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        change = self.get_object()
        return self.show(edit_improvement(change, by=self.person, at=timezone.now(), **self.clean(record=change)))

    def destroy(self, request: Request, pk: int) -> Response:
        remove_improvement(self.get_object(), by=self.person)
        return Response(status=status.HTTP_204_NO_CONTENT)
