"""A lead handed to sales, with the answer."""

from datetime import datetime
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.models import Team, User
from crm.records import Stamped, one_of
from leads.models import Lead, Reason, Route


class HandoffStatus(models.TextChoices):
    OPEN = "open", _("Waiting")
    ACCEPTED = "accepted", _("Accepted")
    REJECTED = "rejected", _("Rejected")
    EXPIRED = "expired", _("No answer in time")
    WITHDRAWN = "withdrawn", _("Withdrawn")


# What sales answered; the other ways to end are no answer.
VERDICTS = (HandoffStatus.ACCEPTED, HandoffStatus.REJECTED)
# What the person did who ended it: "Rob accepted this".
DEEDS = {
    HandoffStatus.ACCEPTED: "accepted",
    HandoffStatus.REJECTED: "rejected",
    HandoffStatus.WITHDRAWN: "withdrew",
}


class HandoffQuerySet(models.QuerySet["Handoff"]):
    def open(self) -> "HandoffQuerySet":
        return self.filter(status=HandoffStatus.OPEN)

    def in_sight(self, at: datetime) -> "HandoffQuerySet":
        """Without those put off until later."""
        return self.filter(Q(snoozed_until__isnull=True) | Q(snoozed_until__lte=at))

    def snoozed(self, at: datetime) -> "HandoffQuerySet":
        """Put off until later."""
        return self.filter(snoozed_until__gt=at)

    def held_unless_taken(self) -> "HandoffQuerySet":
        """Held until the transaction ends, with what is told of them; what somebody holds this moment is left out."""
        held = self.select_for_update(of=("self",), skip_locked=True)
        told = held.select_related("lead", "to_user__team", "to_team", "team")
        return told.defer("lead__custom", "lead__need", "lead__search")

    def waiting_for(self, user: User, team_ids: set[int]) -> "HandoffQuerySet":
        """Open ones that name ``user`` or one of these teams; for a manager also those that name somebody in them."""
        named = Q(to_user=user) | Q(to_team__in=team_ids)
        return self.open().filter(named | Q(to_user__team__in=team_ids) if user.is_manager else named)


class Handoff(Stamped):
    """One lead handed to sales once, and the verdict on it.

    Past ``due_at`` an open hand-off is *breached*: it stays open and can be accepted. It is *expired* only when
    escalation gave the lead to somebody else.
    """

    # Found by the index of a lead's hand-offs, newest first.
    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="handoffs", db_index=False)
    episode = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=10, choices=HandoffStatus.choices, default=HandoffStatus.OPEN)
    to_user = models.ForeignKey(User, on_delete=models.PROTECT, null=True, blank=True, related_name="handoffs")
    to_team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, blank=True, related_name="handoffs")
    # The sales team that answers for it, as it was then: who was asked, or the team of the person who was.
    team = models.ForeignKey(Team, on_delete=models.PROTECT, null=True, related_name="+")
    offered_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    offered_at = models.DateTimeField()
    # When the lead began to wait: a hand-off that follows another keeps the clock of the lead.
    waiting_since = models.DateTimeField()
    due_at = models.DateTimeField()
    # The exception of the agreement that set its clocks; empty: the line for all leads.
    service_level = models.CharField(max_length=80, blank=True, default="")
    # Out of sight for who was asked, until then; the clock runs on.
    snoozed_until = models.DateTimeField(null=True)
    # When the recipient was told that it is due soon, and when people were told that it is late.
    reminded_at = models.DateTimeField(null=True, editable=False)
    breach_told_at = models.DateTimeField(null=True, editable=False)
    promised = models.TextField(blank=True, default="", help_text="What marketing promised the buyer.")
    # Found by the index of who decided when.
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    decided_at = models.DateTimeField(null=True)
    # How long who was asked took to answer, in working time.
    answered_in = models.DurationField(null=True, editable=False)
    # After acceptance: when the first attempt to reach the buyer is due, and when who accepted was told that it is late
    # (or it was settled that there is nothing to tell).
    attempt_due_at = models.DateTimeField(null=True)
    attempt_told_at = models.DateTimeField(null=True, editable=False)
    # When escalation last found nobody to pass it on to.
    stuck_at = models.DateTimeField(null=True, editable=False)
    reason = models.ForeignKey(Reason, on_delete=models.PROTECT, null=True, related_name="+")
    comment = models.TextField(blank=True, default="")
    # Fields of the lead that sales found missing or wrong: ["phone", "title"].
    wrong_fields = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    route = models.CharField(max_length=20, choices=Route.choices, blank=True, default="")
    rating = models.PositiveSmallIntegerField(null=True)
    definition_version = models.PositiveIntegerField(null=True)
    # Owner and team of the lead before it was accepted, to be restored when the verdict is undone.
    before = models.JSONField(default=dict)
    # Why this recipient: the routing decision explained.
    routing = models.JSONField(default=dict)
    follows = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="followed_by")

    objects: ClassVar = HandoffQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            one_of("status", HandoffStatus, "handoff"),
            one_of("route", Route, "handoff", blank=True),
            models.UniqueConstraint(fields=["lead"], condition=Q(status="open"), name="handoff_one_open_a_lead"),
            models.CheckConstraint(
                condition=Q(to_user__isnull=False) | Q(to_team__isnull=False), name="handoff_has_recipient"
            ),
            models.CheckConstraint(
                condition=Q(status="open", decided_at__isnull=True) | ~Q(status="open") & Q(decided_at__isnull=False),
                name="handoff_decided_has_date",
            ),
            models.CheckConstraint(
                condition=~Q(status="rejected") | Q(reason__isnull=False) & ~Q(route=""),
                name="handoff_rejected_has_reason",
            ),
            models.CheckConstraint(
                condition=Q(rating__isnull=True) | Q(rating__range=(1, 5)), name="handoff_rating_1_to_5"
            ),
        ]
        indexes: ClassVar = [
            # What somebody answered this week.
            models.Index(fields=["decided_by", "-decided_at"], name="handoff_decided_by"),
            # The inbox: what waits for a person or a team, first to expire on top.
            models.Index(fields=["to_user", "due_at"], condition=Q(status="open"), name="handoff_of_user"),
            models.Index(fields=["to_team", "due_at"], condition=Q(status="open"), name="handoff_of_team"),
            # What is due, late or to be escalated, whoever was asked.
            models.Index(fields=["due_at"], condition=Q(status="open"), name="handoff_due"),
            # What is late and nobody was told of yet, whatever else has been late for long.
            models.Index(
                fields=["due_at"], condition=Q(status="open", breach_told_at__isnull=True), name="handoff_late_untold"
            ),
            # Accepted leads whose first attempt falls due.
            models.Index(
                fields=["attempt_due_at"],
                condition=Q(status="accepted", attempt_due_at__isnull=False, attempt_told_at__isnull=True),
                name="handoff_attempt_due",
            ),
            models.Index(fields=["lead", "-id"], name="handoff_of_lead"),
            # What was handed over on some days, with what the figures of feedback count: they read nothing else.
            models.Index(
                fields=["offered_at"],
                include=["status", "lead", "reason", "team", "due_at", "decided_at"],
                name="handoff_counted",
            ),
            # What sales answered lately, on the page of feedback.
            models.Index(
                fields=["-decided_at", "-id"], condition=Q(status__in=["accepted", "rejected"]), name="handoff_verdicts"
            ),
            # The list of leads by the verdict of sales.
            models.Index(fields=["reason", "lead"], condition=Q(status="rejected"), name="handoff_rejected_for"),
            models.Index(fields=["-lead"], condition=Q(status="accepted"), name="handoff_accepted"),
        ]

    def __str__(self) -> str:
        return f"Hand-off {self.pk}, {self.get_status_display()}"

    @property
    def recipient(self) -> str:
        return str(self.to_user or self.to_team)

    @property
    def is_passed_on(self) -> bool:
        """Whether somebody took it back in order to ask somebody else."""
        return self.status == HandoffStatus.WITHDRAWN and hasattr(self, "followed_by")

    @property
    def is_untouched(self) -> bool:
        """Whether nobody has answered it or said anything about it."""
        return self.status == HandoffStatus.OPEN and not self.replies.all()

    @property
    def heir(self) -> str:
        """Who was asked next, after this one was passed on."""
        return self.followed_by.recipient if hasattr(self, "followed_by") else "somebody else"
