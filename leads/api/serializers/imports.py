"""Bodies of imports."""

from crm.api.serializers import RecordSerializer
from leads.models import Import


class ImportSerializer(RecordSerializer):
    class Meta:
        model = Import
        fields = [
            "id", "kind", "status", "by", "file_name", "strict", "dry_run", "rows_total", "rows_done", "created",
            "updated", "unchanged", "refused", "findings", "error", "started_at", "finished_at", "created_at",
            "updated_at",
        ]  # fmt: skip
