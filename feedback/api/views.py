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
from feedback.agreements import (
    draft_agreement,
    edit_agreement,
    propose_agreement,
    sign_agreement,
    withdraw_proposal,
)
from feedback.answering import ONLY_SALES
from feedback.api.filters import AgreementFilters, HandoffFilters
from feedback.api.serializers import (
    AcceptBody,
    AgreementSerializer,
    HandoffSerializer,
    OfferBody,
    RejectBody,
    SignBody,
    SnoozeBody,
)
from feedback.giving_up import transition_as_agreed
from feedback.models import Agreement, Handoff
from feedback.snoozing import snooze_handoff, wake_handoff
from feedback.verdicts import accept_handoff, offer_lead, reject_handoff, undo_verdict, withdraw_handoff
from leads.access import require_move
from leads.api.serializers.leads import LeadSerializer, TransitionBody
from leads.editing import check_version
from leads.lifecycle import MOVES, ReasonUse, Stage
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

    def named(self) -> Handoff:
        """The hand-off that the address names, without its columns: who answers it reads them when it is held."""
        return get_object_or_404(Handoff.objects.only("pk"), pk=self.kwargs["pk"])

    def told(self, handoff: Handoff) -> Response:
        """A hand-off as a verdict left it; it holds all there is to say."""
        return Response(self.get_serializer(handoff).data)

    @extend_schema(request=AcceptBody, responses=HandoffSerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: int) -> Response:
        """Take the lead: it is yours from now on."""
        handoff, body = self.named(), self.clean(AcceptBody)
        return self.told(accept_handoff(handoff, by=self.person, at=timezone.now(), **body))

    @extend_schema(request=RejectBody, responses=HandoffSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: int) -> Response:
        """Not this one, and why; the route says what becomes of the lead."""
        handoff, body = self.named(), self.clean(RejectBody)
        require(may_ever_decide(self.person), ONLY_SALES)
        reason = find_reason(ReasonUse.VERDICT, body.pop("reason", ""))
        return self.told(reject_handoff(handoff, by=self.person, at=timezone.now(), reason=reason, **body))

    @extend_schema(request=SnoozeBody, responses=HandoffSerializer)
    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, pk: int) -> Response:
        """Keep it out of the inbox until then, or with null bring it back; the clock runs on.

        422 `cannot_snooze` when its answer is due before.
        """
        handoff, until = self.get_object(), self.clean(SnoozeBody)["until"]
        if until is None:
            return self.show(wake_handoff(handoff, by=self.person))
        return self.show(snooze_handoff(handoff, by=self.person, at=timezone.now(), until=until))

    @extend_schema(request=None, responses=HandoffSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: int) -> Response:
        """Take a verdict back, within ten minutes and if nobody acted since."""
        return self.told(undo_verdict(self.named(), by=self.person, at=timezone.now()))

    @extend_schema(request=None, responses=HandoffSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: int) -> Response:
        """Marketing takes the lead back before anybody answered."""
        return self.show(withdraw_handoff(self.get_object(), by=self.person, at=timezone.now()))


class TransitionViews(Resource):
    """Moves of a lead that have no action of their own; they heed the agreement, so this room adds them."""

    queryset = Lead.objects.select_related("leadscore", "contact")
    serializer_class = LeadSerializer

    @extend_schema(request=TransitionBody, responses=LeadSerializer)
    def transition(self, request: Request, pk: int) -> Response:
        """Move a lead by one of the moves without an action of their own; where it already stands, nothing happens.

        422 `too_few_attempts` when a rep gives a lead up before it was tried as often as agreed.
        """
        lead = self.get_object()
        body = {"at": timezone.now(), **self.clean(TransitionBody)}
        check_version(lead, body.pop("version", None))
        move, code = MOVES.get((Stage(lead.stage), Stage(body["to"]))), body.pop("reason", "")
        if move and move.door == "transition":
            require_move(self.person, lead, move)
            body["reason"] = find_reason(move.reason, code) if move.reason else None
        transition_as_agreed(lead, by=self.person, **body)
        return self.show(lead)


class OfferViews(Resource):
    """Hands a lead to sales."""

    queryset = Handoff.objects.select_related("reason")
    serializer_class = HandoffSerializer

    @extend_schema(request=OfferBody, responses={201: HandoffSerializer})
    def offer(self, request: Request, pk: int) -> Response:
        """Hand an MQL to a person or a team in sales, else to whom the rules choose; its clock starts."""
        lead = get_object_or_404(Lead, pk=pk)
        handoff = offer_lead(lead, by=self.person, at=timezone.now(), **self.clean(OfferBody))
        return self.show(handoff, status.HTTP_201_CREATED)


class AgreementViews(Resource):
    """Versions of what marketing and sales promise each other; at most one is unfinished and one active."""

    queryset = Agreement.objects.all()
    serializer_class = AgreementSerializer
    filterset_class = AgreementFilters
    ordering_fields = {**Resource.ordering_fields, "version": "version"}
    http_method_names = ["get", "post", "patch", "head", "options"]

    def create(self, request: Request) -> Response:
        """Begin the next version: what the active one says, and what is sent instead."""
        return self.show(draft_agreement(by=self.person, at=timezone.now(), **self.clean()), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        """Change a draft; a proposal becomes a draft again and loses its signatures."""
        draft = self.get_object()
        return self.show(edit_agreement(draft, by=self.person, at=timezone.now(), **self.clean(record=draft)))

    @extend_schema(request=None, responses=AgreementSerializer)
    @action(detail=True, methods=["post"])
    def propose(self, request: Request, pk: int) -> Response:
        """Ask both sides to sign a draft as it stands."""
        return self.show(propose_agreement(self.get_object(), by=self.person, at=timezone.now()))

    @extend_schema(request=SignBody, responses=AgreementSerializer)
    @action(detail=True, methods=["post"])
    def sign(self, request: Request, pk: int) -> Response:
        """Sign a proposal for your side; with both signatures it comes into force, or on `effective_from`."""
        proposal, body = self.get_object(), self.clean(SignBody)
        return self.show(sign_agreement(proposal, by=self.person, at=timezone.now(), **body))

    @extend_schema(request=None, responses=AgreementSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: int) -> Response:
        """Make a proposal a draft again; signatures given are void."""
        return self.show(withdraw_proposal(self.get_object(), by=self.person, at=timezone.now()))
