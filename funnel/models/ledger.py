"""The attribution ledger: which touch of a won deal gets how much of it, by each model."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.records import currency_code, one_of


class AttributionModel(models.TextChoices):
    """METRICS T1 to T8."""

    FIRST = "first", _("First touch")
    LAST = "last", _("Last touch")
    LINEAR = "linear", _("Linear")
    TIME_DECAY = "time_decay", _("Time decay")
    POSITION = "position", _("First and last (40/20/40)")
    U_SHAPED = "u_shaped", _("U-shaped")
    W_SHAPED = "w_shaped", _("W-shaped")
    FULL_PATH = "full_path", _("Full path")


class AttributionCause(models.TextChoices):
    """Why a version of a deal's credits was written."""

    CLOSED = "closed", _("Won")
    TOUCHES = "touches", _("Touches were corrected")
    VALUE = "value", _("Amount or date was corrected")
    REOPENED = "reopened", _("Reopened")


class Attribution(models.Model):
    """How one won deal is credited: frozen when it was closed; what was corrected since makes a new version.

    Written by funnel/attribution/ledger.py only. No foreign keys: figures never hold up the records they tell of.
    """

    opportunity = models.BigIntegerField()
    version = models.PositiveSmallIntegerField()
    cause = models.CharField(max_length=20, choices=AttributionCause.choices)
    at = models.DateTimeField()
    # When another version took its place; null: this one counts.
    superseded_at = models.DateTimeField(null=True)
    amount = models.DecimalField(max_digits=14, decimal_places=2)
    currency = models.CharField(max_length=3)
    closed_at = models.DateTimeField()
    # The same as a day in the organisation's zone.
    closed_on = models.DateField()
    # How many touches share it; 0: nobody knows of any, and it has no credits.
    touches = models.PositiveIntegerField()
    lookback_days = models.PositiveSmallIntegerField()
    half_life_days = models.PositiveSmallIntegerField()

    class Meta:
        constraints: ClassVar = [
            one_of("cause", AttributionCause, "attribution"),
            currency_code("attribution"),
            models.UniqueConstraint(fields=["opportunity", "version"], name="attribution_version"),
            models.UniqueConstraint(
                fields=["opportunity"], condition=Q(superseded_at__isnull=True), name="attribution_one_counts"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["closed_on"], condition=Q(superseded_at__isnull=True), name="attribution_by_close"),
        ]

    def __str__(self) -> str:
        return f"Opportunity {self.opportunity} v{self.version}"


class Credit(models.Model):
    """What one touch gets of one won deal by one model; the amounts of a deal and model add up to it to the cent."""

    attribution = models.ForeignKey(Attribution, on_delete=models.CASCADE, related_name="credits")
    model = models.CharField(max_length=12, choices=AttributionModel.choices)
    touch = models.BigIntegerField()
    channel = models.CharField(max_length=20)
    campaign = models.BigIntegerField(null=True)
    asset = models.BigIntegerField(null=True)
    share = models.FloatField()
    amount = models.DecimalField(max_digits=14, decimal_places=2)

    class Meta:
        constraints: ClassVar = [
            one_of("model", AttributionModel, "credit"),
            models.UniqueConstraint(fields=["attribution", "model", "touch"], name="credit_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["campaign", "model"], name="credit_of_campaign"),
            # Which deals a touch shares: every touch of a path has a row of the model linear.
            models.Index(fields=["touch"], condition=Q(model="linear"), name="credit_of_touch"),
        ]

    def __str__(self) -> str:
        return f"{self.amount} by {self.model} to touch {self.touch}"
