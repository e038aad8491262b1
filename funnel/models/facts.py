"""The figures, derived from the log alone: facts a lead and episode, and the counted cells above them."""

from typing import ClassVar

from django.db import models


class LeadFact(models.Model):
    """One episode of one lead, told by the effective log; never depends on the present time.

    Written by funnel/facts/recompute.py only, from the SQL of funnel/facts/sql.py. No foreign keys: a fact is rewritten
    whole whenever its lead changes, and a rebuild swaps the whole table.
    """

    pk = models.CompositePrimaryKey("lead_id", "episode")
    lead_id = models.BigIntegerField()
    episode = models.PositiveSmallIntegerField()

    # Dimensions, as the lead has them now, industry its company's; the version of the definition is the earliest of the
    # episode's MQLs. The region is the team's as that is now (funnel/facts/regions.py).
    campaign = models.BigIntegerField(null=True)
    channel = models.CharField(max_length=20)
    source = models.CharField(max_length=120)
    segment = models.CharField(max_length=120)
    owner = models.BigIntegerField(null=True)
    team = models.BigIntegerField(null=True)
    country = models.CharField(max_length=80)
    product = models.CharField(max_length=120)
    industry = models.CharField(max_length=120)
    origin = models.CharField(max_length=20)
    definition_version = models.PositiveIntegerField(null=True)

    # When the episode began (its first row, whatever its date), and the first time each stage was reached in it;
    # the same as days in the organisation's zone.
    began_at = models.DateTimeField()
    inquiry_at = models.DateTimeField(null=True)
    mql_at = models.DateTimeField(null=True)
    offered_at = models.DateTimeField(null=True)
    accepted_at = models.DateTimeField(null=True)
    qualified_at = models.DateTimeField(null=True)
    opportunity_at = models.DateTimeField(null=True)
    customer_at = models.DateTimeField(null=True)
    lost_at = models.DateTimeField(null=True)
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
    # Where the episode stands or ended; if that is customer, lost, disqualified or nurture, it is the outcome.
    stage = models.CharField(max_length=20)
    outcome = models.CharField(max_length=20)
    outcome_at = models.DateTimeField(null=True)
    outcome_on = models.DateField(null=True)

    # Microseconds in each stage over its closed visits, null without one; then the same for each clock (0 without).
    # The running visit is (open_clock, open_since). Rows imported out of order make negative times, kept as they are.
    inquiry_us = models.BigIntegerField(null=True)
    nurture_us = models.BigIntegerField(null=True)
    mql_us = models.BigIntegerField(null=True)
    offered_us = models.BigIntegerField(null=True)
    accepted_us = models.BigIntegerField(null=True)
    qualified_us = models.BigIntegerField(null=True)
    opportunity_us = models.BigIntegerField(null=True)
    marketing_us = models.BigIntegerField()
    waiting_us = models.BigIntegerField()
    sales_us = models.BigIntegerField()
    open_clock = models.CharField(max_length=10)
    open_since = models.DateTimeField(null=True)
    # Sum of the lead's won opportunities, on its first episode that became a customer; null when currencies differ.
    won_amount = models.DecimalField(max_digits=16, decimal_places=2, null=True)
    won_currency = models.CharField(max_length=3)

    class Meta:
        indexes: ClassVar = [
            # Cohorts of a period, and what left the path in it.
            models.Index(fields=["began_on"], name="leadfact_by_cohort"),
            models.Index(
                fields=["outcome_on"], name="leadfact_by_outcome", condition=models.Q(outcome_on__isnull=False)
            ),
            # The few that came a second time round.
            models.Index(fields=["began_on"], name="leadfact_again", condition=models.Q(episode__gt=1)),
            # The few that were won before they began: the finding that stands beside every funnel.
            models.Index(
                fields=["began_on"],
                name="leadfact_dated_backwards",
                condition=models.Q(customer_at__lt=models.F("began_at")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lead_id}/{self.episode}"


class StageMetric(models.Model):
    """A counted cell: one dimension's key, one day or month, one stage (its rank). No row: nothing counted.

    ``reached`` is dated by the day the episode began (cohort), the other counters by the day of the stage or passage
    (period). ``*_first`` count first episodes only, so that leads and episodes can both be told. An empty ``key`` is
    a missing value, and the only key of the dimension `all`.
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
