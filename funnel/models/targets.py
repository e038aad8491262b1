"""What a person, a team or everybody is to reach in a span of days."""

from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from crm.models import Team, User
from crm.records import Sourced, Stamped, one_of, tracked


class QuotaMeasure(models.TextChoices):
    REVENUE = "revenue", _("Revenue won")
    REVENUE_SOURCED = "revenue_sourced", _("Revenue sourced by marketing")
    DEALS_WON = "deals_won", _("Opportunities won")
    PIPELINE = "pipeline", _("Pipeline opened")
    OPPORTUNITIES = "opportunities", _("Opportunities opened")
    MQLS = "mqls", _("MQLs")
    ACCEPTED = "accepted", _("Leads accepted")
    MEETINGS = "meetings", _("Meetings held")


@tracked("measure", "user", "team", "starts_on", "ends_on", "amount", "currency", "ramp_months")
class Quota(Sourced, Stamped):
    """A goal of one person, one team, or (neither) the organisation; shown as “Quota” of people, “Goal” of others.

    ``ends_on`` counts. Of a person who started less than ``ramp_months`` ago the amount is asked in proportion.
    """

    measure = models.CharField(max_length=20, choices=QuotaMeasure.choices)
    user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="quotas")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="quotas")
    starts_on = models.DateField()
    ends_on = models.DateField()
    amount = models.DecimalField(max_digits=16, decimal_places=2, validators=[MinValueValidator(0)])
    # Of measures in money; empty: a count. Its rate is that of ``starts_on``.
    currency = models.CharField(max_length=3, blank=True, default="")
    ramp_months = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(24)])

    class Meta:
        ordering: ClassVar = ["-starts_on", "measure", "id"]
        constraints: ClassVar = [
            one_of("measure", QuotaMeasure, "quota"),
            models.CheckConstraint(condition=Q(user__isnull=True) | Q(team__isnull=True), name="quota_of_one"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="quota_days_in_order"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="quota_amount_not_below_0"),
            models.CheckConstraint(
                condition=Q(currency="") | Q(currency__regex="^[A-Z]{3}$"), name="quota_currency_code"
            ),
            models.UniqueConstraint(
                fields=["measure", "user", "team", "starts_on", "ends_on"], name="quota_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        whose = self.user or self.team or "Everybody"
        return f"{whose}: {self.amount} {self.currency} {self.get_measure_display()}"
