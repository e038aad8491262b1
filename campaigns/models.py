"""What marketing does: campaigns, the money they cost, the content they use."""

from typing import ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models import User
from crm.records import Archivable, Sourced, Stamped, currency_code, one_of, search_column, tracked, unique_identity


class Channel(models.TextChoices):
    EMAIL = "email", _("E-mail")
    EVENT = "event", _("Event")
    WEBINAR = "webinar", _("Webinar")
    SEARCH = "search", _("Search")
    SOCIAL = "social", _("Social")
    DISPLAY = "display", _("Display")
    CONTENT = "content", _("Content")
    REFERRAL = "referral", _("Referral")
    PARTNER = "partner", _("Partner")
    DIRECT = "direct", _("Direct")
    PHONE = "phone", _("Phone")
    MAIL = "mail", _("Mail")
    OTHER = "other", _("Other")


class CampaignKind(models.TextChoices):
    STRATEGIC = "strategic", _("Strategic")
    TACTICAL = "tactical", _("Tactical")


class CampaignStatus(models.TextChoices):
    PLANNED = "planned", _("Planned")
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    ENDED = "ended", _("Ended")


@tracked(
    "name", "parent", "channel", "kind", "status", "starts_on", "ends_on", "owner", "budget", "currency", "archived_at"
)  # fmt: skip
class Campaign(Sourced, Archivable, Stamped):
    """A piece of marketing with a channel, dates, an owner and a cost, that leads come from."""

    name = models.CharField(max_length=160)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    channel = models.CharField(max_length=20, choices=Channel.choices, default=Channel.OTHER)
    kind = models.CharField(max_length=20, choices=CampaignKind.choices, default=CampaignKind.TACTICAL)
    status = models.CharField(max_length=20, choices=CampaignStatus.choices, default=CampaignStatus.RUNNING)
    starts_on = models.DateField(null=True, blank=True)
    ends_on = models.DateField(null=True, blank=True)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="campaigns")
    budget = models.DecimalField(
        max_digits=14, decimal_places=2, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(max_length=3, default="EUR")
    # The content it uses.
    assets: "models.ManyToManyField[Asset, models.Model]" = models.ManyToManyField(
        "Asset", blank=True, related_name="campaigns"
    )

    search = search_column("name")

    class Meta:
        ordering: ClassVar = ["-starts_on", "-id"]
        constraints: ClassVar = [
            currency_code("campaign"),
            one_of("channel", Channel, "campaign"),
            one_of("kind", CampaignKind, "campaign"),
            one_of("status", CampaignStatus, "campaign"),
            unique_identity("campaign"),
            models.CheckConstraint(
                condition=Q(budget__isnull=True) | Q(budget__gte=0), name="campaign_budget_not_below_0"
            ),
            models.CheckConstraint(condition=~Q(parent=models.F("id")), name="campaign_not_its_own_parent"),
        ]
        indexes: ClassVar = [GinIndex(fields=["search"], name="campaign_search")]

    def __str__(self) -> str:
        return self.name


@tracked("campaign", "on", "amount", "currency", "note", "by")
class Spend(Sourced, Stamped):
    """Money spent on a campaign, on a day."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="spends")
    on = models.DateField()
    amount = models.DecimalField(max_digits=14, decimal_places=2, validators=[MinValueValidator(0)])
    currency = models.CharField(max_length=3, default="EUR")
    note = models.CharField(max_length=200, blank=True, default="")
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        ordering: ClassVar = ["-on", "-id"]
        constraints: ClassVar = [
            unique_identity("spend"),
            currency_code("spend"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="spend_amount_not_below_0"),
        ]
        indexes: ClassVar = [models.Index(fields=["campaign", "on"])]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} on {self.on}"


class AssetKind(models.TextChoices):
    LANDING_PAGE = "landing_page", _("Landing page")
    ARTICLE = "article", _("Article")
    WHITEPAPER = "whitepaper", _("White paper")
    DATA_SHEET = "data_sheet", _("Data sheet")
    CASE_STUDY = "case_study", _("Case study")
    PRESENTATION = "presentation", _("Presentation")
    VIDEO = "video", _("Video")
    EVENT = "event", _("Event")
    OTHER = "other", _("Other")


class BuyerStage(models.TextChoices):
    """How far a buyer has come when a piece of content helps."""

    AWARENESS = "awareness", _("Has a problem")
    CONSIDERATION = "consideration", _("Compares ways to solve it")
    DECISION = "decision", _("Chooses a supplier")
    CUSTOMER = "customer", _("Is a customer")


@tracked("name", "kind", "buyer_stage", "url", "file", "owner", "archived_at")
class Asset(Sourced, Archivable, Stamped):
    """A piece of content that buyers meet: a landing page, a white paper, a recording. Shown as “Content”."""

    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=AssetKind.choices, default=AssetKind.OTHER)
    buyer_stage = models.CharField(max_length=20, choices=BuyerStage.choices, blank=True, default="")
    url = models.URLField(max_length=500, blank=True, default="")
    file = models.FileField(upload_to="content/", max_length=250, blank=True, default="")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="assets")

    search = search_column("name")

    class Meta:
        verbose_name, verbose_name_plural = "piece of content", "content"
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [
            one_of("kind", AssetKind, "asset"),
            one_of("buyer_stage", BuyerStage, "asset", blank=True),
            unique_identity("asset"),
        ]
        indexes: ClassVar = [GinIndex(fields=["search"], name="asset_search")]

    def __str__(self) -> str:
        return self.name
