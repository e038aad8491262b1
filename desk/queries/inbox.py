"""What the inbox shows: the hand-offs that wait, and all one needs to answer one of them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery

from crm.access import own_team_ids
from crm.models import Side, Team, User
from crm.periods import local_day, start_of_day, start_of_week, zone
from crm.requests import id_of
from crm.words import capped
from feedback.access import may_ever_decide
from feedback.forms import recipient_choices
from feedback.models import VERDICTS, Handoff, HandoffQuerySet, HandoffStatus
from feedback.queries import ANSWER_TIME, COUNT_UP_TO, Median, inbox_of
from feedback.talk import with_talk
from leads.models import Lead, Opportunity, Touch, TouchBy
from leads.united import united, united_ids
from scoring.explanation import Contribution, explain

ROWS = 50
TOUCHES = 20
REASONS = 3


@dataclass(frozen=True)
class Whom:
    """Whose hand-offs are looked at: those of one team or one person, or all there are to see."""

    key: str = ""
    team: Team | None = None
    user: User | None = None

    def among(self, handoffs: HandoffQuerySet) -> HandoffQuerySet:
        if self.user:
            return handoffs.filter(to_user=self.user)
        if self.team:
            return handoffs.filter(Q(to_team=self.team) | Q(to_user__team=self.team))
        return handoffs


EVERYBODY = Whom()


def whom_named(key: str) -> Whom:
    """ "user:3" or "team:2" of an address; everybody where it names nobody there is."""
    kind, _colon, number = key.partition(":")
    if kind == "user" and (user := User.objects.select_related("team").filter(pk=id_of(number)).first()):
        return Whom(key, user=user)
    if kind == "team" and (team := Team.objects.filter(pk=id_of(number), kind=Side.SALES).first()):
        return Whom(key, team=team)
    return EVERYBODY


def recipients_seen(user: User) -> list[tuple[str, list[tuple[str, str]]]]:
    """Teams and people whose hand-offs this person sees, in groups; nobody to choose among for a rep."""
    if user.is_rep:
        return []
    teams = own_team_ids(user) if may_ever_decide(user) else None
    return recipient_choices(teams)


@dataclass(frozen=True)
class Row:
    """One hand-off of the list, with what the buyer did last."""

    handoff: Handoff
    touch: Touch | None


@dataclass(frozen=True)
class Waiting:
    """A page of the list. ``more``: the id after which the next page begins, None at the end.

    ``snoozed``: those put off, first to come back on top, and how many there are.
    """

    rows: list[Row]
    total: int
    more: int | None = None
    snoozed: list[Row] = field(default_factory=list)
    snoozed_total: int = 0

    @property
    def handoffs(self) -> list[Handoff]:
        return [row.handoff for row in self.rows]

    @property
    def total_words(self) -> str:
        return capped(self.total)

    @property
    def snoozed_words(self) -> str:
        return capped(self.snoozed_total)

    @property
    def by_recipient(self) -> list[tuple[str, list[Row]]]:
        """For who only looks on: who is asked, and what waits there; who lets wait longest comes first."""
        groups: dict[str, list[Row]] = {}
        for row in self.rows:
            groups.setdefault(row.handoff.recipient, []).append(row)
        return list(groups.items())


def waiting_page(user: User, *, at: datetime, whom: Whom = EVERYBODY, after: Handoff | None = None) -> Waiting:
    """The hand-offs before this person, first to expire on top, ``ROWS`` at a time."""
    asked = whom.among(inbox_of(user))
    waiting, snoozed = asked.in_sight(at), asked.snoozed(at)
    total, snoozed_total = waiting[:COUNT_UP_TO].count(), snoozed[:COUNT_UP_TO].count()
    if after is not None:
        waiting = waiting.filter(Q(due_at__gt=after.due_at) | Q(due_at=after.due_at, id__gt=after.pk))
    found = list(with_row(waiting)[: ROWS + 1])
    shown = found[:ROWS]
    put_off = list(with_row(snoozed.order_by("snoozed_until", "id"))[:ROWS]) if snoozed_total else []
    touches = last_touches([handoff.lead_id for handoff in (*shown, *put_off)])
    more = shown[-1].pk if len(found) > ROWS else None
    return Waiting(rows_of(shown, touches), total, more, rows_of(put_off, touches), snoozed_total)


def rows_of(handoffs: list[Handoff], touches: dict[int, Touch]) -> list[Row]:
    return [Row(handoff, touches.get(handoff.lead_id)) for handoff in handoffs]


def with_row(handoffs: QuerySet[Handoff]) -> QuerySet[Handoff]:
    """With everything a row and a card show of the hand-off itself."""
    return handoffs.select_related(
        "lead__leadscore",
        "lead__leadprediction",
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
    """What each buyer did last, by lead: one look into the index for each, however many touches there are."""
    touches = Touch.objects.effective().filter(lead=OuterRef("pk"), by=TouchBy.BUYER).order_by("-at", "-id")
    family = united(lead_ids)
    newest = Lead.objects.order_by().filter(pk__in=family).values_list(Subquery(touches.values("pk")[:1]), flat=True)
    found = Touch.objects.select_related("campaign", "asset").filter(pk__in=[pk for pk in newest if pk])
    return {family[touch.lead_id]: touch for touch in found.order_by("at", "pk")}


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
    # Whether somebody wrote about this very hand-off.
    talk: bool


def card_of(handoff: Handoff, *, now: datetime) -> Card:
    lead = handoff.lead
    return Card(
        handoff=handoff,
        origin=origin_of(lead),
        reasons=explain(lead, at=now)[:REASONS],
        earlier=list(decided_handoffs(lead).exclude(pk=handoff.pk)[:5]),
        opportunities=list(open_opportunities_there(lead)[:3]),
        talk=handoff.replies.exists(),
    )


def origin_of(lead: Lead) -> Origin:
    touches = Touch.objects.effective().filter(lead__in=united_ids(lead)).select_related("campaign", "asset")
    newest = list(touches.order_by("-at", "-id")[:TOUCHES])
    if len(newest) < TOUCHES:
        count, first = len(newest), newest[-1] if newest else None
    else:
        count, first = touches.count(), touches.order_by("at", "id").first()
    last = newest[0] if newest else None
    return Origin(first, last, [touch for touch in newest if touch not in (first, last)], count)


def decided_handoffs(lead: Lead) -> QuerySet[Handoff]:
    """The answers this lead got so far, newest first; those of leads merged into it among them."""
    decided = Handoff.objects.filter(lead__in=united_ids(lead)).exclude(status=HandoffStatus.OPEN)
    return (
        with_talk(decided)
        .select_related(
            "lead", "to_user", "to_team", "decided_by", "reason", "followed_by__to_user", "followed_by__to_team"
        )
        .order_by(F("decided_at").desc(), "-id")
    )


def open_opportunities_there(lead: Lead) -> QuerySet[Opportunity]:
    """Open opportunities of the company the lead works for."""
    open_ones = Opportunity.objects.filter(outcome="").select_related("owner").exclude(lead__in=united_ids(lead))
    return open_ones.filter(company=lead.company_id) if lead.company_id else open_ones.none()


@dataclass(frozen=True)
class Answers:
    """How much was answered this week, and how fast: the median in working time."""

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
    figures = answered.aggregate(count=Count("pk"), answer_time=Median(ANSWER_TIME))
    return Answers(who, **figures)
