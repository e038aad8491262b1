"""What sales answered, cut by where the leads came from (METRICS C6, F1–F3).

A hand-off counts in the days on which it was offered; each person asked counts once. It is *due* when it was answered,
ran out or is past its time; what was withdrawn was never asked. Acceptance is measured on what was accepted or rejected
for what the lead is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Case, Count, F, FloatField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Cast, NullIf

from crm.intervals import Counted
from crm.periods import start_of_day, zone
from feedback.models import VERDICTS, Handoff, HandoffStatus
from feedback.queries import ACCEPTED, ANSWER_TIME, JUDGED, Median
from leads.models import Reason, ReasonFamily, Touch

# Fewer judged leads say nothing about a rate: it is shown grey.
FEWEST = 30
MOST_ROWS = 50
# Where a hand-off's lead came from: the column that says so.
DIMENSIONS = {
    "campaign": "lead__campaign",
    "content": "content",
    "source": "lead__source",
    "segment": "lead__segment",
    "team": "team",
}
NUMBERED = ("campaign", "content", "team")
ORDERS = ("offered", "answered", "accepted", "acceptance", "decided")

IS_DUE = ~Q(status=HandoffStatus.WITHDRAWN) & (~Q(status=HandoffStatus.OPEN) | Q(is_late=True))
REJECTED = Q(status=HandoffStatus.REJECTED)
ANSWERED = Q(status__in=VERDICTS)
# What F1 takes for a full answer: a rating, words, or the wrong field named; a rejection has its reason anyway.
IN_WORDS = ~Q(comment="") | Q(rating__isnull=False) | Q(wrong_fields__len__gt=0)


@dataclass(frozen=True)
class Asked:
    """Which hand-offs: offered on these days (``end`` not included), from there. "" in ``held``: from nowhere named."""

    start: date
    end: date
    held: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Figures:
    """Hand-offs counted. ``judged``: accepted, or rejected for what the lead is."""

    offered: int = 0
    due: int = 0
    answered: int = 0
    accepted: int = 0
    judged: int = 0
    rejected: int = 0
    expired: int = 0
    key: str = ""
    label: str = ""

    @property
    def acceptance(self) -> Counted:
        """C6: of those judged."""
        return Counted(self.accepted, self.judged)

    @property
    def decided(self) -> Counted:
        """The decision rate of C6: of those due."""
        return Counted(self.answered, self.due)

    @property
    def is_thin(self) -> bool:
        return self.judged < FEWEST

    def without(self, others: "list[Figures]", label: str) -> "Figures":
        """What is left of these when ``others`` are taken out."""
        names = ("offered", "due", "answered", "accepted", "judged", "rejected", "expired")
        rest = {name: getattr(self, name) - sum(getattr(other, name) for other in others) for name in names}
        return Figures(**rest, label=label)


@dataclass(frozen=True)
class Quality:
    """How much was said (F1), and how long it took (F2): the median and the slowest tenth, in working time."""

    in_words: Counted
    median: timedelta | None
    p90: timedelta | None


class NinetyPercent(Median):
    """What nine in ten do not exceed."""

    template = "%(function)s(0.9) WITHIN GROUP (ORDER BY %(expressions)s)"


def handoffs_asked(asked: Asked, *, at: datetime, dimension: str = "") -> QuerySet[Handoff]:
    """The hand-offs in question; ``is_late``: past its time, and with the content if somebody asks for it."""
    tz = zone()
    found: QuerySet[Handoff] = Handoff.objects.filter(
        offered_at__gte=start_of_day(asked.start, tz), offered_at__lt=start_of_day(asked.end, tz)
    ).exclude(status=HandoffStatus.WITHDRAWN)
    found = found.alias(is_late=Case(When(due_at__lte=at, then=Value(value=True)), default=Value(value=False)))
    if dimension == "content" or "content" in asked.held:
        found = found.annotate(content=Subquery(last_content()))
    for name, key in asked.held.items():
        column = DIMENSIONS[name]
        found = found.filter(**{f"{column}__isnull": True}) if is_nothing(name, key) else found.filter(**{column: key})
    return found.order_by()


def last_content() -> QuerySet[Any]:
    """The content that the buyer met last before the hand-off."""
    met = Touch.objects.effective().filter(lead=OuterRef("lead"), asset__isnull=False, at__lte=OuterRef("offered_at"))
    return met.order_by("-at", "-id").values("asset")[:1]


def is_nothing(dimension: str, key: str) -> bool:
    return not key and dimension in NUMBERED


# Every row has a status. The index of hand-offs by day tells all of this alone; their ids it has not.
COUNTS = {
    "offered": Count("status"),
    "due": Count("status", filter=IS_DUE),
    "answered": Count("status", filter=ANSWERED),
    "accepted": Count("status", filter=ACCEPTED),
    "judged": Count("status", filter=JUDGED),
    "rejected": Count("status", filter=REJECTED),
    "expired": Count("status", filter=Q(status=HandoffStatus.EXPIRED)),
}


def totals(asked: Asked, *, at: datetime) -> Figures:
    return Figures(**handoffs_asked(asked, at=at).aggregate(**COUNTS))


def by_dimension(
    asked: Asked, dimension: str, *, at: datetime, order: str = "offered", descending: bool = True
) -> list[Figures]:
    """A row for each value, at most fifty, keys as texts; rates on too few judged leads come last."""
    column = DIMENSIONS[dimension]
    rows: QuerySet[Any, Any] = (
        handoffs_asked(asked, at=at, dimension=dimension).values(key_found=F(column)).annotate(**COUNTS)
    )
    rates = {"acceptance": ("accepted", "judged"), "decided": ("answered", "due")}
    if order in rates:
        part, whole = rates[order]
        rows = rows.annotate(
            ratio=Cast(F(part), FloatField()) / NullIf(F(whole), 0),
            thin=Case(When(**{f"{whole}__lt": FEWEST}, then=1), default=0),
        )
    value = F("ratio") if order in rates else F(order)
    first = value.desc(nulls_last=True) if descending else value.asc(nulls_last=True)
    rows = rows.order_by(*(["thin"] if order in rates else []), first, "-offered", "key_found")
    return [
        Figures(key="" if row["key_found"] is None else str(row["key_found"]), **{name: row[name] for name in COUNTS})
        for row in rows[:MOST_ROWS]
    ]


@dataclass(frozen=True)
class ReasonShare:
    """How often a reason was given. ``share`` of all rejections, ``running`` with all more frequent ones before it."""

    reason: Reason
    count: int
    share: Counted
    running: Counted

    @property
    def family(self) -> str:
        return str(ReasonFamily(self.reason.family).label)


def pareto(asked: Asked, *, at: datetime) -> list[ReasonShare]:
    """Reasons to reject (F3), most frequent first."""
    found = handoffs_asked(asked, at=at).filter(REJECTED).values("reason").annotate(count=Count("status"))
    counts = {row["reason"]: row["count"] for row in found.order_by("-count", "reason")}
    reasons, total, running, shares = Reason.objects.in_bulk(list(counts)), sum(counts.values()), 0, []
    for pk, count in counts.items():
        running += count
        shares.append(ReasonShare(reasons[pk], count, Counted(count, total), Counted(running, total)))
    return shares


def quality(asked: Asked, *, at: datetime) -> Quality:
    answered = handoffs_asked(asked, at=at).filter(ANSWERED)
    found = answered.aggregate(
        said=Count("pk", filter=IN_WORDS), whole=Count("pk"), median=Median(ANSWER_TIME), p90=NinetyPercent(ANSWER_TIME)
    )
    return Quality(Counted(found["said"], found["whole"]), found["median"], found["p90"])
