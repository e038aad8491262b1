"""The log of a lead's moves, and the reasons people give."""

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.records import append_only, one_of
from leads.lifecycle import ReasonUse, Stage
from leads.models.lead import Lead


class ReasonFamily(models.TextChoices):
    PROCEDURAL = "procedural", _("Not mine")
    CLERICAL = "clerical", _("Bad data")
    DEFINITIONAL = "definitional", _("Not a fit")
    TIMING = "timing", _("Not now")


class Route(models.TextChoices):
    """What becomes of a rejected hand-off."""

    REROUTE = "reroute", _("to somebody else in sales")
    REPAIR = "repair", _("back to marketing for repair")
    NURTURE = "nurture", _("to nurture")
    DISQUALIFY = "disqualify", _("disqualified")


class Reason(models.Model):
    """A reason people may choose. A retired one stays for the rows that name it."""

    code = models.SlugField(max_length=60)
    use = models.CharField(max_length=20, choices=ReasonUse.choices)
    label = models.CharField(max_length=120)
    family = models.CharField(max_length=20, choices=ReasonFamily.choices, blank=True, default="")
    default_route = models.CharField(max_length=20, choices=Route.choices, blank=True, default="")
    # Whether the score may learn from it: definitional reasons are labels, timing and clerical ones are none.
    is_label = models.BooleanField(default=False)
    needs_comment = models.BooleanField(default=False)
    retired = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["use", "position", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["use", "code"], name="reason_code"),
            one_of("use", ReasonUse, "reason"),
            one_of("family", ReasonFamily, "reason", blank=True),
            one_of("default_route", Route, "reason", blank=True),
            models.CheckConstraint(
                condition=~Q(use="verdict") | ~Q(family="") & ~Q(default_route=""), name="reason_verdict_has_route"
            ),
        ]

    def __str__(self) -> str:
        return self.label


class TransitionKind(models.TextChoices):
    MOVE = "move", _("Move")
    IMPORT = "import", _("Import")
    UNDO = "undo", _("Undo")


class TransitionQuerySet(models.QuerySet["Transition"]):
    def effective(self) -> "TransitionQuerySet":
        """Without undo rows and what they undo: what facts, clocks, reports and episodes read."""
        return self.exclude(kind=TransitionKind.UNDO).filter(undone_by__isnull=True)


GAPLESS = """
    IF EXISTS (
        SELECT 1 FROM fresh LEFT JOIN leads_transition before
            ON before.lead_id = fresh.lead_id AND before.seq = fresh.seq - 1
        WHERE fresh.seq > 1 AND (before.id IS NULL OR before.to_stage <> fresh.from_stage)
    ) THEN
        RAISE EXCEPTION 'a transition must follow the row before it: seq without gaps, from where the lead stands'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
"""


class Transition(models.Model):
    """One move of one lead; append-only. Nothing is edited, it is countered by an undo row."""

    # Found by its place in the log of the lead.
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="transitions", db_index=False)
    seq = models.PositiveIntegerField()
    episode = models.PositiveSmallIntegerField()
    # Whether the episode begins with this row: the time before it belongs to the episode before.
    opens_episode = models.BooleanField(default=False)
    kind = models.CharField(max_length=10, choices=TransitionKind.choices, default=TransitionKind.MOVE)
    from_stage = models.CharField(max_length=20, choices=Stage.choices, blank=True, default="")
    to_stage = models.CharField(max_length=20, choices=Stage.choices)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.ForeignKey(Reason, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.TextField(blank=True, default="")
    # Plain numbers, not foreign keys: hand-offs and definitions live uphill.
    handoff = models.BigIntegerField(null=True)
    definition_version = models.PositiveIntegerField(null=True)
    score = models.PositiveSmallIntegerField(null=True)
    undoes = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="undone_by")
    # A finding: an import dated before the row it follows.
    out_of_order = models.BooleanField(default=False)
    source = models.CharField(max_length=120, blank=True, default="")

    objects: ClassVar = TransitionQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["lead", "seq"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["lead", "seq"], name="transition_seq"),
            one_of("kind", TransitionKind, "transition"),
            one_of("from_stage", Stage, "transition", blank=True),
            one_of("to_stage", Stage, "transition"),
            models.CheckConstraint(
                condition=Q(seq=1, from_stage="") | Q(seq__gt=1) & ~Q(from_stage=""),
                name="transition_first_has_no_from",
            ),
            models.CheckConstraint(
                condition=Q(kind="undo", undoes__isnull=False) | ~Q(kind="undo") & Q(undoes__isnull=True),
                name="transition_undo_names_its_row",
            ),
            models.CheckConstraint(condition=~Q(from_stage=F("to_stage")), name="transition_moves"),
        ]
        indexes: ClassVar = [
            # The list behind a figure: who entered a stage in a period.
            models.Index(fields=["to_stage", "at"], include=["lead", "episode"], name="transition_by_stage"),
        ]
        triggers: ClassVar = [
            *append_only("transition"),
            pgtrigger.Trigger(
                name="transition_without_gaps",
                level=pgtrigger.Statement,
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                referencing=pgtrigger.Referencing(new="fresh"),
                func=GAPLESS,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}/{self.seq} {self.from_stage or '–'} -> {self.to_stage}"
