"""The rules of routing: which leads go to which team or person."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access import require
from crm.api.fields import ObjectField
from crm.api.filters import StrictFilterSet
from crm.api.serializers import RecordSerializer
from crm.api.views import Resource
from feedback.models import RoutingRule
from feedback.routing.writing import NOT_TO_BE_SEEN, create_rule, edit_rule, may_see_routing, remove_rule


class RoutingRuleSerializer(RecordSerializer):
    conditions = ObjectField(
        required=False,
        help_text='{"country": ["DE"], "segment": ["Enterprise"]}: all fields must fit, each by one of its values; '
        "country, segment, product_interest, language, source, channel. Empty: every lead.",
    )

    class Meta:
        model = RoutingRule
        fields = [
            "id", "position", "name", "is_active", "conditions", "to_team", "to_user", "specialism", "created_at",
            "updated_at",
        ]  # fmt: skip


class RoutingRuleFilters(StrictFilterSet):
    class Meta:
        model = RoutingRule
        fields = ["is_active", "to_team", "to_user"]


class RoutingRuleViews(Resource):
    """Rules in order of `position`, the first that fits counts: managers read, sales managers and admins write."""

    queryset = RoutingRule.objects.all()
    serializer_class = RoutingRuleSerializer
    filterset_class = RoutingRuleFilters
    ordering = "position"
    ordering_fields = {**Resource.ordering_fields, "position": "position", "name": "name"}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        require(may_see_routing(self.person), NOT_TO_BE_SEEN)

    def create(self, request: Request) -> Response:
        return self.show(create_rule(by=self.person, **self.clean()), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        rule = self.get_object()
        return self.show(edit_rule(rule, by=self.person, **self.clean(record=rule)))

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: int) -> Response:
        """What the rule decided keeps its reasons."""
        remove_rule(self.get_object(), by=self.person)
        return Response(status=status.HTTP_204_NO_CONTENT)
