"""The shared score: what counts as a qualified lead, in signed versions; what was learnt, and how it was tested."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models import Team, User
from crm.records import Stamped, one_of
from feedback.models import SignedDocument
from leads.models import Lead


class Definition(SignedDocument):
    """A version of what counts as a qualified lead: rules, decay, thresholds, and who signed it."""

    name = models.CharField(max_length=120)
    # [{"axis": "fit"|"engagement", "field": …, "operator": …, "value": …, "points": …, "cap"?: …, "group"?: …}, …]
    rules = models.JSONField(default=list)
    # {"fit": {"A": 30, "B": 20, "C": 10}, "engagement": {"1": 40, "2": 20, "3": 5}, "mql": 50, "grades": ["A1", "A2"]}:
    # least points of each; a lead qualifies from "mql" points on and, where "grades" are named, with one of them.
    thresholds = models.JSONField(default=dict)
    half_life_days = models.PositiveSmallIntegerField(default=30)
    # So many touches of one kind count a day, the first ones; null: all.
    daily_cap = models.PositiveSmallIntegerField(null=True, blank=True, default=20)
    # [{"field": "raised_hand", "operator": "is", "value": true}, …]: touches that qualify at once, whatever the score.
    hand_raises = models.JSONField(default=list, blank=True)
    # [{"field": "tags", "operator": "contains", "value": "competitor"}, …]: who shows no score and never qualifies.
    exclusions = models.JSONField(default=list, blank=True)
    why = models.TextField(blank=True, default="", help_text="What is to become better with it.")
    # The version it was written from.
    based_on = models.PositiveIntegerField(null=True, blank=True, editable=False)
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, editable=False, related_name="+")

    class Meta(SignedDocument.Meta):
        constraints: ClassVar = [
            *SignedDocument.Meta.constraints,
            # A shorter half-life would overflow the decayed sum.
            models.CheckConstraint(condition=Q(half_life_days__gte=7), name="definition_half_life_7_days"),
            models.CheckConstraint(
                condition=Q(daily_cap__isnull=True) | Q(daily_cap__gte=1), name="definition_daily_cap_counts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class RunStatus(models.TextChoices):
    """How far work in the background has come."""

    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class Backtest(Stamped):
    """What a definition would have done with the leads of some weeks, beside another one, features as of then."""

    definition = models.ForeignKey(Definition, on_delete=models.CASCADE, related_name="backtests")
    # What it is compared with; null: no definition.
    against = models.ForeignKey(Definition, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    # Whole weeks: from the first day until before the second.
    starts_on = models.DateField()
    ends_on = models.DateField()
    status = models.CharField(max_length=10, choices=RunStatus.choices, default=RunStatus.WAITING)
    # sha256 of both definitions' contents: an edited draft makes an old result void.
    fingerprint = models.CharField(max_length=64, blank=True, default="")
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True, default="")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    # How far it has come: leads looked at, of how many.
    leads_done = models.PositiveIntegerField(default=0)
    leads_in_all = models.PositiveIntegerField(null=True)
    finished_at = models.DateTimeField(null=True)
    is_sample = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            one_of("status", RunStatus, "backtest"),
            models.CheckConstraint(condition=Q(ends_on__gt=models.F("starts_on")), name="backtest_days_in_order"),
        ]

    def __str__(self) -> str:
        return f"{self.definition}, {self.starts_on} to {self.ends_on}"


class Fate(models.TextChoices):
    """What sales and the market made of a lead. An untried one was never judged for what it is: not handed over, not
    answered, or turned down for another reason than what it is.
    """

    WON = "won", _("Won")
    LOST = "lost", _("Lost or given back")
    ACCEPTED = "accepted", _("Accepted")
    REJECTED = "rejected", _("Rejected")
    WAITING = "waiting", _("Waiting for sales")
    UNTRIED = "untried", _("Not tried")


class BacktestLead(models.Model):
    """One lead of a back-test: when each definition would have made it an MQL, and what became of it."""

    backtest = models.ForeignKey(Backtest, on_delete=models.CASCADE, related_name="leads")
    lead = models.ForeignKey(Lead, on_delete=models.CASCADE, related_name="+")
    qualified_at = models.DateTimeField(null=True)
    qualified_before_at = models.DateTimeField(null=True)
    # The highest score in these weeks, by the definition and by the one it is compared with.
    score = models.PositiveSmallIntegerField()
    score_before = models.PositiveSmallIntegerField()
    # The highest threshold at which the definition would have made it an MQL: a raised hand reaches 100; who is
    # excluded, or has no grade that qualifies, reaches none.
    reach = models.PositiveSmallIntegerField(null=True)
    fate = models.CharField(max_length=10, choices=Fate.choices)
    team = models.ForeignKey(Team, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            one_of("fate", Fate, "backtestlead"),
            models.UniqueConstraint(fields=["backtest", "lead"], name="backtestlead_once"),
            models.CheckConstraint(condition=Q(reach__isnull=True) | Q(reach__lte=100), name="backtestlead_reach"),
        ]
        indexes: ClassVar = [
            # The list behind a number: most of them are about the leads of one fate.
            models.Index(fields=["backtest", "fate", "-lead"], name="backtestlead_by_fate"),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}: {self.score_before} -> {self.score}"


class Target(models.TextChoices):
    """What a model predicts."""

    ACCEPTANCE = "acceptance", _("Accepted by sales")
    WIN = "win", _("Won")


class ModelStatus(models.TextChoices):
    """The life of a trained model. At most one of a target is in training, and one is published."""

    TRAINING = "training", _("In training")
    NOT_ENOUGH = "not_enough", _("Not enough data")
    SHADOW = "shadow", _("In the shadow")
    PUBLISHED = "published", _("Published")
    RETIRED = "retired", _("Retired")
    FAILED = "failed", _("Failed")


class Method(models.TextChoices):
    """How a model was made."""

    ADDITIVE = "additive", _("Additive model")
    BOOSTED = "boosted", _("Gradient boosting")


class TrainedModel(Stamped):
    """One training and what came of it: the model as text, the manifest it can be made again from, and its figures."""

    target = models.CharField(max_length=20, choices=Target.choices)
    status = models.CharField(max_length=20, choices=ModelStatus.choices, default=ModelStatus.TRAINING)
    method = models.CharField(max_length=20, choices=Method.choices, blank=True, default="")
    # Days within which a lead must be won to count; null for acceptance.
    horizon_days = models.PositiveSmallIntegerField(null=True)
    # Everything needed to predict, as JSON: features, encoding, model, calibration.
    document = models.TextField(blank=True, default="")
    # Data range, rows, features, versions of libraries, seed, fingerprint of the data.
    manifest = models.JSONField(default=dict)
    # Held-out figures with intervals, those of the rules beside them, curves; see scoring/learning/metrics.py.
    metrics = models.JSONField(default=dict)
    # One sentence: why it is published, in the shadow, or what is missing.
    verdict = models.TextField(blank=True, default="")
    error = models.TextField(blank=True, default="")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    trained_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    retired_at = models.DateTimeField(null=True)
    is_sample = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            one_of("target", Target, "trainedmodel"),
            one_of("status", ModelStatus, "trainedmodel"),
            one_of("method", Method, "trainedmodel", blank=True),
            models.UniqueConstraint(
                fields=["target"], condition=Q(status="published"), name="trainedmodel_one_published"
            ),
            models.UniqueConstraint(
                fields=["target"], condition=Q(status="training"), name="trainedmodel_one_in_training"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_target_display()} {self.pk}"


class ModelCheck(models.Model):
    """How a published model did on one day: drift of its features and score, and its figures on matured outcomes."""

    model = models.ForeignKey(TrainedModel, on_delete=models.CASCADE, related_name="checks")
    day = models.DateField()
    # {"score": 0.04, "features": {"country": 0.12, …}}: population stability indexes (METRICS.md L12).
    drift = models.JSONField(default=dict)
    # {"n": …, "positives": …, "auc": …, "auc_low": …, "rules_auc": …, "slope": …, "observed": …, "predicted": …}
    figures = models.JSONField(default=dict)
    verdict = models.TextField(blank=True, default="")

    class Meta:
        ordering: ClassVar = ["-day"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["model", "day"], name="modelcheck_once_a_day")]

    def __str__(self) -> str:
        return f"{self.model_id} on {self.day}"
