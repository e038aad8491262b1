"""Fields of one's own in the API: the values of records, filters by them, and the fields themselves."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError as ModelError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_filters import Filter
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from crm.api.archiving import ArchivableResource
from crm.api.fields import ObjectField
from crm.api.filters import StrictFilterSet, YesNoFilter
from crm.api.serializers import RecordSerializer
from crm.api.views import Resource
from leads.custom_fields import add_field, delete_field, edit_field, fields_of, known_fields
from leads.custom_filters import NUMBERS, is_one_of, lies_between
from leads.custom_values import clean_value, clean_values
from leads.models import CustomField, CustomKind, CustomRecord

WORDS = "Values of your own fields by name (`custom-fields`); sent, it takes the place of the whole object."
SPANS = (*NUMBERS, CustomKind.DATE)


class OwnValues(ObjectField):
    """`custom`: what fields know is checked as its kind has it. Only leads keep names that no field has."""

    def __init__(self, *, record: CustomRecord, **options: Any) -> None:
        self.record = record
        super().__init__(required=False, help_text=WORDS, **options)

    def to_internal_value(self, data: Any) -> Any:
        given = super().to_internal_value(data)
        instance = getattr(self.parent, "instance", None)
        present = instance.custom if instance is not None else {}
        fields = known_fields(self.record)
        if self.record != CustomRecord.LEAD and (unknown := sorted(set(given) - set(fields) - set(present))):
            raise serializers.ValidationError({name: ["There is no such field."] for name in unknown})
        try:
            return clean_values(fields, given, present)
        except ModelError as error:
            raise serializers.ValidationError(error.message_dict) from error


class OwnValueField(forms.CharField):
    """One value of a field, as an address has it."""

    def __init__(self, *, own: CustomField, **options: Any) -> None:
        self.own = own
        super().__init__(**options)

    def clean(self, value: Any) -> Any:
        return clean_value(self.own, super().clean(value))


class OwnFilter(Filter):
    """`custom.sites=3`, `custom.sites__gte=3`, `custom.sites__lt=10`."""

    field_class = OwnValueField

    def filter(self, queryset: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return queryset if value is None else queryset.filter(self.condition(self.extra["own"], value))

    def condition(self, own: CustomField, value: Any) -> Q:
        if self.lookup_expr == "gte":
            return lies_between(own, value, None)
        if self.lookup_expr == "lt":
            return lies_between(own, None, value, below=True)
        return is_one_of(own, [value])


def own_filters(record: CustomRecord) -> dict[str, Filter]:
    """By parameter; spans only of what has an order."""
    filters: dict[str, Filter] = {}
    for own in fields_of(record):
        for lookup in ("exact", "gte", "lt") if own.kind in SPANS else ("exact",):
            name = f"custom.{own.name}" + ("" if lookup == "exact" else f"__{lookup}")
            filters[name] = OwnFilter(field_name="custom", lookup_expr=lookup, own=own)
    return filters


class OwnFieldsResource(ArchivableResource):
    """Records with fields of one's own; ``own_filterset`` has the fixed filters."""

    own_record: CustomRecord
    own_filterset: type[StrictFilterSet]

    @property
    def filterset_class(self) -> type[StrictFilterSet] | None:
        """With a filter for each field there is now. The document of the API names only the fixed ones."""
        if "chosen_filterset" in self.__dict__:
            return self.chosen_filterset
        if getattr(self, "swagger_fake_view", False):
            return self.own_filterset
        return type("OwnFilters", (self.own_filterset,), own_filters(self.own_record))

    @filterset_class.setter
    def filterset_class(self, chosen: type[StrictFilterSet] | None) -> None:
        """What an action names for itself: it lists something else, or nothing."""
        self.chosen_filterset = chosen


class CustomFieldFilters(StrictFilterSet):
    retired = YesNoFilter()

    class Meta:
        model = CustomField
        fields = ["record", "name", "kind", "retired"]


class CustomFieldSerializer(RecordSerializer):
    """A field of one's own. Records hold its values in `custom` under its `name`, which never changes."""

    class Meta:
        model = CustomField
        fields = [
            "id", "record", "name", "label", "kind", "choices", "currency", "help", "retired", "position", "created_at",
            "updated_at",
        ]  # fmt: skip
        read_only_fields = ["name", "retired", "position"]


class CustomFieldEditSerializer(CustomFieldSerializer):
    class Meta(CustomFieldSerializer.Meta):
        read_only_fields = ["record", "name", "position"]


class CustomFieldViews(Resource):
    """Fields of one's own on leads, companies and opportunities: everybody reads, admins write."""

    queryset = CustomField.objects.filter(deleted_at__isnull=True)
    filterset_class = CustomFieldFilters
    ordering = "id"
    ordering_fields = {"id": "id", "position": "position", "name": "name"}

    def get_serializer_class(self) -> type[serializers.BaseSerializer[Any]]:
        return CustomFieldEditSerializer if self.action == "partial_update" else CustomFieldSerializer

    def create(self, request: Request) -> Response:
        """A new field, behind the others of its record; its name is made from the label."""
        return self.show(add_field(by=self.person, **self.clean()), status.HTTP_201_CREATED)

    def partial_update(self, request: Request, pk: int) -> Response:
        """Change a field, or retire it. 422 `kind_is_fixed` while records hold values of the old kind."""
        field = self.get_object()
        return self.show(edit_field(field, by=self.person, **self.clean(record=field)))

    def destroy(self, request: Request, pk: int) -> Response:
        """Delete it with all its values. 422 `field_in_use` while something counts on it; `uses` says what."""
        delete_field(self.get_object(), by=self.person, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
