"""Which definitions."""

from crm.api.filters import StrictFilterSet
from scoring.models import Definition


class DefinitionFilters(StrictFilterSet):
    class Meta:
        model = Definition
        fields = ["name", "version", "status"]
