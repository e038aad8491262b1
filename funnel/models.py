"""The figures, derived from the log alone: facts a lead and episode, and the counted cells above them."""

from typing import ClassVar

from django.db import models


class LeadFact(models.Model):
    """One episode of one lead, told by the effective log; never depends on the present time."""

    pk = models.CompositePrimaryKey("lead_id", "episode")
    lead_id = models.BigIntegerField()
    episode = models.PositiveSmallIntegerField()

    # Dimensions, as the lead has them now.
    campaign = models.BigIntegerField(null=True)
    channel = models.CharField(max_length=20)
    source = models.CharField(max_length=120)
    segment = models.CharField(max_length=120)
    owner = models.BigIntegerField(null=True)
    team = models.BigIntegerField(null=True)
    country = models.CharField(max_length=80)
    product = models.CharField(max_length=120)
    origin = models.CharField(max_length=20)
    definition_version = models.PositiveIntegerField(null=True)

    # First time each stage was reached in this episode, and on which local day.
    began_at = models.DateTimeField()
    inquiry_at = models.DateTimeField(null=True)
    mql_at = models.DateTimeField(null=True)
    offered_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    qualified_at = models.DateTimeField(null=True)
    opportunity_at = models.DateTimeField(null=True)
    customer_at = models.DateTimeField(null=True)
    began_on = models.DateField()
    inquiry_on = models.DateField(null=True)
    mql_on = models.DateField(null=True)
    offered_on = models.DateField(null=True)
    accepted_on = models.DateField(null=True)
    qualified_on = models.DateField(null=True)
    opportunity_on = models.DateField(null=True)
    customer_on = models.DateField(null=True)
    # Rank of the furthest success stage, 1 (inquiry) to 7 (customer): leads/lifecycle.py.
    furthest = models.PositiveSmallIntegerField()
    # The episode's last stage, and how it left the path: '', lost, disqualified, nurture, customer.
    stage = models.CharField(max_length=20)
    outcome = models.CharField(max_length=20)

    # Microseconds on each clock in closed visits; the running visit is (open_clock, open_since).
    marketing_us = models.BigIntegerField()
    waiting_us = models.BigIntegerField()
    sales_us = models.BigIntegerField()
    open_clock = models.CharField(max_length=10)
    open_since = models.DateTimeField(null=True)
    won_amount = models.DecimalField(max_digits=16, decimal_places=2, null=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["began_on"], name="leadfact_by_cohort")]

    def __str__(self) -> str:
        return f"{self.lead_id}/{self.episode}"


class StageMetric(models.Model):
    """A counted cell: one dimension's key, one day or month, one stage.

    ``reached`` is dated by the day the episode began (cohort), the other counters by the day of the stage or passage
    (period). ``*_first`` count first episodes only, so that leads and episodes can both be told.
    """

    pk = models.CompositePrimaryKey("dimension", "grain", "day", "key", "stage")
    dimension = models.CharField(max_length=20)
    grain = models.CharField(max_length=5)
    day = models.DateField()
    key = models.CharField(max_length=120)
    stage = models.PositiveSmallIntegerField()
    entered = models.IntegerField(default=0)
    converted = models.IntegerField(default=0)
    advanced = models.IntegerField(default=0)
    reached = models.IntegerField(default=0)
    entered_first = models.IntegerField(default=0)
    converted_first = models.IntegerField(default=0)
    advanced_first = models.IntegerField(default=0)
    reached_first = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.dimension}={self.key} {self.day} {self.stage}"
