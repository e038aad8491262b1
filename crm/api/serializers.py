"""Bodies of people and teams, and what every body of the API has in common."""

from typing import Any

from rest_framework import serializers

from crm.api.fields import ObjectField
from crm.models import Team, User
from crm.working_hours import DAYS, is_span

SET_ELSEWHERE = "The product sets this; it cannot be written here."


class StrictFields:
    """A name nobody knows, or a value for a field that only the product sets, is an error and not passed over."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            errors = {name: [text] for name in data if (text := self.objection(name, data[name]))}
            if errors:
                raise serializers.ValidationError(errors)
        return super().to_internal_value(data)  # type: ignore[misc]

    def objection(self, name: str, value: Any) -> str:
        """Why this name cannot be written; the present value of a record may be sent along with it."""
        field = self.fields.get(name)  # type: ignore[attr-defined]
        if field is None:
            return "Unknown field."
        record = self.instance  # type: ignore[attr-defined]
        if not field.read_only or (record is not None and shown(field, record) == value):
            return ""
        return SET_ELSEWHERE


def shown(field: serializers.Field[Any, Any, Any, Any], record: Any) -> Any:
    """The record's present value of this field, as it stands in an answer."""
    value = field.get_attribute(record)
    return None if value is None else field.to_representation(value)


class Body(StrictFields, serializers.Serializer[Any]):
    """The body of an action."""


class RecordSerializer(StrictFields, serializers.ModelSerializer[Any]):
    """A record as the API shows and takes it. Identity and other promises are checked by the write (crm/editing.py)."""

    def get_validators(self) -> list[Any]:
        """None here: the database's own rules are checked with the values the record has then."""
        return []

    def get_unique_together_constraints(self, model: Any) -> Any:
        """None: they would make the fields of an identity required."""
        return iter(())


class UserSerializer(RecordSerializer):
    class Meta:
        model = User
        fields = [
            "id", "email", "external_id", "source_system", "first_name", "last_name", "role", "team", "specialisms",
            "languages", "weight", "capacity", "started_on", "time_zone", "away_until", "is_active",
            "created_at", "updated_at",
        ]  # fmt: skip


class TeamSerializer(RecordSerializer):
    working_hours = ObjectField(required=False, help_text='{"mon": ["09:00", "17:00"], …}; empty: round the clock.')

    class Meta:
        model = Team
        fields = [
            "id", "external_id", "source_system", "name", "kind", "manager", "region", "working_hours", "created_at",
            "updated_at",
        ]  # fmt: skip

    def validate_working_hours(self, hours: dict[str, Any]) -> dict[str, Any]:
        for day, span in hours.items():
            if day not in DAYS or not is_span(span):
                raise serializers.ValidationError('Give {"mon": ["09:00", "17:00"], …} with days mon to sun.')
        return hours
