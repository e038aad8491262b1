"""Capture: public forms, and every answer to them as it came in."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Asset, Campaign
from crm.models import User
from crm.records import Sourced, Stamped, one_of, tracked
from leads.models.lead import Lead


@tracked("name", "campaign", "source", "segment", "owner", "consent", "thanks", "is_active")
class CaptureForm(Sourced, Stamped):
    """A form that strangers fill in, on a page of ours or on one of marketing's own."""

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, null=True, blank=True, related_name="capture_forms"
    )
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, null=True, blank=True, related_name="capture_forms")
    # What its leads get where the address says nothing else.
    source = models.CharField(max_length=120, blank=True, default="")
    segment = models.CharField(max_length=120, blank=True, default="")
    owner = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="capture_forms")
    # What people read before they send it: what their data are for. Kept with every answer as it stood then.
    consent = models.CharField(max_length=500, blank=True, default="")
    thanks = models.CharField(max_length=300, blank=True, default="")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering: ClassVar = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class SubmissionStatus(models.TextChoices):
    RECEIVED = "received", _("Received")
    PROCESSED = "processed", _("Became a lead")
    DUPLICATE = "duplicate", _("Known already")
    REFUSED = "refused", _("Refused")
    FAILED = "failed", _("Failed")


class Submission(models.Model):
    """One answer to a form: stored as it came before anything is made of it."""

    form = models.ForeignKey(CaptureForm, on_delete=models.PROTECT, related_name="submissions")
    received_at = models.DateTimeField()
    payload = models.JSONField(default=dict)
    ip_address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True, default="")
    status = models.CharField(max_length=10, choices=SubmissionStatus.choices, default=SubmissionStatus.RECEIVED)
    # Why it was refused or failed, in words for a marketer.
    reason = models.CharField(max_length=300, blank=True, default="")
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, null=True, related_name="submissions")
    attempts = models.PositiveSmallIntegerField(default=0)
    processed_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [one_of("status", SubmissionStatus, "submission")]
        indexes: ClassVar = [
            models.Index(fields=["form", "-id"], name="submission_of_form"),
            models.Index(fields=["form", "status", "-id"], name="submission_by_status"),
            models.Index(fields=["id"], condition=Q(status="received"), name="submission_waiting"),
            # What still holds personal data, to forget it in time.
            models.Index(fields=["received_at"], condition=~Q(payload={}), name="submission_to_blank"),
        ]

    def __str__(self) -> str:
        return f"Submission {self.pk} of {self.form_id}"
