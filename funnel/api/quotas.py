"""Quotas of people, teams and the organisation."""

from typing import Any

from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.filters import StrictFilterSet
from crm.api.serializers import RecordSerializer
from crm.api.views import Resource
from funnel.models import Quota
from funnel.targets.quotas import edit_quota, remove_quota, set_quota

# What a quota is of; another one is another quota.
FIXED = ("measure", "user", "team")


class QuotaSerializer(RecordSerializer):
    class Meta:
        model = Quota
        fields = [
            "id", "measure", "user", "team", "starts_on", "ends_on", "amount", "currency", "ramp_months", "created_at",
            "updated_at",
        ]  # fmt: skip
        read_only_fields = ["currency"]

    def objection(self, name: str, value: Any) -> str:
        text = super().objection(name, value)
        if text or self.instance is None or name not in FIXED:
            return text
        present = self.instance.measure if name == "measure" else getattr(self.instance, f"{name}_id")
        return "" if value == present else "This cannot be changed; set another quota."


class QuotaFilters(StrictFilterSet):
    class Meta:
        model = Quota
        fields = ["measure", "user", "team", "starts_on", "ends_on"]


class QuotaViews(Resource):
    """What people, teams and (neither named) the organisation are to reach: everybody reads, managers write those of
    their own teams, people and side, admins all. The same days again change the amount."""

    queryset = Quota.objects.all()
    serializer_class = QuotaSerializer
    filterset_class = QuotaFilters
    ordering_fields = {**Resource.ordering_fields, "starts_on": "starts_on", "amount": "amount"}

    def create(self, request: Request) -> Response:
        return self.show(set_quota(by=self.person, **self.clean()), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        quota = self.get_object()
        return self.show(edit_quota(quota, by=self.person, **self.clean(record=quota)))

    def destroy(self, request: Request, pk: int) -> Response:
        remove_quota(self.get_object(), by=self.person)
        return Response(status=status.HTTP_204_NO_CONTENT)
