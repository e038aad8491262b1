"""What the routing gave out: the team table and the preview of last month."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count

from crm.models import Role, Side, Team, User
from crm.periods import local_day, zone
from feedback.models import Handoff, HandoffQuerySet, HandoffStatus, RoutingPlan, RoutingRule
from feedback.routing.choosing import Recipient, preview_again
from feedback.routing.explaining import explanation, headline
from feedback.routing.floor import absence, zone_of

WINDOW = timedelta(days=30)
# So many of the newest hand-offs are looked at.
NEWEST = 5_000
MOST_PREVIEWED = 1_000
MOST_SHOWN = 50


@dataclass(frozen=True)
class RepStanding:
    """``share``: of what the team got in the last 30 days; ``agreed``: by weight; both 0–1, None without a divisor."""

    person: User
    absent: str
    waiting: int
    got: int
    share: float | None
    agreed: float | None

    @property
    def is_full(self) -> bool:
        return self.person.capacity is not None and self.waiting >= self.person.capacity


@dataclass(frozen=True)
class TeamStanding:
    team: Team
    reps: list[RepStanding]

    @property
    def is_lost(self) -> bool:
        """Whether nobody of the team takes turns."""
        return not any(rep.person.weight and not rep.absent for rep in self.reps)


def standings(at: datetime) -> list[TeamStanding]:
    """Each sales team with its reps: four queries."""
    teams = list(Team.objects.filter(kind=Side.SALES).select_related("manager"))
    reps = User.objects.filter(role=Role.REP, is_active=True, team__in=teams).select_related("team")
    waiting = dict(
        Handoff.objects.open().filter(to_user__in=reps).order_by().values_list("to_user").annotate(count=Count("pk"))
    )
    got = Counter(lately(at).values_list("to_user", flat=True))
    by_team: dict[int | None, list[User]] = defaultdict(list)
    for rep in reps:
        by_team[rep.team_id].append(rep)
    return [TeamStanding(team, reps_of(by_team[team.pk], waiting, got, at)) for team in teams]


def reps_of(reps: list[User], waiting: dict[int, int], got: Counter[int], at: datetime) -> list[RepStanding]:
    home = zone()
    all_got, all_weight = sum(got[rep.pk] for rep in reps), sum(rep.weight for rep in reps)
    return [
        RepStanding(
            person=rep,
            absent=absence(rep, on=local_day(at, zone_of(rep, home))),
            waiting=waiting.get(rep.pk, 0),
            got=got[rep.pk],
            share=got[rep.pk] / all_got if all_got else None,
            agreed=rep.weight / all_weight if all_weight else None,
        )
        for rep in reps
    ]


def lately(at: datetime) -> HandoffQuerySet:
    """Hand-offs of the last 30 days, of the newest only: nothing reads all that ever were."""
    newest = Handoff.objects.order_by("-id").values("pk")[:NEWEST]
    return Handoff.objects.filter(pk__in=newest, offered_at__gte=at - WINDOW)


@dataclass(frozen=True)
class Compared:
    """One hand-off: who got it, who would get it now and why."""

    handoff: Handoff
    recipient: Recipient | None

    @property
    def sentences(self) -> list[str]:
        return explanation(self.recipient.why) if self.recipient else ["There is no sales team."]

    @property
    def headline(self) -> str:
        return headline(self.recipient.why) if self.recipient else "Nobody"

    @property
    def got_by(self) -> str:
        """Who took it, else who was asked."""
        taken = self.handoff.status == HandoffStatus.ACCEPTED and self.handoff.decided_by
        return str(taken or self.handoff.recipient)

    @property
    def is_same(self) -> bool:
        return self.recipient is not None and self.recipient.name == self.got_by


@dataclass(frozen=True)
class Line:
    """Somebody, or what decided, with how many leads they would get and did get."""

    label: str
    would: int
    did: int = 0

    @property
    def difference(self) -> int:
        return self.would - self.did


@dataclass(frozen=True)
class MonthPreview:
    since: date
    total: int
    same: int
    people: list[Line]
    causes: list[Line]
    rows: list[Compared]

    @property
    def other(self) -> int:
        return self.total - self.same


def month_preview(at: datetime) -> MonthPreview:
    """What was first handed over in the last 30 days, at most MOST_PREVIEWED, as the rules would place it today."""
    first = lately(at).filter(follows__isnull=True).select_related("lead__company", "to_user", "to_team", "decided_by")
    handoffs = list(first.order_by("-id")[:MOST_PREVIEWED])
    found = preview_again(list(reversed(handoffs)), at=at)
    rows = [Compared(handoff, found.get(handoff.lead_id)) for handoff in handoffs]
    return MonthPreview(
        since=local_day(at - WINDOW, zone()),
        total=len(rows),
        same=sum(row.is_same for row in rows),
        people=people_lines(rows),
        causes=cause_lines(rows),
        rows=rows[:MOST_SHOWN],
    )


def cause_lines(rows: list[Compared]) -> list[Line]:
    """What decides how often; a rule that catches nothing stands there too, and so does the fallback."""
    counts = Counter(row.headline for row in rows)
    rules = RoutingRule.objects.filter(is_active=True).values_list("name", flat=True)
    expected = [headline({"rule": "routing_rule", "name": name}) for name in rules]
    labels = dict.fromkeys(
        [label for label, _count in counts.most_common()] + [*expected, headline({"rule": "fallback"})]
    )
    return [Line(label, counts[label]) for label in labels]


def people_lines(rows: list[Compared]) -> list[Line]:
    would = Counter(row.recipient.name for row in rows if row.recipient)
    did = Counter(row.got_by for row in rows)
    names = sorted(would | did, key=lambda name: (-would[name], -did[name], name))
    return [Line(name, would[name], did[name]) for name in names]


def rules_in_order() -> list[RoutingRule]:
    return list(RoutingRule.objects.select_related("to_team", "to_user__team"))


def plan_as_it_is() -> RoutingPlan:
    """The plan; an unsaved one before anybody changed it."""
    return RoutingPlan.objects.select_related("fallback_user", "fallback_team").filter(pk=1).first() or RoutingPlan()
