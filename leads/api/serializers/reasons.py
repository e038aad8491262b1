"""Bodies of reasons, and how other bodies name one."""

from typing import Any

from rest_framework import serializers

from crm.api.serializers import RecordSerializer
from leads.models import Reason


class ReasonField(serializers.SlugRelatedField[Any]):
    """A reason by its code, as actions take it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"slug_field": "code", "read_only": True, **options})


class ReasonSerializer(RecordSerializer):
    class Meta:
        model = Reason
        fields = [
            "id", "code", "use", "label", "family", "default_route", "is_label", "needs_comment", "retired",
            "position",
        ]  # fmt: skip


class ReasonEditSerializer(ReasonSerializer):
    class Meta(ReasonSerializer.Meta):
        read_only_fields = ["code", "use"]
