"""How a hand-off finds its person."""

from typing import ClassVar

from django.db import models
from django.db.models import Q

from crm.models import Team, User
from crm.records import Stamped


class RoutingPlan(Stamped):
    """What holds for every routed lead; there is one."""

    # Whatever becomes MQL from then on is handed to sales by the rules, without a marketer; null: nothing is.
    offers_since = models.DateTimeField(null=True, blank=True)
    # Before the rules: who owns an open opportunity or a customer at the lead's company, then who had the lead before.
    account_owner_first = models.BooleanField(default=True)
    earlier_owner_first = models.BooleanField(default=True)
    # Who gets what no rule places, or nobody of a rule can take; neither: the first sales team.
    fallback_user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    fallback_team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(pk=1), name="routingplan_is_one"),
            models.CheckConstraint(
                condition=Q(fallback_user__isnull=True) | Q(fallback_team__isnull=True), name="routingplan_one_fallback"
            ),
        ]

    def __str__(self) -> str:
        return "Routing"

    @property
    def offers_automatically(self) -> bool:
        return self.offers_since is not None

    @classmethod
    def get(cls) -> "RoutingPlan":
        return cls.objects.get_or_create(pk=1)[0]


class RoutingRule(Stamped):
    """Leads of this kind go to this team or person; the first rule that fits counts."""

    position = models.PositiveSmallIntegerField(default=0)
    name = models.CharField(max_length=80, unique=True)
    is_active = models.BooleanField(default=True)
    # {"country": ["DE", "AT"], "segment": […], "product_interest": […], "language": […], "source": […]}: all named
    # fields must fit, each by one of its values; empty: every lead.
    conditions = models.JSONField(default=dict, blank=True)
    to_team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    to_user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    # Only reps of the team who have this tag; empty: all of them.
    specialism = models.CharField(max_length=60, blank=True, default="")

    class Meta:
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(to_team__isnull=False, to_user__isnull=True)
                | Q(to_team__isnull=True, to_user__isnull=False, specialism=""),
                name="routingrule_one_target",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RoutingTurn(models.Model):
    """How much a rep of a team is owed: the running weight of smooth weighted round robin (METRICS Q3)."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="turns")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="turns")
    current = models.IntegerField(default=0)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["team", "user"], name="routingturn_once")]

    def __str__(self) -> str:
        return f"{self.user_id} of {self.team_id}: {self.current}"
