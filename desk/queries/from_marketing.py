"""What marketing did for a rep: touches at their accounts, what they asked for, changes made because of their answers.

One statement finds what is newest of all of it, by indexes that begin with the rep or end with the time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any

from django.db.models import (
    BooleanField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast
from django.db.models.lookups import IsNull
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Asset
from crm.models import User
from desk.telling import TOUCH_ICONS, touch_line
from feedback.closed_loop import ANSWER_WITHIN
from feedback.models import Handoff, HandoffStatus, Improvement, ImprovementKind, Request, RequestStatus
from leads.models import Opportunity, Touch, TouchBy, TouchKind

ROWS = 10
TOUCHES_FOR = timedelta(days=7)
THE_REST_FOR = timedelta(days=30)
# New content is news for everybody: it must not hide what was done for this rep.
MOST_CONTENT = 3


class Kind(IntEnum):
    TOUCH = 1
    REQUEST = 2
    IMPROVEMENT = 3
    CONTENT = 4


@dataclass(frozen=True)
class Done:
    """One thing, as a line."""

    at: datetime
    icon: str
    title: str
    text: str
    url: str


@dataclass(frozen=True)
class DoneByMarketing:
    """The newest first, and whether there is more of it."""

    shown: list[Done]
    more: bool

    def __bool__(self) -> bool:
        return bool(self.shown)


def done_by_marketing(user: User, *, now: datetime) -> DoneByMarketing:
    """At most ten lines: one statement to find them, one for each kind among them to tell it."""
    first, *others = [
        named(touches(now).filter(lead__owner=user), Kind.TOUCH, F("at")),
        named(touches_at_accounts(user, now), Kind.TOUCH, F("at")),
        named(requests(user, now), Kind.REQUEST, F("closed_at")),
        named(improvements(user, now), Kind.IMPROVEMENT, Cast("on", DateTimeField())),
        named(content(now), Kind.CONTENT, F("created_at"), most=MOST_CONTENT),
    ]
    found = list(first.union(*others, all=True).order_by("-moment", "-kind_", "-row")[: ROWS + 1])
    shown = found[:ROWS]
    lines: dict[tuple[int, int], Done] = {}
    for kind in {Kind(row[0]) for row in shown}:
        rows, tell = TELLERS[kind]
        told = rows.in_bulk([row[1] for row in shown if row[0] == kind])
        lines |= {(kind, pk): tell(record) for pk, record in told.items()}
    return DoneByMarketing([lines[row[0], row[1]] for row in shown if (row[0], row[1]) in lines], len(found) > ROWS)


def named(rows: QuerySet[Any], kind: Kind, at: Any, *, most: int = ROWS + 1) -> QuerySet[Any, Any]:
    """The newest of a kind as (kind, id, moment)."""
    known = rows.annotate(kind_=Value(kind.value, IntegerField()), row=F("pk"), moment=at)
    return known.order_by("-moment", "-pk").values_list("kind_", "row", "moment")[:most]


def touches(now: datetime) -> QuerySet[Touch]:
    """What marketing did towards buyers, and what these answered to a campaign."""
    told = Q(by=TouchBy.MARKETING) | Q(by=TouchBy.BUYER, campaign__isnull=False)
    return Touch.objects.effective().filter(told, at__gt=now - TOUCHES_FOR, at__lte=now)


def touches_at_accounts(user: User, now: datetime) -> QuerySet[Touch]:
    """Towards others' leads at companies with an open opportunity of one's own.

    Apart from those of own leads, so that each is found by its own index: these by the companies, those by the time.
    """
    accounts = Opportunity.objects.filter(owner=user, outcome="", company__isnull=False).order_by().values("company")
    others = Q(lead__owner__isnull=True) | ~Q(lead__owner=user)
    return touches(now).filter(others, lead__company__in=accounts)


def requests(user: User, now: datetime) -> QuerySet[Request]:
    return Request.objects.filter(
        asked_by=user, status=RequestStatus.FULFILLED, closed_at__gt=now - THE_REST_FOR, closed_at__lte=now
    )


def improvements(user: User, now: datetime) -> QuerySet[Improvement]:
    """Made because of what this person rejected: the same campaign and reason, where the change names them, and in time
    (METRICS F4).
    """
    rejected = Handoff.objects.alias(of_all=missing("campaign"), for_any=missing("reason")).filter(
        Q(lead__campaign=OuterRef("campaign")) | Q(of_all=True),
        Q(reason=OuterRef("reason")) | Q(for_any=True),
        decided_by=user,
        status=HandoffStatus.REJECTED,
        decided_at__gt=now - THE_REST_FOR - ANSWER_WITHIN,
        decided_at__lt=days_from(OuterRef("on"), timedelta(days=1)),
        decided_at__gte=days_from(OuterRef("on"), -ANSWER_WITHIN),
    )
    changed = Improvement.objects.exclude(kind=ImprovementKind.NONE)
    first, today = timezone.localdate(now - THE_REST_FOR), timezone.localdate(now)
    return changed.filter(Exists(rejected), on__gt=first, on__lte=today)


def missing(name: str) -> Any:
    """Whether the change names no such thing."""
    return ExpressionWrapper(IsNull(OuterRef(name), True), BooleanField())


def days_from(day: Any, length: timedelta) -> Any:
    return ExpressionWrapper(day + length, DateTimeField())


def content(now: datetime) -> QuerySet[Asset]:
    return Asset.objects.filter(archived_at__isnull=True, created_at__gt=now - THE_REST_FOR, created_at__lte=now)


def tell_touch(touch: Touch) -> Done:
    text = ", ".join(map(str, filter(None, [touch_line(touch), touch.campaign if touch.asset else None])))
    url = reverse("desk:lead", args=[touch.lead_id])
    return Done(touch.at, TOUCH_ICONS[TouchKind(touch.kind)], str(touch.lead), text, url)


def tell_request(request: Request) -> Done:
    made = str(request.asset or request.answer)
    at = request.closed_at or request.asked_at
    return Done(at, "gift", made[:120], f"You asked for {lower(request)}", reverse("desk:request", args=[request.pk]))


def lower(request: Request) -> str:
    return str(request.get_kind_display()).lower()


def tell_improvement(change: Improvement) -> Done:
    about = f"{change.get_kind_display()}{f', {change.campaign}' if change.campaign else ''}"
    because = f"because you said “{change.reason}”" if change.reason else "because of what you rejected"
    url = reverse("desk:campaign", args=[change.campaign_id]) if change.campaign_id else "/feedback/"
    return Done(change.moment, "tool", change.text[:120], f"{about}, {because}", url)  # type: ignore[attr-defined]


def tell_content(asset: Asset) -> Done:
    url = reverse("desk:asset", args=[asset.pk])
    return Done(asset.created_at, "files", str(asset), f"New: {str(asset.get_kind_display()).lower()}", url)


TELLERS: dict[Kind, tuple[QuerySet[Any], Any]] = {
    Kind.TOUCH: (Touch.objects.select_related("lead__company", "campaign", "asset"), tell_touch),
    Kind.REQUEST: (Request.objects.select_related("asset"), tell_request),
    Kind.IMPROVEMENT: (
        Improvement.objects.select_related("campaign", "reason").annotate(moment=Cast("on", DateTimeField())),
        tell_improvement,
    ),
    Kind.CONTENT: (Asset.objects.all(), tell_content),
}
