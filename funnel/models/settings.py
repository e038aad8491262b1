"""What the organisation has settled about its figures."""

from decimal import Decimal
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.memo import forget_kept, once_a_request
from crm.records import Stamped, one_of


class MarketingSourced(models.TextChoices):
    """What makes a deal marketing's (METRICS T13); the other two are shown beside it."""

    SOURCE = "source", _("Recorded source")
    FIRST_TOUCH = "first_touch", _("First touch")
    BEFORE_SALES = "before_sales", _("Marketing’s touch before sales’ first activity")


class FigureSettings(Stamped):
    """One row: how money and time are counted where METRICS.md leaves it to the organisation."""

    # Of what is sold, the share that is left after it is made, 0–1; null: ROMI is not told, only ROI.
    gross_margin = models.DecimalField(
        max_digits=5, decimal_places=4, null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(1)]
    )
    # Touches longer than this before the deal was won get no credit.
    lookback_days = models.PositiveSmallIntegerField(default=180, validators=[MinValueValidator(1)])
    # Of the model time decay.
    half_life_days = models.PositiveSmallIntegerField(default=30, validators=[MinValueValidator(1)])
    marketing_sourced = models.CharField(
        max_length=20, choices=MarketingSourced.choices, default=MarketingSourced.FIRST_TOUCH
    )
    # What one attempt to reach a buyer costs, in the organisation's currency; null: no economic tipping point (A3).
    attempt_cost = models.DecimalField(
        max_digits=10, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(Decimal("0.01"))]
    )
    # Whether reports put people in an order by how well they do.
    ranks_people = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(pk=1), name="figuresettings_is_one"),
            one_of("marketing_sourced", MarketingSourced, "figuresettings"),
            models.CheckConstraint(
                condition=Q(gross_margin__isnull=True) | Q(gross_margin__range=(0, 1)), name="figuresettings_margin"
            ),
        ]

    def __str__(self) -> str:
        return "Settings of figures"

    @staticmethod
    def get() -> "FigureSettings":
        """To read from: the same object for the whole of a request."""
        return the_settings()

    def save(self, *args: object, **kwargs: object) -> None:
        super().save(*args, **kwargs)  # type: ignore[arg-type]
        forget_kept()


@once_a_request
def the_settings() -> FigureSettings:
    return FigureSettings.objects.get_or_create(pk=1)[0]
