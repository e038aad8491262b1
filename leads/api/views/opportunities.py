"""Opportunities."""

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.views import Resource
from leads.api import filters
from leads.api.serializers.opportunities import CloseBody, NewOpportunitySerializer, OpportunitySerializer
from leads.lifecycle import ReasonUse
from leads.models import Opportunity
from leads.opportunities import (
    change_stage,
    close_opportunity,
    create_opportunity,
    edit_opportunity,
    reopen_opportunity,
)
from leads.reasons import find_reason


class OpportunityViews(Resource):
    """Deals with a value and a date."""

    queryset = Opportunity.objects.select_related("reason")
    serializer_class = OpportunitySerializer
    filterset_class = filters.OpportunityFilters
    ordering_fields = {
        **Resource.ordering_fields,
        "name": "name",
        "amount": "amount",
        "opened_at": "opened_at",
        "expected_close": "expected_close",
        "closed_at": "closed_at",
    }

    @extend_schema(request=NewOpportunitySerializer, responses={201: OpportunitySerializer})
    def create(self, request: Request) -> Response:
        """Open a deal of its own, or a further one of a converted lead."""
        fields = self.clean(NewOpportunitySerializer)
        return self.show(create_opportunity(by=self.person, at=timezone.now(), **fields), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        """Change a deal, its open stage included."""
        opportunity = self.get_object()
        fields = self.clean(record=opportunity)
        with transaction.atomic():
            if (stage := fields.pop("stage", opportunity.stage)) != opportunity.stage:
                change_stage(opportunity, stage, by=self.person, at=timezone.now())
            edit_opportunity(opportunity, by=self.person, at=timezone.now(), **fields)
        return self.show(opportunity)

    @extend_schema(request=CloseBody, responses=OpportunitySerializer)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: int) -> Response:
        """Won, or lost for a reason; the lead follows."""
        opportunity = self.get_object()
        body = {"at": timezone.now(), **self.clean(CloseBody)}
        body["reason"] = find_reason(ReasonUse.LOSS, body.pop("reason", ""))
        return self.show(close_opportunity(opportunity, by=self.person, **body))

    @extend_schema(request=None, responses=OpportunitySerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: int) -> Response:
        """Take back a close; the lead follows."""
        return self.show(reopen_opportunity(self.get_object(), by=self.person, at=timezone.now()))
