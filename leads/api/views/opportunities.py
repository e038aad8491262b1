"""Opportunities, their people, and the stages they go through."""

from django.db import transaction
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.views import Resource
from leads.api import filters
from leads.api.custom import OwnFieldsResource
from leads.api.serializers.opportunities import (
    CloseBody,
    NewOpportunitySerializer,
    OpportunitySerializer,
    PartEditSerializer,
    PartSerializer,
    PipelineStageSerializer,
)
from leads.archiving import RULES
from leads.lifecycle import ReasonUse
from leads.models import CustomRecord, Opportunity, PipelineStage
from leads.opportunities import (
    change_stage,
    close_opportunity,
    create_opportunity,
    edit_opportunity,
    reopen_opportunity,
)
from leads.opportunity_people import add_person, change_role, remove_person
from leads.reasons import find_reason


class OpportunityViews(OwnFieldsResource):
    """Deals with a value and a date."""

    queryset = Opportunity.objects.select_related("reason").prefetch_related("parts")
    serializer_class = OpportunitySerializer
    own_record = CustomRecord.OPPORTUNITY
    own_filterset = filters.OpportunityFilters
    archive_rule = RULES[Opportunity]
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

    @extend_schema(methods=["get"], responses=PartSerializer(many=True))
    @extend_schema(methods=["post"], request=PartSerializer, responses={201: PartSerializer})
    @action(detail=True, methods=["get", "post"], pagination_class=None, filterset_class=None)
    def people(self, request: Request, pk: int) -> Response:
        """Who has a part in it; to add a contact a second time changes nothing."""
        opportunity = self.get_object()
        if request.method == "GET":
            return Response(PartSerializer(opportunity.parts.all(), many=True).data)
        part, is_new = add_person(opportunity, by=self.person, at=timezone.now(), **self.clean(PartSerializer))
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(PartSerializer(part).data, status=code)

    @extend_schema(methods=["patch"], request=PartEditSerializer, responses=PartSerializer)
    @extend_schema(methods=["delete"], request=None, responses={204: None})
    @action(detail=True, methods=["patch", "delete"], url_path="people/<int:part>", url_name="person")
    def person_of(self, request: Request, pk: int, part: int) -> Response:
        """Name the part somebody has, or take them out; who came with a lead stays."""
        found = get_object_or_404(self.get_object().parts.select_related("contact", "opportunity"), pk=part)
        if request.method == "DELETE":
            remove_person(found, by=self.person, at=timezone.now())
            return Response(status=status.HTTP_204_NO_CONTENT)
        role = self.clean(PartEditSerializer, record=found).get("role", found.role)
        return Response(PartSerializer(change_role(found, role, by=self.person, at=timezone.now())).data)


class PipelineStageViews(Resource):
    """The stages of opportunities as the organisation has set them up; changed on the page of settings."""

    queryset = PipelineStage.objects.all()
    serializer_class = PipelineStageSerializer
    filterset_class = filters.PipelineStageFilters
    ordering = "position"
    ordering_fields = {"id": "id", "position": "position"}
