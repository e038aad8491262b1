"""The sales floor as the database has it: who is here, how full each is, whose turn it is; the lock of all routing."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Count, Q

from crm.models import Role, Side, Team, User
from crm.periods import local_day, zone
from feedback.models import Handoff, RoutingPlan, RoutingRule, RoutingTurn
from feedback.routing.conditions import asked_by
from feedback.routing.deciding import Floor, Person, Plan, Rule, SalesTeam

# Their leads are not taken from under us, and whoever holds leads waits for nobody who waits for the plan.
KEEP_LEADS = "SELECT id FROM leads_lead WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE"
STAYING = "SELECT id FROM crm_user WHERE id = ANY(%s) AND is_active ORDER BY id FOR SHARE SKIP LOCKED"
PAY = """
    INSERT INTO feedback_routingturn (team_id, user_id, current)
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::int[])
    ON CONFLICT (team_id, user_id) DO UPDATE SET current = EXCLUDED.current
"""


def take_the_floor(leads: Collection[int]) -> RoutingPlan:
    """Wait until nobody else decides, so that turns and capacities are counted once, and keep the leads.

    One row is the lock of all routing: an account owner of any team may be next, so that locks of single teams would
    have to be taken in an order that nobody knows beforehand.
    """
    with connection.cursor() as sql:
        sql.execute(KEEP_LEADS, [list(leads)])
    return RoutingPlan.objects.select_for_update(no_key=True).get_or_create(pk=1)[0]


def staying(people: Collection[int]) -> set[int]:
    """Those of these people whom nobody switches off before the transaction ends.

    Waits for nobody: who is being changed this very moment may be leaving, and whoever does that waits for us.
    """
    with connection.cursor() as sql:
        sql.execute(STAYING, [list(people)])
        return {pk for (pk,) in sql.fetchall()}


def floor_at(at: datetime, *, plan: RoutingPlan) -> Floor:
    """The sales floor as it is."""
    teams = Team.objects.filter(kind=Side.SALES).order_by("id").values_list("id", "name", "manager")
    sales_teams = {pk: SalesTeam(pk, name, manager) for pk, name, manager in teams}
    people = people_at(at, sales_teams)
    rules = RoutingRule.objects.filter(is_active=True).order_by("position", "id")
    return Floor(
        plan=Plan(
            plan.account_owner_first, plan.earlier_owner_first, plan.fallback_user_id, plan.fallback_team_id
        ),
        rules=tuple(as_rule(rule) for rule in rules),
        people=people,
        teams=sales_teams,
        waiting=waiting_for(people.values()),
        owed=turns_of(sales_teams),
    )  # fmt: skip


def as_rule(rule: RoutingRule) -> Rule:
    return Rule(rule.pk, rule.name, asked_by(rule.conditions), rule.to_team_id, rule.to_user_id, rule.specialism)


def people_at(at: datetime, teams: Mapping[int, SalesTeam]) -> dict[int, Person]:
    """Reps, and managers who answer for sales, by id; those who have left are among them as absent."""
    home = zone()
    leads_sales = Q(role=Role.MANAGER) & (Q(team__in=teams) | Q(managed_teams__in=teams))
    users = User.objects.filter(Q(role=Role.REP) | leads_sales).select_related("team").distinct()
    return {user.pk: as_person(user, at=at, home=home) for user in users}


def as_person(user: User, *, at: datetime, home: ZoneInfo) -> Person:
    return Person(
        id=user.pk, name=str(user), team=user.team_id, is_rep=user.is_rep, weight=user.weight, capacity=user.capacity,
        specialisms=frozenset(tag.casefold() for tag in user.specialisms),
        languages=frozenset(code.casefold() for code in user.languages),
        absent=absence(user, on=local_day(at, zone_of(user, home))),
    )  # fmt: skip


def zone_of(user: User, home: ZoneInfo) -> ZoneInfo:
    """Where the person's days begin."""
    name = user.time_zone or (user.team.time_zone if user.team else "")
    return ZoneInfo(name) if name else home


def absence(user: User, *, on: date) -> str:
    """Why nothing is routed to this person on that day; "" when something is. The last day away is a day away."""
    if not user.is_active:
        return "no longer works here"
    if user.started_on and user.started_on > on:
        return f"starts on {user.started_on:%-d %b %Y}"
    if user.away_until and user.away_until >= on:
        return f"is away until {user.away_until:%-d %b %Y}"
    return ""


def waiting_for(people: Iterable[Person]) -> dict[int, int]:
    """Open hand-offs of each who takes only so many."""
    limited = [person.id for person in people if person.capacity is not None]
    rows = Handoff.objects.open().filter(to_user__in=limited).order_by().values_list("to_user")
    return dict(rows.annotate(count=Count("pk"))) if limited else {}


def turns_of(teams: Iterable[int]) -> dict[int, dict[int, int]]:
    turns: dict[int, dict[int, int]] = {}
    for team, user, owed in RoutingTurn.objects.filter(team__in=teams).values_list("team", "user", "current"):
        turns.setdefault(team, {})[user] = owed
    return turns


def keep_turns(before: Floor, after: Floor) -> None:
    """Write down what each is owed now."""
    rows = [
        (team, user, owed)
        for team, turns in after.owed.items()
        for user, owed in turns.items()
        if before.owed.get(team, {}).get(user) != owed
    ]
    if rows:
        with connection.cursor() as sql:
            sql.execute(PAY, [list(column) for column in zip(*sorted(rows), strict=True)])
