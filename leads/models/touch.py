"""What buyers met, and what was done towards them."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaigns.models import Asset, Campaign, Channel
from crm.records import append_only, one_of, unique_identity
from leads.models.lead import Lead


class TouchKind(models.TextChoices):
    FORM = "form", _("Form")
    CLICK = "click", _("Click")
    OPEN = "open", _("Open")
    VISIT = "visit", _("Visit")
    DOWNLOAD = "download", _("Download")
    ATTEND = "attend", _("Attended")
    REPLY = "reply", _("Reply")
    MAILED = "mailed", _("Mailed")
    MEETING = "meeting", _("Meeting")
    SOCIAL = "social", _("Social")
    OTHER = "other", _("Other")


class TouchBy(models.TextChoices):
    BUYER = "buyer", _("Buyer")
    MARKETING = "marketing", _("Marketing")
    SALES = "sales", _("Sales")


class TouchQuerySet(models.QuerySet["Touch"]):
    def effective(self) -> "TouchQuerySet":
        """Without the touches that a later one corrects."""
        return self.filter(corrected_by__isnull=True)


class Touch(models.Model):
    """One contact between a buyer and us; append-only. A wrong one is corrected by another that names it."""

    # Found by the index of a lead's touches in their order.
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="touches", db_index=False)
    kind = models.CharField(max_length=20, choices=TouchKind.choices, default=TouchKind.OTHER)
    by = models.CharField(max_length=20, choices=TouchBy.choices, default=TouchBy.BUYER)
    at = models.DateTimeField()
    channel = models.CharField(max_length=20, choices=Channel.choices, blank=True, default="")
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, null=True, blank=True, related_name="touches")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, null=True, blank=True, related_name="touches")
    utm = models.JSONField(default=dict, blank=True)
    # The buyer asked to be contacted: a hand-raise.
    raised_hand = models.BooleanField(default=False)
    corrects = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="corrected_by"
    )
    source_system = models.CharField(max_length=60, blank=True, default="")
    external_id = models.CharField(max_length=200, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = TouchQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-at", "-id"]
        constraints: ClassVar = [
            one_of("kind", TouchKind, "touch"),
            one_of("by", TouchBy, "touch"),
            one_of("channel", Channel, "touch", blank=True),
            unique_identity("touch"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["lead", "at"], name="touch_of_lead"),
            # Which touches of a lead never happened: few, and asked for whenever it is scored.
            models.Index(fields=["lead"], condition=models.Q(corrects__isnull=False), name="touch_corrections"),
            # What happened lately to somebody's leads: the newest are walked until enough are theirs.
            models.Index(fields=["-at"], name="touch_newest"),
            models.Index(fields=["asset", "-at"], condition=models.Q(asset__isnull=False), name="touch_of_content"),
        ]
        triggers: ClassVar = append_only("touch")

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d}"
