"""The shared score: what counts as a qualified lead, in signed versions."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from crm.records import Stamped, one_of
from feedback.models import SignedStatus


class Definition(Stamped):
    """A version of what counts as a qualified lead: rules, decay, thresholds, and who signed it."""

    name = models.CharField(max_length=120)
    version = models.PositiveIntegerField(unique=True)
    status = models.CharField(max_length=10, choices=SignedStatus.choices, default=SignedStatus.DRAFT)
    # [{"axis": "fit"|"engagement", "field": …, "operator": …, "value": …, "points": …, "cap"?: …, "group"?: …}, …]
    rules = models.JSONField(default=list)
    # {"fit": {"A": 30, "B": 20, "C": 10}, "engagement": {"1": 40, "2": 20, "3": 5}, "mql": 50}: least points of each.
    thresholds = models.JSONField(default=dict)
    half_life_days = models.PositiveSmallIntegerField(default=30)
    hand_raises = models.JSONField(default=list)
    exclusions = models.JSONField(default=list)
    effective_from = models.DateField(null=True, blank=True)
    signatures = models.JSONField(default=list)
    is_sample = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering: ClassVar = ["-version"]
        constraints: ClassVar = [
            one_of("status", SignedStatus, "definition"),
            models.UniqueConstraint(fields=["status"], condition=Q(status="active"), name="definition_one_active"),
            # A shorter half-life would overflow the decayed sum.
            models.CheckConstraint(condition=Q(half_life_days__gte=7), name="definition_half_life_7_days"),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"
