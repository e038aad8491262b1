"""Hand-offs with their verdicts, and agreements."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from crm.access import require
from crm.api.views import Resource
from feedback.access import may_ever_decide
from feedback.api.filters import AgreementFilters, HandoffFilters
from feedback.api.serializers import AcceptBody, AgreementSerializer, HandoffSerializer, OfferBody, RejectBody
from feedback.models import Agreement, Handoff
from feedback.verdicts import accept_handoff, offer_lead, reject_handoff, undo_verdict, withdraw_handoff
from leads.lifecycle import ReasonUse
from leads.models import Lead
from leads.reasons import find_reason


class HandoffViews(Resource):
    """Leads handed to sales, each with its verdict; `leads/{id}/offer/` makes them."""

    queryset = Handoff.objects.select_related("reason")
    serializer_class = HandoffSerializer
    filterset_class = HandoffFilters
    ordering_fields = {
        **Resource.ordering_fields,
        "offered_at": "offered_at",
        "due_at": "due_at",
        "decided_at": "decided_at",
    }
    http_method_names = ["get", "post", "head", "options"]

    @extend_schema(request=AcceptBody, responses=HandoffSerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: int) -> Response:
        """Take the lead: it is yours from now on."""
        handoff, body = self.get_object(), self.clean(AcceptBody)
        return self.show(accept_handoff(handoff, by=self.person, at=timezone.now(), **body))

    @extend_schema(request=RejectBody, responses=HandoffSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: int) -> Response:
        """Not this one, and why; the route says what becomes of the lead."""
        handoff, body = self.get_object(), self.clean(RejectBody)
        require(may_ever_decide(self.person), "Only sales answers a hand-off.")
        reason = find_reason(ReasonUse.VERDICT, body.pop("reason", ""))
        return self.show(reject_handoff(handoff, by=self.person, at=timezone.now(), reason=reason, **body))

    @extend_schema(request=None, responses=HandoffSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: int) -> Response:
        """Take a verdict back, within ten minutes and if nobody acted since."""
        return self.show(undo_verdict(self.get_object(), by=self.person, at=timezone.now()))

    @extend_schema(request=None, responses=HandoffSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: int) -> Response:
        """Marketing takes the lead back before anybody answered."""
        return self.show(withdraw_handoff(self.get_object(), by=self.person, at=timezone.now()))


class OfferViews(Resource):
    """The one action on a lead that this room adds."""

    queryset = Handoff.objects.select_related("reason")
    serializer_class = HandoffSerializer

    @extend_schema(request=OfferBody, responses={201: HandoffSerializer})
    def offer(self, request: Request, pk: int) -> Response:
        """Hand an MQL to a person or a team in sales; the clock of the verdict starts."""
        lead = get_object_or_404(Lead, pk=pk)
        handoff = offer_lead(lead, by=self.person, at=timezone.now(), **self.clean(OfferBody))
        return self.show(handoff, status.HTTP_201_CREATED)


class AgreementViews(Resource):
    """Versions of what marketing and sales promise each other."""

    queryset = Agreement.objects.all()
    serializer_class = AgreementSerializer
    filterset_class = AgreementFilters
    ordering_fields = {**Resource.ordering_fields, "version": "version"}
    http_method_names = ["get", "head", "options"]
