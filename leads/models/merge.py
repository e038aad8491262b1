"""Two leads that are one."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from crm.models import User
from crm.records import Stamped
from leads.models.lead import Lead


class Merge(Stamped):
    """One lead taken for a duplicate of another; both keep their history, pages and figures read them as one."""

    survivor = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="merges")
    duplicate = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="+")
    # Fields of the survivor that took the value of the duplicate, and what stood there before: {"phone": "+49 …"}.
    replaced = models.JSONField(default=dict)
    # Where the survivor stood: once it has moved on, the merge can no longer be undone.
    survivor_seq = models.PositiveIntegerField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    undone_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    undone_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["duplicate"], condition=Q(undone_at__isnull=True), name="merge_once"),
            models.CheckConstraint(condition=~Q(survivor=F("duplicate")), name="merge_of_two"),
        ]

    def __str__(self) -> str:
        return f"Merge of {self.duplicate_id} into {self.survivor_id}"
