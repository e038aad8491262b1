"""Bodies of definitions."""

from crm.api.serializers import RecordSerializer
from scoring.models import Definition


class DefinitionSerializer(RecordSerializer):
    class Meta:
        model = Definition
        fields = [
            "id", "name", "version", "status", "rules", "thresholds", "half_life_days", "hand_raises", "exclusions",
            "effective_from", "signatures", "created_at", "updated_at",
        ]  # fmt: skip
