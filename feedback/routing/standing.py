"""How the sales teams and their reps stand in the routing, and the plan by which it goes."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from crm.models import Role, Side, Team, User
from crm.periods import local_day, zone
from feedback.models import Handoff, HandoffQuerySet, RoutingPlan, RoutingRule
from feedback.routing.floor import absence, zone_of

WINDOW = timedelta(days=30)
# So many of the newest hand-offs are looked at.
NEWEST = 5_000


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


def rules_in_order() -> list[RoutingRule]:
    return list(RoutingRule.objects.select_related("to_team", "to_user__team"))


def plan_as_it_is() -> RoutingPlan:
    """The plan; an unsaved one before anybody changed it."""
    return RoutingPlan.objects.select_related("fallback_user", "fallback_team").filter(pk=1).first() or RoutingPlan()
