"""What the inbox shows: the hand-offs that wait, and all one needs to answer one of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, F, Q, QuerySet

from crm.access import own_team_ids
from crm.models import User
from crm.periods import local_day, start_of_day, start_of_week, zone
from feedback.access import may_ever_decide
from feedback.models import VERDICTS, Handoff, HandoffStatus
from feedback.queries import COUNT_UP_TO, Median, inbox_of
from leads.models import Lead, Opportunity, Touch, TouchBy
from scoring.explanation import Contribution, explain

ROWS = 50
TOUCHES = 20
REASONS = 3


@dataclass(frozen=True)
class Row:
    """One hand-off of the list, with what the buyer did last."""

    handoff: Handoff
    touch: Touch | None


@dataclass(frozen=True)
class Waiting:
    """A page of the list. ``more``: the id after which the next page begins, None at the end."""

    rows: list[Row]
    total: int
    more: int | None = None

    @property
    def handoffs(self) -> list[Handoff]:
        return [row.handoff for row in self.rows]

    @property
    def total_words(self) -> str:
        return f"{COUNT_UP_TO}+" if self.total >= COUNT_UP_TO else str(self.total)

    @property
    def by_recipient(self) -> list[tuple[str, list[Row]]]:
        """For who only looks on: who is asked, and what waits there; who lets wait longest comes first."""
        groups: dict[str, list[Row]] = {}
        for row in self.rows:
            groups.setdefault(row.handoff.recipient, []).append(row)
        return list(groups.items())


def waiting_page(user: User, *, after: Handoff | None = None) -> Waiting:
    """The hand-offs before this person, first to expire on top, ``ROWS`` at a time."""
    waiting = inbox_of(user)
    total = waiting[:COUNT_UP_TO].count()
    if after is not None:
        waiting = waiting.filter(Q(due_at__gt=after.due_at) | Q(due_at=after.due_at, id__gt=after.pk))
    found = list(with_row(waiting)[: ROWS + 1])
    shown = found[:ROWS]
    touches = last_touches([handoff.lead_id for handoff in shown])
    more = shown[-1].pk if len(found) > ROWS else None
    return Waiting([Row(handoff, touches.get(handoff.lead_id)) for handoff in shown], total, more)


def with_row(handoffs: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """With everything a row and a card show of the hand-off itself."""
    return handoffs.select_related(
        "lead__leadscore",
        "lead__company",
        "lead__contact",
        "lead__campaign",
        "to_user__team",
        "to_team",
        "offered_by",
        "decided_by",
        "reason",
    )


def last_touches(lead_ids: list[int]) -> dict[int, Touch]:
    """What each buyer did last, by lead."""
    touches = Touch.objects.effective().filter(lead__in=lead_ids, by=TouchBy.BUYER).select_related("campaign", "asset")
    return {touch.lead_id: touch for touch in touches.order_by("lead_id", "-at", "-id").distinct("lead_id")}


def next_after(waiting: Waiting, handoff: Handoff) -> Handoff | None:
    """The one below ``handoff`` in the list, which itself may have left it; the first when it was the last."""
    below = (other for other in waiting.handoffs if (other.due_at, other.pk) > (handoff.due_at, handoff.pk))
    return next(below, waiting.handoffs[0] if waiting.rows else None)


@dataclass(frozen=True)
class Origin:
    """Where a lead comes from: its first and last touch, and the others between them, newest first."""

    first: Touch | None
    last: Touch | None
    others: list[Touch]
    count: int


@dataclass(frozen=True)
class Card:
    """All one needs to answer a hand-off."""

    handoff: Handoff
    origin: Origin
    reasons: list[Contribution]
    earlier: list[Handoff]
    opportunities: list[Opportunity]


def card_of(handoff: Handoff, *, now: datetime) -> Card:
    lead = handoff.lead
    return Card(
        handoff=handoff,
        origin=origin_of(lead),
        reasons=explain(lead, at=now)[:REASONS],
        earlier=list(decided_handoffs(lead).exclude(pk=handoff.pk)[:5]),
        opportunities=list(open_opportunities_there(lead)[:3]),
    )


def origin_of(lead: Lead) -> Origin:
    touches = Touch.objects.effective().filter(lead=lead).select_related("campaign", "asset")
    newest = list(touches.order_by("-at", "-id")[:TOUCHES])
    if len(newest) < TOUCHES:
        count, first = len(newest), newest[-1] if newest else None
    else:
        count, first = touches.count(), touches.order_by("at", "id").first()
    last = newest[0] if newest else None
    return Origin(first, last, [touch for touch in newest if touch not in (first, last)], count)


def decided_handoffs(lead: Lead) -> QuerySet[Handoff]:
    """The answers this lead got so far, newest first."""
    decided = lead.handoffs.exclude(status=HandoffStatus.OPEN)
    return decided.select_related(
        "to_user", "to_team", "decided_by", "reason", "followed_by__to_user", "followed_by__to_team"
    ).order_by(F("decided_at").desc(), "-id")


def open_opportunities_there(lead: Lead) -> QuerySet[Opportunity]:
    """Open opportunities of the company the lead works for."""
    open_ones = Opportunity.objects.filter(outcome="").select_related("owner").exclude(lead=lead)
    return open_ones.filter(company=lead.company_id) if lead.company_id else open_ones.none()


@dataclass(frozen=True)
class Answers:
    """How much was answered this week, and how fast: the median from hand-off to verdict."""

    who: str
    count: int
    answer_time: timedelta | None


def answers_this_week(user: User, *, now: datetime) -> Answers:
    """A rep's own answers, those of a manager's teams, or, for marketing, all of sales."""
    tz = zone()
    since = start_of_day(start_of_week(local_day(now, tz)), tz)
    answered = Handoff.objects.order_by().filter(status__in=VERDICTS, decided_at__gte=since, decided_at__lte=now)
    if user.is_rep:
        who, answered = "You", answered.filter(decided_by=user)
    elif may_ever_decide(user):
        who, answered = "Your people", answered.filter(decided_by__team__in=own_team_ids(user))
    else:
        who = "Sales"
    figures = answered.aggregate(count=Count("pk"), answer_time=Median(F("decided_at") - F("offered_at")))
    return Answers(who, **figures)
