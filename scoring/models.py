"""The shared score: what counts as a qualified lead, in signed versions."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from feedback.models import SignedDocument


class Definition(SignedDocument):
    """A version of what counts as a qualified lead: rules, decay, thresholds, and who signed it."""

    name = models.CharField(max_length=120)
    # [{"axis": "fit"|"engagement", "field": …, "operator": …, "value": …, "points": …, "cap"?: …, "group"?: …}, …]
    rules = models.JSONField(default=list)
    # {"fit": {"A": 30, "B": 20, "C": 10}, "engagement": {"1": 40, "2": 20, "3": 5}, "mql": 50}: least points of each.
    thresholds = models.JSONField(default=dict)
    half_life_days = models.PositiveSmallIntegerField(default=30)
    hand_raises = models.JSONField(default=list)
    exclusions = models.JSONField(default=list)

    class Meta(SignedDocument.Meta):
        constraints: ClassVar = [
            *SignedDocument.Meta.constraints,
            # A shorter half-life would overflow the decayed sum.
            models.CheckConstraint(condition=Q(half_life_days__gte=7), name="definition_half_life_7_days"),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"
