"""Merges of leads: to list, to read, to undo; `leads/{id}/merge/` makes them."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.views import Resource
from leads.api import filters
from leads.api.serializers.merges import MergeSerializer
from leads.merging import undo_merge
from leads.models import Merge


class MergeViews(Resource):
    """Leads that were found to be one. Both keep their rows; figures and pages read them as the survivor."""

    queryset = Merge.objects.select_related("survivor", "duplicate")
    serializer_class = MergeSerializer
    filterset_class = filters.MergeFilters
    ordering_fields = {**Resource.ordering_fields, "at": "at"}
    http_method_names = ["get", "post", "head", "options"]

    @extend_schema(request=None, responses=MergeSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: int) -> Response:
        """Two leads again; 409 once the survivor has moved. A field that somebody wrote since stays as it is."""
        return self.show(undo_merge(self.get_object(), by=self.person, at=timezone.now()))
