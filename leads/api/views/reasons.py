"""Reasons."""

from typing import Any

from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.views import Resource
from leads.api import filters
from leads.api.serializers.reasons import ReasonEditSerializer, ReasonSerializer
from leads.models import Reason
from leads.reasons import create_reason, edit_reason


class ReasonViews(Resource):
    """Why people decide as they do: everybody reads, sales managers and admins write. Old ones retire."""

    queryset = Reason.objects.all()
    filterset_class = filters.ReasonFilters
    ordering = "id"
    ordering_fields = {"id": "id", "position": "position", "code": "code"}
    http_method_names = ["get", "post", "patch", "head", "options"]

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        return ReasonEditSerializer if self.action == "partial_update" else ReasonSerializer

    def create(self, request: Request) -> Response:
        return self.show(create_reason(by=self.person, **self.clean()), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        reason = self.get_object()
        return self.show(edit_reason(reason, by=self.person, **self.clean(record=reason)))
