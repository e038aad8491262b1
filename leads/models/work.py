"""What is done for a lead or an opportunity: activities that happened, tasks that are to come."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.models import Asset
from crm.models import Mail, User
from crm.records import Sourced, Stamped, one_of, tracked, unique_identity
from leads.models.lead import Lead
from leads.models.opportunity import Opportunity
from leads.models.people import Contact


class ActivityKind(models.TextChoices):
    CALL = "call", _("Call")
    EMAIL = "email", _("E-mail")
    MEETING = "meeting", _("Meeting")
    SOCIAL = "social", _("Social")
    EVENT = "event", _("Event")
    NOTE = "note", _("Note")


class Direction(models.TextChoices):
    OUTBOUND = "outbound", _("From us")
    INBOUND = "inbound", _("From the buyer")


class ActivityOutcome(models.TextChoices):
    REACHED = "reached", _("Reached")
    VOICEMAIL = "voicemail", _("Voicemail")
    NO_ANSWER = "no_answer", _("No answer")
    WRONG_NUMBER = "wrong_number", _("Wrong number")
    BOUNCED = "bounced", _("Bounced")
    REPLIED = "replied", _("Replied")
    HELD = "held", _("Held")
    CANCELLED = "cancelled", _("Cancelled")


# Ways to try to reach somebody; an outbound one is an attempt (METRICS A4).
ATTEMPTS = (ActivityKind.CALL, ActivityKind.EMAIL, ActivityKind.SOCIAL)
# The buyer was heard: these outcomes, and whatever came from the buyer.
ANSWERS = (ActivityOutcome.REACHED, ActivityOutcome.REPLIED, ActivityOutcome.HELD)

ABOUT_SOMETHING = Q(lead__isnull=False) | Q(opportunity__isnull=False) | Q(contact__isnull=False)


@tracked("kind", "direction", "outcome", "at", "duration", "asset", "note")
class Activity(Sourced, Stamped):
    """A call, e-mail, meeting, or note that happened, of one person of ours; about a lead, opportunity or contact."""

    # Found by the index of a lead's activities in their order.
    lead = models.ForeignKey(
        Lead, on_delete=models.PROTECT, null=True, blank=True, related_name="activities", db_index=False
    )
    opportunity = models.ForeignKey(
        Opportunity, on_delete=models.PROTECT, null=True, blank=True, related_name="activities"
    )
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, null=True, blank=True, related_name="activities")
    kind = models.CharField(max_length=20, choices=ActivityKind.choices)
    # Empty on notes, meetings and events.
    direction = models.CharField(max_length=10, choices=Direction.choices, blank=True, default="")
    outcome = models.CharField(max_length=20, choices=ActivityOutcome.choices, blank=True, default="")
    at = models.DateTimeField()
    duration = models.DurationField(null=True, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="activities")
    # Colleagues who took part, a marketer among them perhaps.
    participants = models.ManyToManyField(User, blank=True, related_name="+")
    # The content that was shown or sent.
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, null=True, blank=True, related_name="activities")
    note = models.TextField(blank=True, default="", max_length=20_000)
    # The e-mail that was sent from here; empty on what was only written down.
    mail = models.OneToOneField(Mail, on_delete=models.PROTECT, null=True, editable=False, related_name="activity")

    class Meta:
        ordering: ClassVar = ["-at", "-id"]
        verbose_name_plural = "activities"
        constraints: ClassVar = [
            one_of("kind", ActivityKind, "activity"),
            one_of("direction", Direction, "activity", blank=True),
            one_of("outcome", ActivityOutcome, "activity", blank=True),
            unique_identity("activity"),
            models.CheckConstraint(condition=ABOUT_SOMETHING, name="activity_about_something"),
            models.CheckConstraint(condition=~Q(kind="call", outcome=""), name="activity_call_has_outcome"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["lead", "at"], name="activity_of_lead"),
            models.Index(fields=["opportunity", "at"], name="activity_of_opportunity"),
            models.Index(fields=["contact", "at"], name="activity_of_contact"),
            models.Index(fields=["by", "at"], name="activity_by"),
            models.Index(fields=["asset", "-at"], condition=Q(asset__isnull=False), name="activity_with_content"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d}"


class TaskKind(models.TextChoices):
    CALL = "call", _("Call")
    EMAIL = "email", _("E-mail")
    MEETING = "meeting", _("Meeting")
    TODO = "todo", _("To do")


class TaskQuerySet(models.QuerySet["Task"]):
    def open(self) -> "TaskQuerySet":
        return self.filter(done_at__isnull=True)


@tracked("title", "kind", "due_at", "remind_at", "owner", "note", "done_at", "done_by")
class Task(Sourced, Stamped):
    """The next step: something one person means to do by a time, mostly for a lead or an opportunity."""

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks")
    opportunity = models.ForeignKey(Opportunity, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, null=True, blank=True, related_name="tasks")
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=TaskKind.choices, default=TaskKind.TODO)
    due_at = models.DateTimeField()
    remind_at = models.DateTimeField(null=True, blank=True)
    # When the bell told the owner of ``remind_at``.
    reminded_at = models.DateTimeField(null=True, editable=False)
    owner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tasks")
    note = models.TextField(blank=True, default="", max_length=20_000)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, editable=False, related_name="+")
    done_at = models.DateTimeField(null=True, editable=False)
    done_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, editable=False, related_name="+")

    objects: ClassVar = TaskQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["due_at", "id"]
        constraints: ClassVar = [one_of("kind", TaskKind, "task"), unique_identity("task")]
        indexes: ClassVar = [
            models.Index(fields=["owner", "due_at"], condition=Q(done_at__isnull=True), name="task_open_of_owner"),
            models.Index(fields=["due_at"], condition=Q(done_at__isnull=True), name="task_open"),
            models.Index(fields=["lead", "due_at"], name="task_of_lead"),
            models.Index(fields=["opportunity", "due_at"], name="task_of_opportunity"),
            models.Index(
                fields=["remind_at"],
                condition=Q(done_at__isnull=True, reminded_at__isnull=True, remind_at__isnull=False),
                name="task_to_remind",
            ),
        ]

    def __str__(self) -> str:
        return self.title
