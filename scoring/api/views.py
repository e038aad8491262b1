"""Definitions of what counts as a qualified lead: read, drafted, proposed, signed and compared."""

from typing import Any

from django.db.models import OuterRef, Subquery
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.filters import LARGEST_ID, BadParameter, refuse_unknown
from crm.api.views import Resource
from feedback.agreements import UNFINISHED
from feedback.models import Agreement
from scoring.api.backtests import WithBacktest
from scoring.api.filters import DefinitionFilters
from scoring.api.serializers import (
    ComparisonSerializer,
    DefinitionCheckSerializer,
    DefinitionSerializer,
    DraftBody,
    EditBody,
    FieldsSerializer,
    ProposeBody,
    SignDefinitionBody,
)
from scoring.comparing import compare
from scoring.definitions import card_of
from scoring.drafting import draft_definition, edit_definition, problems_of, warnings_of
from scoring.fields import Axis, Field, catalogue
from scoring.models import Definition
from scoring.proposing import discard_definition, propose_definition, sign_definition, withdraw_definition

# The version of the agreement that is being worked on and names the definition.
NAMING = Agreement.objects.filter(status__in=UNFINISHED, definition_version=OuterRef("version"))
ALONE: dict[str, Any] = {"filter_backends": [], "pagination_class": None, "filterset_class": None}


class DefinitionViews(WithBacktest):
    """Versions of the definition that scores, gates and figures point at; only a draft changes."""

    queryset = Definition.objects.annotate(agreement=Subquery(NAMING.values("pk")[:1])).select_related("written_by")
    serializer_class = DefinitionSerializer
    filterset_class = DefinitionFilters
    ordering_fields = {**Resource.ordering_fields, "version": "version"}

    @extend_schema(request=DraftBody, responses={201: DefinitionSerializer})
    def create(self, request: Request) -> Response:
        """Begin the next version, from a copy or from nothing.

        422 `invalid_definition` names under `problems` the place of everything that makes no sense.
        """
        draft = draft_definition(by=self.person, at=timezone.now(), **self.clean(DraftBody))
        return self.show(draft, status.HTTP_201_CREATED)

    @extend_schema(request=EditBody, responses=DefinitionSerializer)
    def partial_update(self, request: Request, pk: int) -> Response:
        """Change a draft. 409 `not_open` for any other version, `changed_meanwhile` when it is not as you saw it."""
        draft = self.get_object()
        edited = edit_definition(draft, by=self.person, at=timezone.now(), **self.clean(EditBody, record=draft))
        return self.show(edited)

    def destroy(self, request: Request, pk: int) -> Response:
        """Throw a draft away."""
        discard_definition(self.get_object(), by=self.person, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=ProposeBody, responses=DefinitionSerializer)
    @action(detail=True, methods=["post"])
    def propose(self, request: Request, pk: int) -> Response:
        """Ask both sides to sign a draft, with a version of the agreement in which nothing else changes.

        It stays a draft where the open draft of the agreement changes more: `agreement` is then to be proposed.
        409 `unfinished_version` when another version of the agreement is being worked on.
        """
        draft, body = self.get_object(), self.clean(ProposeBody)
        propose_definition(draft, by=self.person, at=timezone.now(), **body)
        return self.show(draft)

    @extend_schema(request=SignDefinitionBody, responses=DefinitionSerializer)
    @action(detail=True, methods=["post"])
    def sign(self, request: Request, pk: int) -> Response:
        """Sign for your side; with both signatures it comes into force, or on the day that was proposed."""
        proposed, body = self.get_object(), self.clean(SignDefinitionBody)
        return self.show(sign_definition(proposed, by=self.person, at=timezone.now(), **body))

    @extend_schema(request=None, responses=DefinitionSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: int) -> Response:
        """Make a proposed definition a draft again; signatures given are void."""
        return self.show(withdraw_definition(self.get_object(), by=self.person, at=timezone.now()))

    @extend_schema(responses=DefinitionCheckSerializer)
    @action(detail=True)
    def check(self, request: Request, pk: int) -> Response:
        """What keeps a version from being proposed, and what is odd about it."""
        definition = self.get_object()
        found = {"problems": problems_of(definition), "warnings": warnings_of(definition, at=timezone.now())}
        return Response({name: [problem._asdict() for problem in problems] for name, problems in found.items()})

    @extend_schema(
        responses=ComparisonSerializer,
        parameters=[OpenApiParameter("against", int, description="The id of the earlier version.", required=True)],
    )
    @action(detail=True, **ALONE)
    def compare(self, request: Request, pk: int) -> Response:
        """What this version says otherwise than another one, in words."""
        refuse_unknown(request, ["against"])
        definition, against = self.get_object(), self.find(request.query_params.get("against", ""))
        found = compare(card_of(against), card_of(definition))
        return Response(
            ComparisonSerializer({
                "definition": definition.pk, "against": against.pk, "same": found.same, "changes": found.changes,
            }).data
        )  # fmt: skip

    def find(self, pk: str) -> Definition:
        """The version with this id. Raises BadParameter."""
        known = pk.isdecimal() and int(pk) <= LARGEST_ID
        found = Definition.objects.filter(pk=int(pk)).first() if known else None
        if found is None:
            raise BadParameter("against", "The id of a version to compare with.")
        return found

    @extend_schema(responses=FieldsSerializer, operation_id="definitions_fields")
    @action(detail=False, **ALONE)
    def fields(self, request: Request) -> Response:
        """The fields that rules, exclusions and raised hands may name now, with their operators and choices."""
        refuse_unknown(request, ())
        known = catalogue()
        return Response({
            axis.value: [told(name, field) for name, field in known.of(axis).items() if not field.retired]
            for axis in Axis
        })  # fmt: skip


def told(name: str, field: Field) -> dict[str, Any]:
    return {
        "name": name,
        "label": field.label,
        "type": field.type.value,
        "operators": field.operators,
        "choices": field.choices,
        "whole": field.whole,
        "own": field.is_custom,
    }
