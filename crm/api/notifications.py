"""Notifications of whoever asks: read, and marked as read."""

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.filters import StrictFilterSet, YesNoFilter
from crm.api.serializers import RecordSerializer
from crm.api.views import Resource
from crm.models import Notification
from crm.notifications import mark_all_read, mark_read


class NotificationSerializer(RecordSerializer):
    class Meta:
        model = Notification
        fields = ["id", "kind", "title", "text", "url", "at", "read_at"]


class NotificationFilters(StrictFilterSet):
    unread = YesNoFilter(field_name="read_at", lookup_expr="isnull")

    class Meta:
        model = Notification
        fields = {"kind": ["exact"], "at": ["gte", "lt"]}


class NotificationViews(Resource):
    """What the bell tells whoever asks; nobody reads another one's."""

    queryset = Notification.objects.all()
    serializer_class = NotificationSerializer
    filterset_class: type[FilterSet] = NotificationFilters
    ordering_fields = {"id": "id", "at": "at"}
    http_method_names = ["get", "post", "head", "options"]

    def get_queryset(self) -> QuerySet[Notification]:
        return Notification.objects.filter(user=self.person)

    @extend_schema(request=None, responses=NotificationSerializer)
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: int) -> Response:
        """It is read; the first time counts."""
        notification = self.get_object()
        mark_read(notification, at=timezone.now())
        return self.show(notification)

    @extend_schema(operation_id="notifications_read_all", request=None, responses={204: None})
    @action(detail=False, methods=["post"], url_path="read")
    def read_all(self, request: Request) -> Response:
        """All are read."""
        mark_all_read(self.person, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
