"""A deal with a value and a date."""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from crm.models import Team, User
from crm.records import Archivable, Sourced, Stamped, currency_code, one_of, search_column, tracked, unique_identity
from leads.models.lead import Lead
from leads.models.log import Reason
from leads.models.people import Company, Contact


class DealStage(models.TextChoices):
    DISCOVERY = "discovery", _("Discovery")
    SOLUTION = "solution", _("Solution")
    PROOF = "proof", _("Proof")
    PROPOSAL = "proposal", _("Proposal")
    NEGOTIATION = "negotiation", _("Negotiation")
    WON = "won", _("Won")
    LOST = "lost", _("Lost")


class Outcome(models.TextChoices):
    WON = "won", _("Won")
    LOST = "lost", _("Lost")


class DealKind(models.TextChoices):
    NEW_BUSINESS = "new_business", _("New business")
    EXPANSION = "expansion", _("Expansion")
    RENEWAL = "renewal", _("Renewal")


class ForecastCategory(models.TextChoices):
    PIPELINE = "pipeline", _("Pipeline")
    BEST_CASE = "best_case", _("Best case")
    MOST_LIKELY = "most_likely", _("Most likely")
    COMMIT = "commit", _("Commit")
    CLOSED = "closed", _("Closed")
    OMITTED = "omitted", _("Omitted")


class PipelineStage(models.Model):
    """What the organisation makes of one stage type: its name, what it promises, whether it is used."""

    stage = models.CharField(max_length=20, choices=DealStage.choices, unique=True)
    label = models.CharField(max_length=60)
    probability = models.PositiveSmallIntegerField(validators=[MaxValueValidator(100)], help_text="Percent.")
    forecast_category = models.CharField(max_length=20, choices=ForecastCategory.choices)
    # Not offered for opportunities any more; those that stand in it stay.
    retired = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField()
    # How long nine in ten won opportunities stood here, measured by leads/stalled.py; empty while too few were won.
    stay_p90 = models.DurationField(null=True, editable=False)
    won_stays = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        ordering: ClassVar = ["position"]
        constraints: ClassVar = [
            one_of("stage", DealStage, "pipelinestage"),
            one_of("forecast_category", ForecastCategory, "pipelinestage"),
            models.CheckConstraint(condition=Q(probability__lte=100), name="pipelinestage_probability_percent"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def is_open(self) -> bool:
        """Whether opportunities that stand here are still to be decided."""
        return self.stage not in Outcome.values


@tracked(
    "name", "lead", "company", "contact", "owner", "team", "kind", "stage", "outcome", "reason", "note", "competitor",
    "product", "amount", "currency", "probability", "forecast_category", "opened_at", "expected_close", "closed_at",
    "custom", "archived_at",
)  # fmt: skip
class Opportunity(Sourced, Archivable, Stamped):
    """A deal with a value and a date; most come from a lead, some from none. Shown as “Opportunity” everywhere."""

    name = models.CharField(max_length=200)
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, null=True, blank=True, related_name="opportunities")
    company = models.ForeignKey(Company, on_delete=models.PROTECT, null=True, blank=True, related_name="opportunities")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, null=True, blank=True, related_name="opportunities")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="opportunities")
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="opportunities")
    kind = models.CharField(max_length=20, choices=DealKind.choices, default=DealKind.NEW_BUSINESS)
    stage = models.CharField(max_length=20, choices=DealStage.choices, default=DealStage.DISCOVERY)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, blank=True, default="", editable=False)
    reason = models.ForeignKey(Reason, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    note = models.TextField(blank=True, default="")
    competitor = models.CharField(max_length=120, blank=True, default="")
    product = models.CharField(max_length=120, blank=True, default="")
    amount = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(max_length=3, default="EUR")
    probability = models.PositiveSmallIntegerField(
        default=10, validators=[MaxValueValidator(100)], help_text="Percent."
    )
    forecast_category = models.CharField(
        max_length=20, choices=ForecastCategory.choices, default=ForecastCategory.PIPELINE
    )
    opened_at = models.DateTimeField(null=True, blank=True)
    expected_close = models.DateField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)
    stage_since = models.DateTimeField(null=True, editable=False)
    # The stage before it was closed, where reopening takes it back to.
    stage_before_close = models.CharField(max_length=20, blank=True, default="", editable=False)
    people = models.ManyToManyField(Contact, through="OpportunityPerson", related_name="+")
    custom = models.JSONField(default=dict, db_default=Value({}, models.JSONField()), blank=True)
    # As on Lead.
    last_activity_at = models.DateTimeField(null=True, editable=False)
    next_step_at = models.DateTimeField(null=True, editable=False)
    search = search_column("name", "product", "competitor")

    class Meta:
        ordering: ClassVar = ["-id"]
        verbose_name_plural = "opportunities"
        constraints: ClassVar = [
            one_of("stage", DealStage, "opportunity"),
            one_of("outcome", Outcome, "opportunity", blank=True),
            one_of("kind", DealKind, "opportunity"),
            one_of("forecast_category", ForecastCategory, "opportunity"),
            unique_identity("opportunity"),
            currency_code("opportunity"),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gte=0), name="opportunity_amount_not_below_0"
            ),
            models.CheckConstraint(condition=Q(probability__lte=100), name="opportunity_probability_percent"),
            models.CheckConstraint(
                condition=Q(outcome="", closed_at__isnull=True) & ~Q(stage__in=["won", "lost"])
                | Q(outcome=F("stage"), closed_at__isnull=False),
                name="opportunity_closed_has_outcome_and_date",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["outcome", "-id"], name="opportunity_by_outcome"),
            models.Index(fields=["owner", "-id"], name="opportunity_by_owner"),
            # A column of the board, the most valuable first.
            models.Index(
                F("stage"),
                F("amount").desc(nulls_last=True),
                F("id").desc(),
                condition=Q(outcome="", archived_at__isnull=True),
                name="opportunity_board",
            ),
            models.Index(fields=["next_step_at", "id"], condition=Q(outcome=""), name="opportunity_by_next_step"),
            # Orders of the list of opportunities.
            models.Index(fields=["expected_close", "id"], condition=Q(outcome=""), name="opportunity_by_close"),
            models.Index(fields=["-last_activity_at", "-id"], condition=Q(outcome=""), name="opportunity_by_activity"),
            models.Index(Lower("name"), F("id"), name="opportunity_by_name"),
            GinIndex(fields=["search"], name="opportunity_search"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_open(self) -> bool:
        return not self.outcome


class BuyingRole(models.TextChoices):
    """What part a person has in the buying."""

    DECIDER = "decider", _("Decides")
    CHAMPION = "champion", _("Champion")
    INFLUENCER = "influencer", _("Influences")
    USER = "user", _("Will use it")
    BUYER = "buyer", _("Purchasing")
    BLOCKER = "blocker", _("Against it")
    OTHER = "other", _("Other")


class OpportunityPerson(models.Model):
    """One contact who has a part in one opportunity."""

    opportunity = models.ForeignKey(Opportunity, on_delete=models.CASCADE, related_name="parts")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, related_name="parts")
    role = models.CharField(max_length=20, choices=BuyingRole.choices, default=BuyingRole.OTHER)
    # The lead that was converted by joining this opportunity; it closes with it.
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, null=True, blank=True, related_name="joined")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            one_of("role", BuyingRole, "opportunityperson"),
            models.UniqueConstraint(fields=["opportunity", "contact"], name="opportunityperson_once"),
        ]

    def __str__(self) -> str:
        return f"{self.contact} ({self.get_role_display()})"
