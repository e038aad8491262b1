"""The loop between marketing and sales: hand-offs with their verdicts, and the agreement both signed."""

from typing import ClassVar

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

    def waiting_for(self, user: User, team_ids: set[int]) -> "HandoffQuerySet":
        """Open ones that name ``user`` or one of these teams; for a manager also those that name somebody in them."""
        named = Q(to_user=user) | Q(to_team__in=team_ids)
        return self.open().filter(named | Q(to_user__team__in=team_ids) if user.is_manager else named)


class Handoff(Stamped):
    """One lead handed to sales once, and the verdict on it.

    Past ``due_at`` an open hand-off is *breached*: it stays open and can be accepted. It is *expired* only when
    escalation gave the lead to somebody else.
    """

    lead = models.ForeignKey(Lead, on_delete=models.PROTECT, related_name="handoffs")
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
    promised = models.TextField(blank=True, default="", help_text="What marketing promised the buyer.")
    # Found by the index of who decided when.
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    decided_at = models.DateTimeField(null=True)
    reason = models.ForeignKey(Reason, on_delete=models.PROTECT, null=True, related_name="+")
    comment = models.TextField(blank=True, default="")
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
            models.Index(fields=["lead", "-id"], name="handoff_of_lead"),
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
    def heir(self) -> str:
        """Who was asked next, after this one was passed on."""
        return self.followed_by.recipient if hasattr(self, "followed_by") else "somebody else"


class SignedStatus(models.TextChoices):
    """The life of a document that marketing and sales sign: agreement and definition."""

    DRAFT = "draft", _("Draft")
    PROPOSED = "proposed", _("Proposed")
    ACTIVE = "active", _("Active")
    RETIRED = "retired", _("Retired")


class SignedDocument(Stamped):
    """A version of something marketing and sales sign; at most one is active."""

    version = models.PositiveIntegerField(unique=True)
    status = models.CharField(max_length=10, choices=SignedStatus.choices, default=SignedStatus.DRAFT)
    effective_from = models.DateField(null=True, blank=True)
    # [{"side": "marketing", "user": 3, "name": "…", "at": "…"}, …]
    signatures = models.JSONField(default=list)
    is_sample = models.BooleanField(default=False, editable=False)

    class Meta:
        abstract = True
        ordering: ClassVar = ["-version"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(status__in=SignedStatus.values), name="%(class)s_status_known"),
            models.UniqueConstraint(fields=["status"], condition=Q(status="active"), name="%(class)s_one_active"),
        ]


class Agreement(SignedDocument):
    """A version of what marketing and sales promise each other; the active one sets the clocks."""

    hours_to_verdict = models.PositiveSmallIntegerField(default=24)
    # So late a hand-off is passed on by itself; null: never, it stays late until somebody answers or escalates.
    hours_late_to_escalate = models.PositiveSmallIntegerField(null=True, blank=True)
    hours_to_first_attempt = models.PositiveSmallIntegerField(default=24)
    min_attempts = models.PositiveSmallIntegerField(default=5)

    class Meta(SignedDocument.Meta):
        constraints: ClassVar = [
            *SignedDocument.Meta.constraints,
            models.CheckConstraint(condition=Q(hours_to_verdict__gte=1), name="agreement_time_to_answer"),
        ]

    def __str__(self) -> str:
        return f"Agreement v{self.version}"
