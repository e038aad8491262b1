"""Which rows and in which order: filters are named like the fields, and a parameter nobody knows is an error."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.db import models
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django_filters import (
    CharFilter,
    FilterSet,
    IsoDateTimeFilter,
    MultipleChoiceFilter,
    NumberFilter,
    TypedChoiceFilter,
)
from django_filters.filterset import FILTER_FOR_DBFIELD_DEFAULTS
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request

from crm.api.ordering import Key
from crm.errors import BusinessError

LARGEST_ID = 2**63 - 1


class BadParameter(BusinessError):
    """A query parameter that means nothing here; ``extra["parameter"]`` names it."""

    status = 400
    code = "bad_parameter"

    def __init__(self, parameter: str, text: str, **extra: Any) -> None:
        super().__init__(text, parameter=parameter, **extra)


def refuse_unknown(request: Request, known: Iterable[str]) -> None:
    """Raise BadParameter, code `unknown_parameter`, for the first query parameter that is not among ``known``."""
    known = sorted(known)
    for name in request.query_params:
        if name not in known:
            text = f"Unknown parameter “{name}”. Known: {', '.join(known) or 'none'}."
            raise BadParameter(name, text, code="unknown_parameter", known=known)


class IdField(forms.IntegerField):
    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "min_value": 1, "max_value": LARGEST_ID})


class IdFilter(NumberFilter):
    """The id of a related row; one that no row has finds nothing."""

    field_class = IdField

    def get_max_validator(self) -> None:
        return None


def yes_or_no(text: str) -> bool:
    return text == "true"


class YesNoFilter(TypedChoiceFilter):
    """true or false, and an error for anything else."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "choices": [("true", "true"), ("false", "false")], "coerce": yes_or_no})


class AnyCaseFilter(CharFilter):
    """A text in whatever case, as the index on its small letters finds it."""

    def filter(self, queryset: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return queryset
        present = queryset.filter(~Q(**{self.field_name: ""})).alias(lowered=Lower(self.field_name))
        return present.filter(lowered=value.lower())


class StrictFilterSet(FilterSet):
    """Filters of a resource. A field with fixed values may be named several times: any of them matches."""

    FILTER_DEFAULTS = {
        **FILTER_FOR_DBFIELD_DEFAULTS,
        models.ForeignKey: {"filter_class": IdFilter},
        models.OneToOneField: {"filter_class": IdFilter},
        models.EmailField: {"filter_class": AnyCaseFilter},
        models.DateTimeField: {"filter_class": IsoDateTimeFilter},
        models.BooleanField: {"filter_class": YesNoFilter},
    }

    @classmethod
    def filter_for_lookup(cls, field: "models.Field[Any, Any]", lookup_type: str) -> tuple[Any, dict[str, Any]]:
        if lookup_type == "exact" and getattr(field, "choices", None):
            return MultipleChoiceFilter, {"choices": field.choices}
        return super().filter_for_lookup(field, lookup_type)


class StrictFilterBackend(DjangoFilterBackend):
    """Narrows lists by the view's `filterset_class`; one record takes no parameters at all."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        if getattr(view, "detail", False):
            refuse_unknown(request, ())
            return queryset
        filters = self.get_filterset_class(view, queryset)
        refuse_unknown(request, [*(filters.base_filters if filters else ()), "ordering", "cursor", "page_size"])
        return super().filter_queryset(request, queryset, view)


class StrictOrdering(BaseFilterBackend):
    """`ordering=name` or `-name`, several with commas, among the view's ``ordering_fields`` {name: ORM path}."""

    parameter = "ordering"

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        """Pages are ordered where they are cut (crm/api/pagination.py); here the wish is only checked."""
        if not getattr(view, "detail", False):
            self.keys(request, queryset, view)
        return queryset

    def keys(self, request: Request, queryset: QuerySet[Any], view: Any) -> list[Key]:
        """The columns of the order asked for, the id always last."""
        wished = request.query_params.get(self.parameter) or view.ordering
        keys: list[Key] = []
        for word in wished.split(","):
            name, descending = word.strip().removeprefix("-"), word.strip().startswith("-")
            if name not in view.ordering_fields:
                known = sorted(view.ordering_fields)
                text = f"Cannot order by “{name}”. Known: {', '.join(known)}."
                raise BadParameter(self.parameter, text, known=known)
            keys.append(Key.of(queryset.model, view.ordering_fields[name], descending=descending))
        if keys[-1].path != "id":
            keys.append(Key.of(queryset.model, "id", descending=keys[-1].descending))
        return keys

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        names = sorted(getattr(view, "ordering_fields", ()))
        text = f"One of {', '.join(names)}; with - in front downwards, several with commas."
        schema = {"type": "string"}
        return [{"name": self.parameter, "in": "query", "required": False, "description": text, "schema": schema}]
