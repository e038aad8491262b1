"""Fields of bodies that every room needs: moments that have passed, currencies, free JSON."""

import math
from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from crm.errors import BusinessError
from crm.moments import EARLIEST

MOST_BYTES = 50_000


class InFuture(BusinessError):
    code = "at_in_future"


class PastMoment(serializers.DateTimeField):
    """When something happened: people may date it back, not forward. Raises InFuture."""

    def to_internal_value(self, value: Any) -> datetime:
        at = super().to_internal_value(value)
        if at < EARLIEST:
            raise serializers.ValidationError(f"Nothing here happened before {EARLIEST.year}.")
        if at > timezone.now():
            raise InFuture(f"{at.isoformat()} lies in the future.")
        return at


class CurrencyField(serializers.RegexField):
    """Three capital letters (ISO 4217)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(r"^[A-Z]{3}\Z", **options)
        self.error_messages["invalid"] = "A currency is three capital letters, such as EUR."


class KeptField(serializers.JSONField):
    """Any JSON that the database can keep."""

    def to_internal_value(self, data: Any) -> Any:
        if not keepable(data):
            raise serializers.ValidationError("This holds a character or a number that cannot be stored.")
        if len(str(data)) > MOST_BYTES:
            raise serializers.ValidationError(f"This is longer than {MOST_BYTES} characters.")
        return data


@extend_schema_field({"type": "object", "additionalProperties": {}})
class ObjectField(KeptField):
    """A JSON object of the caller's own making, such as `custom`, that the database can keep."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise serializers.ValidationError("This must be an object.")
        return super().to_internal_value(data)


def keepable(value: Any) -> bool:
    """Whether PostgreSQL takes this as jsonb: no NUL, no lone surrogate, no infinite number."""
    if isinstance(value, dict):
        return all(keepable(part) for pair in value.items() for part in pair)
    if isinstance(value, list):
        return all(map(keepable, value))
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
    return not isinstance(value, float) or math.isfinite(value)
