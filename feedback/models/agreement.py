"""Documents that marketing and sales sign, and what they agreed on."""

from collections.abc import Collection
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, F, IntegerField, Q, Value, When
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.records import Stamped


class SignedStatus(models.TextChoices):
    """The life of a document that marketing and sales sign: agreement and definition."""

    DRAFT = "draft", _("Draft")
    PROPOSED = "proposed", _("Proposed")
    ACTIVE = "active", _("Active")
    RETIRED = "retired", _("Retired")


class SignedDocument(Stamped):
    """A version of something marketing and sales sign; at most one is active."""

    version = models.PositiveIntegerField(unique=True)
    status = models.CharField(max_length=10, choices=SignedStatus.choices, default=SignedStatus.DRAFT)
    effective_from = models.DateField(null=True, blank=True)
    # [{"side": "marketing", "user": 3, "name": "…", "at": "…", "fingerprint": "…", "heads_both": false}, …]
    signatures = models.JSONField(default=list)
    is_sample = models.BooleanField(default=False, editable=False)

    class Meta:
        abstract = True
        ordering: ClassVar = ["-version"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(status__in=SignedStatus.values), name="%(class)s_status_known"),
            models.UniqueConstraint(fields=["status"], condition=Q(status="active"), name="%(class)s_one_active"),
        ]


class Agreement(SignedDocument):
    """A version of what marketing and sales promise each other; the active one sets gates and clocks.

    The lists are documents of their own, checked by feedback/terms.py: what was signed stays as it was signed.
    """

    # Hours count in the working hours of who was asked; round the clock where a team has none.
    hours_to_verdict = models.PositiveSmallIntegerField(
        default=24, validators=[MinValueValidator(1), MaxValueValidator(1_000)]
    )
    # So long before the answer is due its recipient is reminded; null: never.
    hours_to_remind = models.PositiveSmallIntegerField(null=True, blank=True, default=2)
    # So late a hand-off is passed on by itself; null: never, it stays late until somebody answers or escalates.
    hours_late_to_escalate = models.PositiveSmallIntegerField(null=True, blank=True)
    hours_to_first_attempt = models.PositiveSmallIntegerField(default=24)
    min_attempts = models.PositiveSmallIntegerField(default=5)
    # How often a lead may come back to sales: its most times round; null: any number.
    most_episodes = models.PositiveSmallIntegerField(null=True, blank=True)
    # [{"name": "Enterprise", "segments": ["Enterprise"], "score_from": 70, "score_to": 100, "hours_to_verdict": 4,
    #   "hours_to_first_attempt": 4, "min_attempts": 7}, …]; the first that fits a lead counts, what it leaves out is
    # as for all leads.
    exceptions = models.JSONField(default=list, blank=True)

    period_starts = models.DateField(null=True, blank=True)
    period_ends = models.DateField(null=True, blank=True)
    # [{"measure": "mqls", "target": "240"}, {"measure": "mql_value", "target": "300000", "worth": [{"score_from": 60,
    # "worth": "900"}, …]}, …]: shared goals of the period; feedback/terms.py has the measures.
    goals = models.JSONField(default=list, blank=True)
    # [{"stage": "mql", "side": "marketing", "owner": "Nora", "promise": "…"}, …]
    roles = models.JSONField(default=list, blank=True)
    marketing_measured = models.TextField(blank=True, default="", help_text="How marketing is measured and paid.")
    sales_measured = models.TextField(blank=True, default="", help_text="How sales is measured and paid.")
    # The version of the definition of a qualified lead that comes into force with this one; null: it stays.
    definition_version = models.PositiveIntegerField(null=True, blank=True)
    # Reasons to reject as they stood when it was signed: [{"code", "label", "family", "route"}, …].
    reasons = models.JSONField(default=list, blank=True)
    why = models.TextField(blank=True, default="", help_text="Why it is changed.")
    proposed_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, editable=False, related_name="+")
    proposed_at = models.DateTimeField(null=True, editable=False)

    class Meta(SignedDocument.Meta):
        constraints: ClassVar = [
            *SignedDocument.Meta.constraints,
            # One version at a time is a draft or proposed.
            models.UniqueConstraint(
                Case(When(status__in=["draft", "proposed"], then=Value(1)), default=None, output_field=IntegerField()),
                name="agreement_one_unfinished",
            ),
            models.CheckConstraint(condition=Q(hours_to_verdict__gte=1), name="agreement_time_to_answer"),
            models.CheckConstraint(
                condition=Q(period_starts__isnull=True) | Q(period_ends__gt=F("period_starts")),
                name="agreement_period_in_order",
            ),
            models.CheckConstraint(
                condition=Q(most_episodes__isnull=True) | Q(most_episodes__gte=1), name="agreement_at_least_once"
            ),
        ]

    def __str__(self) -> str:
        return f"Agreement v{self.version}"

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """A period turned round is said at its field; the constraint knows only its own name."""
        if self.period_starts and self.period_ends and self.period_ends <= self.period_starts:
            raise ValidationError({"period_ends": "The last day comes after the first."})
        super().validate_constraints(exclude)
