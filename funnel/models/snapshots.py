"""What the forecast said on a day, kept as it was said."""

from typing import ClassVar

from django.db import models

from crm.records import one_of
from leads.models import ForecastCategory


class ForecastSnapshot(models.Model):
    """The forecast of one fiscal quarter on one day, by owner, team and category; never rewritten (METRICS P7).

    Amounts in the organisation's currency by the rates of that day. Category `closed`: won in the quarter until then.
    A null owner or team is kept as 0.
    """

    pk = models.CompositePrimaryKey("day", "quarter", "owner", "team", "category")
    day = models.DateField()
    # First day of the fiscal quarter that is forecast.
    quarter = models.DateField()
    owner = models.BigIntegerField(default=0)
    team = models.BigIntegerField(default=0)
    category = models.CharField(max_length=20, choices=ForecastCategory.choices)
    deals = models.PositiveIntegerField()
    value = models.DecimalField(max_digits=16, decimal_places=2)
    weighted = models.DecimalField(max_digits=16, decimal_places=2)
    low = models.DecimalField(max_digits=16, decimal_places=2)
    high = models.DecimalField(max_digits=16, decimal_places=2)
    currency = models.CharField(max_length=3)
    # Written by sample data, taken away with it.
    is_sample = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [one_of("category", ForecastCategory, "forecastsnapshot")]
        indexes: ClassVar = [models.Index(fields=["quarter", "day"], name="forecastsnapshot_of_quarter")]

    def __str__(self) -> str:
        return f"{self.quarter} as of {self.day}: {self.category}"
