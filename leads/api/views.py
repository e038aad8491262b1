"""Companies, contacts, leads and their moves, touches, opportunities, reasons, imports."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access import manages
from crm.api.views import Resource
from leads.access import require_move
from leads.api import filters
from leads.api.serializers import (
    CloseBody,
    CompanySerializer,
    ContactSerializer,
    ConversionBody,
    ImportSerializer,
    LeadSerializer,
    NewLeadSerializer,
    NewOpportunitySerializer,
    OpportunitySerializer,
    ReasonEditSerializer,
    ReasonSerializer,
    TouchSerializer,
    TransitionBody,
    TransitionSerializer,
)
from leads.converting import convert_lead
from leads.editing import (
    check_version,
    create_company,
    create_contact,
    create_lead,
    edit_company,
    edit_contact,
    edit_lead,
)
from leads.lifecycle import MOVES, ReasonUse, Stage
from leads.models import Company, Contact, Import, Lead, Opportunity, Reason, Touch, Transition
from leads.opportunities import (
    change_stage,
    close_opportunity,
    create_opportunity,
    edit_opportunity,
    reopen_opportunity,
)
from leads.reasons import create_reason, edit_reason, find_reason
from leads.touches import log_touch
from leads.transitions import transition_lead


class CompanyViews(Resource):
    """Organisations that may buy."""

    queryset = Company.objects.all()
    serializer_class = CompanySerializer
    filterset_class = filters.CompanyFilters
    ordering_fields = {**Resource.ordering_fields, "name": "name", "employees": "employees"}

    def create(self, request: Request) -> Response:
        return self.show(create_company(by=self.person, **self.clean()), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        company = self.get_object()
        return self.show(edit_company(company, by=self.person, **self.clean(record=company)))


class ContactViews(Resource):
    """People known by name."""

    queryset = Contact.objects.all()
    serializer_class = ContactSerializer
    filterset_class = filters.ContactFilters
    ordering_fields = {**Resource.ordering_fields, "last_name": "last_name"}

    def create(self, request: Request) -> Response:
        return self.show(create_contact(by=self.person, **self.clean()), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        contact = self.get_object()
        return self.show(edit_contact(contact, by=self.person, **self.clean(record=contact)))


class LeadViews(Resource):
    """Each is one time that somebody may buy."""

    queryset = Lead.objects.select_related("leadscore")
    serializer_class = LeadSerializer
    filterset_class = filters.LeadFilters
    ordering_fields = {
        **Resource.ordering_fields,
        "captured_at": "captured_at",
        "last_name": "last_name",
        "revisit_on": "revisit_on",
        "score": "leadscore__shown",
    }

    @extend_schema(request=NewLeadSerializer, responses={201: LeadSerializer})
    def create(self, request: Request) -> Response:
        """Capture a lead: an inquiry. A rep's lead is the rep's own and sourced by sales."""
        fields = self.clean(NewLeadSerializer)
        at = fields.pop("captured_at", None) or timezone.now()
        return self.show(create_lead(by=self.person, at=at, **fields), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        """Change what is known of a lead. With `version`, 409 when somebody wrote it since."""
        lead = self.get_object()
        return self.show(edit_lead(lead, by=self.person, at=timezone.now(), **self.clean(record=lead)))

    @extend_schema(request=TransitionBody, responses=LeadSerializer)
    @action(detail=True, methods=["post"])
    def transition(self, request: Request, pk: int) -> Response:
        """Move a lead by one of the moves without an action of their own; where it already stands, nothing happens."""
        lead = self.get_object()
        body = {"at": timezone.now(), **self.clean(TransitionBody)}
        check_version(lead, body.pop("version", None))
        move, code = MOVES.get((Stage(lead.stage), Stage(body["to"]))), body.pop("reason", "")
        if move and move.door == "transition":
            require_move(self.person, lead, move)
            body["reason"] = find_reason(move.reason, code) if move.reason else None
        transition_lead(lead, by=self.person, **body)
        return self.show(lead)

    @extend_schema(
        request=ConversionBody,
        responses={
            201: OpenApiResponse(OpportunitySerializer, "The deal made of this lead."),
            200: OpenApiResponse(OpportunitySerializer, "The deal that an earlier conversion made."),
        },
    )
    @action(detail=True, methods=["post"])
    def convert(self, request: Request, pk: int) -> Response:
        """Make contact, company and opportunity of a lead, once: a repeat gets the same deal."""
        lead, body = self.get_object(), self.clean(ConversionBody)
        at, deal = body.get("at") or timezone.now(), body.get("opportunity", {})
        opportunity, is_new = convert_lead(lead, by=self.person, at=at, **deal)
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(OpportunitySerializer(opportunity).data, status=code)


class TransitionViews(Resource):
    """The append-only log of moves; `leads/{id}/transition/` and the like add to it."""

    queryset = Transition.objects.select_related("reason")
    serializer_class = TransitionSerializer
    filterset_class = filters.TransitionFilters
    ordering_fields = {"id": "id", "at": "at", "recorded_at": "recorded_at", "seq": "seq"}
    http_method_names = ["get", "head", "options"]


class TouchViews(Resource):
    """What buyers met. A wrong touch is not edited, but corrected by another that names it in `corrects`."""

    queryset = Touch.objects.all()
    serializer_class = TouchSerializer
    filterset_class = filters.TouchFilters
    ordering_fields = {"id": "id", "at": "at", "created_at": "created_at"}
    http_method_names = ["get", "post", "head", "options"]

    def create(self, request: Request) -> Response:
        fields = self.clean()
        lead, at = fields.pop("lead"), fields.pop("at", None) or timezone.now()
        return self.show(log_touch(lead, user=self.person, at=at, **fields), status.HTTP_201_CREATED)


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


class ImportViews(Resource):
    """Files taken in, and how far each got: one's own, and for managers everybody's, as on the pages."""

    queryset = Import.objects.all()
    serializer_class = ImportSerializer
    filterset_class = filters.ImportFilters
    ordering_fields = {**Resource.ordering_fields, "started_at": "started_at", "finished_at": "finished_at"}
    http_method_names = ["get", "head", "options"]

    def get_queryset(self) -> QuerySet[Import]:
        return Import.objects.all() if manages(self.person) else Import.objects.filter(by=self.person)
