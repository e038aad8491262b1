"""What sales said: verdicts counted by campaign, and the latest of them."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Min, Q, QuerySet

from feedback.models import Handoff, HandoffStatus
from leads.models import ReasonFamily

DECIDED = (HandoffStatus.ACCEPTED, HandoffStatus.REJECTED)
# Rejections that say something about the lead; "not mine" says something about the routing only.
ABOUT_THE_LEAD = (ReasonFamily.CLERICAL, ReasonFamily.DEFINITIONAL, ReasonFamily.TIMING)


@dataclass(frozen=True)
class ReasonCount:
    """How often a reason was given, and what it is called."""

    reason_id: int
    label: str
    family: str
    count: int

    @property
    def family_label(self) -> str:
        return str(ReasonFamily(self.family).label)


@dataclass
class Verdicts:
    """Answers of sales to the leads of one campaign. ``reasons``: most frequent first."""

    accepted: int = 0
    reasons: list[ReasonCount] = field(default_factory=list)
    waiting: int = 0

    @property
    def rejected(self) -> int:
        """Rejected for what the lead is."""
        return sum(reason.count for reason in self.reasons if reason.family in ABOUT_THE_LEAD)

    @property
    def judged(self) -> int:
        """What acceptance is measured on (METRICS C6): accepted, or rejected for what the lead is."""
        return self.accepted + self.rejected

    @property
    def acceptance(self) -> float | None:
        """A ratio 0–1, None while nothing was judged."""
        return self.accepted / self.judged if self.judged else None


def verdicts_of(handoffs: QuerySet[Handoff]) -> Verdicts:
    """The verdicts among these hand-offs."""
    counts = handoffs.order_by().aggregate(
        accepted=Count("pk", filter=Q(status=HandoffStatus.ACCEPTED)),
        waiting=Count("pk", filter=Q(status=HandoffStatus.OPEN)),
    )
    reasons = (
        handoffs.filter(status=HandoffStatus.REJECTED)
        .order_by()
        .values("reason", "reason__label", "reason__family")
        .annotate(count=Count("pk"))
        .order_by("-count", "reason")
    )
    named = [ReasonCount(row["reason"], row["reason__label"], row["reason__family"], row["count"]) for row in reasons]
    return Verdicts(accepted=counts["accepted"], waiting=counts["waiting"], reasons=named)


def latest_verdicts(handoffs: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """Answers, newest first, with all that a line about each shows."""
    answered = handoffs.filter(status__in=DECIDED).order_by("-decided_at", "-id")
    return answered.select_related("lead__company", "lead__campaign", "decided_by", "reason")


@dataclass(frozen=True)
class Waiting:
    """Open hand-offs of one rep or team."""

    recipient: str
    count: int
    late: int
    since: datetime


def waiting_by_recipient(handoffs: QuerySet[Handoff], *, at: datetime) -> list[Waiting]:
    """Who is to answer how many of these hand-offs, how many are past their time at ``at``; longest waiting first."""
    rows = (
        handoffs.filter(status=HandoffStatus.OPEN)
        .order_by()
        .values("to_user__first_name", "to_user__last_name", "to_user__email", "to_team__name", "to_user", "to_team")
        .annotate(count=Count("pk"), late=Count("pk", filter=Q(due_at__lt=at)), since=Min("waiting_since"))
        .order_by("since")
    )
    return [Waiting(_name(row), row["count"], row["late"], row["since"]) for row in rows]


def _name(row: dict[str, str]) -> str:
    person = f"{row['to_user__first_name'] or ''} {row['to_user__last_name'] or ''}".strip()
    return person or row["to_user__email"] or row["to_team__name"]
