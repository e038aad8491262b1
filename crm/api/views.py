"""What every resource of the API does alike, the kernel's own resources, and the root."""

from typing import Any, cast

from django.core.exceptions import RequestDataTooBig
from django.db.models import Model
from django.http import HttpRequest
from django.urls import get_resolver, reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, NotFound
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from crm.api.filters import StrictFilterSet, refuse_unknown
from crm.api.idempotency import Idempotent
from crm.api.parsers import StrictJSONParser
from crm.api.schema import TandemSchema
from crm.api.serializers import RecordSerializer, TeamSerializer, UserSerializer
from crm.models import Team, User
from crm.people import create_team, create_user, edit_team, edit_user

Body = serializers.Serializer[Any]


class BodyTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is larger than this server takes."
    default_code = "too_large"


class Resource(Idempotent, ListModelMixin, RetrieveModelMixin, GenericViewSet[Any]):
    """Records to list and to read. ``ordering_fields``: {name in `ordering=`: ORM path}, ``ordering`` by default."""

    schema = TandemSchema()
    parser_classes = [StrictJSONParser]
    lookup_value_converter = "int"
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]
    ordering = "-id"
    ordering_fields: dict[str, str] = {"id": "id", "created_at": "created_at", "updated_at": "updated_at"}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.read_body(request)
        super().initial(request, *args, **kwargs)

    def read_body(self, request: Request) -> None:
        """Read the body once, within the limit of settings.py: later readers find it in memory."""
        try:
            _ = request._request.body
        except RequestDataTooBig as error:
            raise BodyTooLarge from error

    @property
    def person(self) -> User:
        """Who is calling; nobody gets here without logging in."""
        return cast(User, self.request.user)

    def clean(self, body: type[Body] | None = None, *, record: Model | None = None) -> dict[str, Any]:
        """The values sent, read by ``body`` or the view's serializer; of a ``record`` to be edited only those sent."""
        if self.action == "create":
            refuse_unknown(self.request, ())
        kind = body or self.get_serializer_class()
        context = self.get_serializer_context()
        serializer = kind(record, data=self.request.data, partial=record is not None, context=context)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def show(self, record: Model, code: int = status.HTTP_200_OK) -> Response:
        """The record as it is now in the database."""
        return Response(self.get_serializer(self.get_queryset().get(pk=record.pk)).data, status=code)


def read_large_body(request: Request, *, most_bytes: int) -> None:
    """As `Resource.read_body`, with a limit of its own."""
    plain = request._request
    body = plain.read(most_bytes + 1)
    if len(body) > most_bytes:
        raise BodyTooLarge
    plain._body = body


class UserFilters(StrictFilterSet):
    class Meta:
        model = User
        fields = ["role", "team", "is_active", "email", "source_system", "external_id"]


class UserViews(Resource):
    """People of the organisation: everybody reads, admins write."""

    queryset = User.objects.all()
    serializer_class: type[RecordSerializer] = UserSerializer
    filterset_class: type[StrictFilterSet] = UserFilters

    def create(self, request: Request) -> Response:
        return self.show(create_user(by=self.person, **self.clean()), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        user = self.get_object()
        return self.show(edit_user(user, by=self.person, **self.clean(record=user)))


class TeamFilters(StrictFilterSet):
    class Meta:
        model = Team
        fields = ["kind", "manager", "region", "source_system", "external_id"]


class TeamViews(Resource):
    """Teams of marketing and sales: everybody reads, admins write."""

    queryset = Team.objects.all()
    serializer_class = TeamSerializer
    filterset_class = TeamFilters
    ordering_fields = {**Resource.ordering_fields, "name": "name"}

    def create(self, request: Request) -> Response:
        return self.show(create_team(by=self.person, **self.clean()), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        team = self.get_object()
        return self.show(edit_team(team, by=self.person, **self.clean(record=team)))


@extend_schema(exclude=True)
class Root(APIView):
    """Where everything is: the address of each resource by its name."""

    def get(self, request: Request) -> Response:
        names = [name for name in get_resolver("crm.api.urls").reverse_dict if str(name).endswith("-list")]
        addresses = {str(name).removesuffix("-list"): reverse(f"api:{name}") for name in sorted(names)}
        return Response({name: request.build_absolute_uri(address) for name, address in addresses.items()})


@extend_schema(exclude=True)
class UnknownAddress(APIView):
    """Any other address: a problem document too, not a page."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound("There is nothing at this address.")

    def get(self, request: HttpRequest, **kwargs: Any) -> Response:
        raise NotFound
