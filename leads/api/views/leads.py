"""Leads, their moves and touches."""

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.views import Resource
from leads.api import filters
from leads.api.custom import OwnFieldsResource
from leads.api.serializers.leads import (
    CapturedLeadSerializer,
    LeadSerializer,
    NewLeadSerializer,
    TouchSerializer,
    TransitionSerializer,
)
from leads.api.serializers.merges import MergeBody, MergeSerializer
from leads.api.serializers.opportunities import ConversionBody, OpportunitySerializer
from leads.archiving import RULES
from leads.converting import convert_lead, join_opportunity, undo_conversion
from leads.duplicates import KNOWN_BY, find_duplicates
from leads.editing import create_lead, edit_lead
from leads.merging import merge_leads
from leads.models import CustomRecord, Lead, Touch, Transition
from leads.touches import log_touch


class LeadViews(OwnFieldsResource):
    """Each is one time that somebody may buy."""

    queryset = Lead.objects.select_related("leadscore", "leadprediction")
    serializer_class = LeadSerializer
    own_record = CustomRecord.LEAD
    own_filterset = filters.LeadFilters
    archive_rule = RULES[Lead]
    ordering_fields = {
        **Resource.ordering_fields,
        "captured_at": "captured_at",
        "last_name": "last_name",
        "revisit_on": "revisit_on",
        "score": "leadscore__shown",
        "acceptance_chance": "leadprediction__acceptance",
        "win_chance": "leadprediction__win",
    }

    @extend_schema(request=NewLeadSerializer, responses={201: CapturedLeadSerializer})
    def create(self, request: Request) -> Response:
        """Capture a lead: an inquiry. A rep's lead is the rep's own and sourced by sales."""
        fields = self.clean(NewLeadSerializer)
        at = fields.pop("captured_at", None) or timezone.now()
        known = find_duplicates(**{name: fields.get(name, "") for name in KNOWN_BY})
        answer = self.show(create_lead(by=self.person, at=at, **fields), status.HTTP_201_CREATED)
        duplicates = [{"kind": match.kind, "id": match.record.pk, "reasons": match.reasons} for match in known.matches]
        answer.data["duplicates"] = duplicates
        return answer

    def partial_update(self, request: Request, pk: int) -> Response:
        """Change what is known of a lead. With `version`, 409 when somebody wrote it since."""
        lead = self.get_object()
        return self.show(edit_lead(lead, by=self.person, at=timezone.now(), **self.clean(record=lead)))

    @extend_schema(
        request=ConversionBody,
        responses={
            201: OpenApiResponse(OpportunitySerializer, "The deal made of this lead."),
            200: OpenApiResponse(OpportunitySerializer, "The deal that an earlier conversion made."),
        },
    )
    @action(detail=True, methods=["post"])
    def convert(self, request: Request, pk: int) -> Response:
        """Make contact, company and opportunity of a lead, once: a repeat gets the same deal.

        Company and contact are found or made unless they are named. With `join` the lead becomes a further person of
        that open opportunity of its company instead.
        """
        lead, body = self.get_object(), self.clean(ConversionBody)
        at, deal = body.get("at") or timezone.now(), body.get("opportunity", {})
        chosen = {name: body[name] for name in ("company", "contact") if name in body}
        if joined := body.get("join"):
            part, is_new = join_opportunity(lead, joined, by=self.person, at=at, contact=chosen.get("contact"))
            opportunity = part.opportunity
        else:
            opportunity, is_new = convert_lead(lead, by=self.person, at=at, **chosen, **deal)
        code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
        return Response(OpportunitySerializer(opportunity).data, status=code)

    @extend_schema(request=None, responses=LeadSerializer)
    @action(detail=True, methods=["post"], url_path="undo-conversion")
    def undo_conversion(self, request: Request, pk: int) -> Response:
        """Take a conversion back, within ten minutes and while its opportunity is untouched; 409 after that."""
        lead = self.get_object()
        undo_conversion(lead, by=self.person, at=timezone.now())
        return self.show(self.get_object())

    @extend_schema(request=MergeBody, responses={201: MergeSerializer})
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: int) -> Response:
        """Another lead is the same: from now on it is read as this one. `merges/{id}/undo/` takes it back."""
        lead, body = self.get_object(), self.clean(MergeBody)
        merge = merge_leads(lead, body["duplicate"], by=self.person, at=timezone.now(), take=body.get("take", ()))
        return Response(MergeSerializer(merge).data, status=status.HTTP_201_CREATED)


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
