"""What sales asks marketing for."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Asset
from crm.models import User
from crm.records import Sourced, Stamped, one_of
from leads.models import Company, Lead, Opportunity


class RequestKind(models.TextChoices):
    DATA_SHEET = "data_sheet", _("A data sheet")
    CASE_STUDY = "case_study", _("A case study")
    NURTURE = "nurture", _("A nurture for a segment")
    INVITATION = "invitation", _("An invitation to an event")
    OTHER = "other", _("Something else")


class RequestStatus(models.TextChoices):
    OPEN = "open", _("Asked")
    ACCEPTED = "accepted", _("Promised")
    DECLINED = "declined", _("Declined")
    FULFILLED = "fulfilled", _("Done")
    WITHDRAWN = "withdrawn", _("Taken back")


class Request(Sourced, Stamped):
    """Something a rep asks marketing for; marketing promises it for a day or says why not."""

    kind = models.CharField(max_length=20, choices=RequestKind.choices)
    text = models.TextField(max_length=2_000)
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="requests")
    asked_at = models.DateTimeField()
    needed_on = models.DateField(null=True, blank=True)
    # What it is about, if anything.
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, null=True, blank=True, related_name="requests")
    opportunity = models.ForeignKey(
        Opportunity, on_delete=models.PROTECT, null=True, blank=True, related_name="requests"
    )
    company = models.ForeignKey(Company, on_delete=models.PROTECT, null=True, blank=True, related_name="requests")
    segment = models.CharField(max_length=120, blank=True, default="")

    status = models.CharField(max_length=10, choices=RequestStatus.choices, default=RequestStatus.OPEN)
    # The marketer who took it on or declined it.
    answered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    promised_on = models.DateField(null=True, blank=True)
    answer = models.TextField(max_length=2_000, blank=True, default="")
    # What marketing had said until its last step, for undo.
    said_before = models.TextField(blank=True, default="", editable=False)
    # What was made for it.
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, null=True, blank=True, related_name="requests")
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-asked_at", "-id"]
        constraints: ClassVar = [
            one_of("kind", RequestKind, "request"),
            one_of("status", RequestStatus, "request"),
            models.CheckConstraint(condition=~Q(text=""), name="request_says_what"),
            models.CheckConstraint(
                condition=~Q(status="accepted") | Q(promised_on__isnull=False, answered_by__isnull=False),
                name="request_promised_has_day",
            ),
            models.CheckConstraint(condition=~Q(status="declined") | ~Q(answer=""), name="request_declined_says_why"),
            models.CheckConstraint(
                condition=Q(status__in=["open", "accepted"], closed_at__isnull=True)
                | Q(status__in=["declined", "fulfilled", "withdrawn"], closed_at__isnull=False),
                name="request_closed_has_date",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["asked_at", "id"], condition=Q(status__in=["open", "accepted"]), name="request_unfinished"
            ),
            models.Index(fields=["asked_by", "-asked_at"], name="request_by"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, asked by {self.asked_by}"
