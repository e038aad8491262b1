"""Imports."""

from django.db.models import QuerySet

from crm.access import manages
from crm.api.views import Resource
from leads.api import filters
from leads.api.serializers.imports import ImportSerializer
from leads.models import Import


class ImportViews(Resource):
    """Files taken in, and how far each got: one's own, and for managers everybody's, as on the pages."""

    queryset = Import.objects.all()
    serializer_class = ImportSerializer
    filterset_class = filters.ImportFilters
    ordering_fields = {**Resource.ordering_fields, "started_at": "started_at", "finished_at": "finished_at"}
    http_method_names = ["get", "head", "options"]

    def get_queryset(self) -> QuerySet[Import]:
        return Import.objects.all() if manages(self.person) else Import.objects.filter(by=self.person)
