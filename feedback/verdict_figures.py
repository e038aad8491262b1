"""What sales answered, cut by where the leads came from (METRICS C6, F1–F3).

A hand-off counts in the days on which it was offered; each person asked counts once. It is *due* when it was answered,
ran out or is past its time; what was withdrawn was never asked. Acceptance is measured on what was accepted or rejected
for what the lead is. The page of feedback and the report *feedback* read the same functions, so that they agree.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    Count,
    DateField,
    Exists,
    F,
    FloatField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)  # fmt: skip
from django.db.models.functions import Cast, Coalesce, NullIf, TruncMonth

from crm.intervals import Counted
from crm.periods import start_of_day, zone
from feedback.models import VERDICTS, Handoff, HandoffStatus, Impression
from feedback.queries import ACCEPTED, ANSWER_TIME, JUDGED, Median
from leads.models import Reason, ReasonFamily, Route, Touch

# Fewer judged leads say nothing about a rate: it is shown grey.
FEWEST = 30
MOST_ROWS = 50
# What a hand-off can be cut by, and the column that tells it: of its lead, of who was asked, or of itself.
DIMENSIONS = {
    "campaign": "lead__campaign",
    "channel": "lead__channel",
    "content": "content",
    "source": "lead__source",
    "segment": "lead__segment",
    "owner": "asked",
    "team": "team",
    "country": "lead__country",
    "product": "lead__product_interest",
    "industry": "lead__company__industry",
    "region": "team__region",
    "origin": "lead__sourced_by",
    "definition_version": "definition_version",
    "month": "month",
}
NOTHING = Counted(0, 0)
NUMBERED = ("campaign", "content", "owner", "team", "definition_version")
ORDERS = ("offered", "answered", "accepted", "acceptance", "decided")

IS_DUE = ~Q(status=HandoffStatus.WITHDRAWN) & (~Q(status=HandoffStatus.OPEN) | Q(is_late=True))
REJECTED = Q(status=HandoffStatus.REJECTED)
ANSWERED = Q(status__in=VERDICTS)
# Whose answer it is: of the person asked; where a team was, of who answered.
ASKED = Coalesce("to_user", Case(When(ANSWERED, then=F("decided_by"))))
RATED = Q(rating__isnull=False) | Exists(
    Impression.objects.filter(lead=OuterRef("lead"), episode=OuterRef("episode")).order_by()
)
# F1, an answer that marketing can learn from: a yes with an impression of the lead; a no, which has its reason; of bad
# data only with the wrong field.
IS_COVERED = Case(
    When(ACCEPTED & RATED, then=Value(value=True)),
    When(REJECTED & ~Q(route=Route.REPAIR, wrong_fields__len=0), then=Value(value=True)),
    default=Value(value=False),
    output_field=BooleanField(),
)


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
    def late(self) -> int:
        """Past their time without an answer: passed on, or still open."""
        return self.due - self.answered

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
    """How much one can learn (F1), and how long it took (F2): the median and the slowest tenth, in working time."""

    covered: Counted = NOTHING
    median: timedelta | None = None
    p90: timedelta | None = None


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
    computed: dict[str, dict[str, Any]] = {
        "content": {"content": Subquery(last_content())},
        "owner": {"asked": ASKED},
        "month": {"month": TruncMonth("offered_at", tzinfo=tz, output_field=DateField())},
    }
    for name in {dimension, *asked.held} & set(computed):
        found = found.annotate(**computed[name])
    return found.filter(*(held_at(name, key) for name, key in asked.held.items())).order_by()


def held_at(dimension: str, key: str) -> Q:
    """That the dimension has this key; "" is nothing, however it is stored."""
    column = DIMENSIONS[dimension]
    if key:
        return Q(**{column: key})
    nothing = Q(**{f"{column}__isnull": True})
    return nothing if dimension in NUMBERED else nothing | Q(**{column: ""})


def last_content() -> QuerySet[Any]:
    """The content that the buyer met last before the hand-off."""
    met = Touch.objects.effective().filter(lead=OuterRef("lead"), asset__isnull=False, at__lte=OuterRef("offered_at"))
    return met.order_by("-at", "-id").values("asset")[:1]


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
    asked: Asked,
    dimension: str,
    *,
    at: datetime,
    order: str = "offered",
    descending: bool = True,
    most: int = MOST_ROWS,
) -> list[Figures]:
    """A row for each value, ``most`` of them, keys as texts; rates on too few judged leads come last."""
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
    return [Figures(key=text_of(row["key_found"]), **{name: row[name] for name in COUNTS}) for row in rows[:most]]


def text_of(key: Any) -> str:
    """A key as reports have it: "" for nothing, months as "2026-03"."""
    if isinstance(key, date):
        return f"{key:%Y-%m}"
    return "" if key is None else str(key)


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
    return ordered(((row["reason"], row["count"]) for row in found), Reason.objects.in_bulk())


def reasons_by(asked: Asked, dimension: str, *, at: datetime) -> dict[str, list[ReasonShare]]:
    """`pareto` of each value of a dimension."""
    rejected = handoffs_asked(asked, at=at, dimension=dimension).filter(REJECTED)
    found = rejected.values("reason", key_found=F(DIMENSIONS[dimension])).annotate(count=Count("status"))
    counts: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in found:
        counts[text_of(row["key_found"])].append((row["reason"], row["count"]))
    reasons = Reason.objects.in_bulk()
    return {key: ordered(of_key, reasons) for key, of_key in counts.items()}


def ordered(counts: Iterable[tuple[int, int]], reasons: Mapping[int, Reason]) -> list[ReasonShare]:
    """Most frequent first; ``counts``: (id of the reason, how often), each once or in parts."""
    summed: dict[int, int] = defaultdict(int)
    for reason, count in counts:
        summed[reason] += count
    total, running, shares = sum(summed.values()), 0, []
    for reason, count in sorted(summed.items(), key=lambda pair: (-pair[1], pair[0])):
        running += count
        shares.append(ReasonShare(reasons[reason], count, Counted(count, total), Counted(running, total)))
    return shares


QUALITY = {
    "covered": Count("pk", filter=Q(is_covered=True)),
    "whole": Count("pk"),
    "median": Median(ANSWER_TIME),
    "p90": NinetyPercent(ANSWER_TIME),
}


def quality(asked: Asked, *, at: datetime) -> Quality:
    answered = handoffs_asked(asked, at=at).filter(ANSWERED).alias(is_covered=IS_COVERED)
    return quality_of(answered.aggregate(**QUALITY))


def quality_by(asked: Asked, dimension: str, *, at: datetime) -> dict[str, Quality]:
    """`quality` of each value of a dimension."""
    answered = handoffs_asked(asked, at=at, dimension=dimension).filter(ANSWERED).alias(is_covered=IS_COVERED)
    rows = answered.values(key_found=F(DIMENSIONS[dimension])).annotate(**QUALITY)
    return {text_of(row["key_found"]): quality_of(row) for row in rows}


def quality_of(row: Mapping[str, Any]) -> Quality:
    return Quality(Counted(row["covered"], row["whole"]), row["median"], row["p90"])


def heard_by(asked: Asked, dimension: str, *, at: datetime) -> dict[str, dict[int, int]]:
    """What sales said by a tap of the leads of each value, once they had been worked: impressions by quality."""
    found = handoffs_asked(asked, at=at, dimension=dimension).filter(lead__impressions__quality__isnull=False)
    rows: QuerySet[Any, Any] = found.values("lead__impressions__quality", key_found=F(DIMENSIONS[dimension])).annotate(
        count=Count("lead__impressions", distinct=True)
    )
    heard: dict[str, dict[int, int]] = defaultdict(dict)
    for row in rows:
        heard[text_of(row["key_found"])][row["lead__impressions__quality"]] = row["count"]
    return heard
