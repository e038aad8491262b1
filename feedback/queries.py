"""Reads of the loop that pages share: what waits for whom, and what sales said."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Aggregate, Count, DurationField, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from crm.access import people_of_marketing
from crm.models import User
from feedback.access import inbox_team_ids, may_ever_decide
from feedback.models import VERDICTS, Handoff, HandoffQuerySet, HandoffStatus, Reply
from leads.models import ReasonFamily

COUNT_UP_TO = 100
# Rejections that say something about the lead; "not mine" says something about the routing only.
ABOUT_THE_LEAD = (ReasonFamily.CLERICAL, ReasonFamily.DEFINITIONAL, ReasonFamily.TIMING)
# What acceptance is measured on (METRICS C6): accepted, or rejected for what the lead is.
ACCEPTED = Q(status=HandoffStatus.ACCEPTED)
JUDGED = ACCEPTED | Q(status=HandoffStatus.REJECTED, reason__family__in=ABOUT_THE_LEAD)
# How long sales took to answer: working time of who was asked, else, where none was measured, the clock on the wall.
ANSWER_TIME = Coalesce(F("answered_in"), F("decided_at") - F("offered_at"))


def inbox_of(user: User) -> HandoffQuerySet:
    """Open hand-offs this person may answer, first to expire on top; for everybody else all that wait with sales.

    Those put off are among them: `in_sight` and `snoozed` tell them apart.
    """
    waiting = Handoff.objects.open()
    if may_ever_decide(user):
        waiting = waiting.waiting_for(user, inbox_team_ids(user))
    return waiting.order_by("due_at", "id")


def count_waiting(user: User, *, at: datetime) -> int:
    """How many hand-offs in sight wait for this person's answer, counted up to a hundred; 0 for who never answers."""
    return inbox_of(user).in_sight(at)[:COUNT_UP_TO].count() if may_ever_decide(user) else 0


class Median(Aggregate):
    """The exact middle of lengths of time."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


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
    """Answers of sales to some leads. ``reasons``: most frequent first."""

    accepted: int = 0
    reasons: list[ReasonCount] = field(default_factory=list)
    waiting: int = 0
    # How long an answer took in working time, at the median; None without one.
    answer_time: timedelta | None = None

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
        accepted=Count("pk", filter=ACCEPTED),
        waiting=Count("pk", filter=Q(status=HandoffStatus.OPEN)),
        answer_time=Median(ANSWER_TIME, filter=Q(status__in=VERDICTS)),
    )
    reasons = (
        handoffs.filter(status=HandoffStatus.REJECTED)
        .order_by()
        .values("reason", "reason__label", "reason__family")
        .annotate(count=Count("pk"))
        .order_by("-count", "reason")
    )
    named = [ReasonCount(row["reason"], row["reason__label"], row["reason__family"], row["count"]) for row in reasons]
    return Verdicts(reasons=named, **counts)


def unanswered(verdicts: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """Those to which marketing has not replied."""
    return verdicts.filter(~Exists(replies_of_marketing()), status__in=VERDICTS)


def replies_of_marketing() -> QuerySet[Reply]:
    """Of the hand-off around it: what anybody of marketing said since the verdict, other than who gave it."""
    said = Reply.objects.filter(handoff=OuterRef("pk"), at__gte=OuterRef("decided_at"), by__in=people_of_marketing())
    return said.exclude(by=OuterRef("decided_by"))


def latest_verdicts(handoffs: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """Answers, newest first, with all that a line about each shows."""
    answered = handoffs.filter(status__in=VERDICTS).order_by("-decided_at", "-id")
    return answered.select_related("lead__company", "lead__campaign", "decided_by", "reason")
