"""Definitions of what counts as a qualified lead."""

from crm.api.views import Resource
from scoring.api.filters import DefinitionFilters
from scoring.api.serializers import DefinitionSerializer
from scoring.models import Definition


class DefinitionViews(Resource):
    """Versions of the definition that scores, gates and figures point at."""

    queryset = Definition.objects.all()
    serializer_class = DefinitionSerializer
    filterset_class = DefinitionFilters
    ordering_fields = {**Resource.ordering_fields, "version": "version"}
    http_method_names = ["get", "head", "options"]
