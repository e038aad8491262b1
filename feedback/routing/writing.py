"""Changing how leads are routed: the rules, the plan, and what each rep takes."""

from datetime import datetime
from typing import Any

from django.db import transaction

from crm.access import heads, is_manager_of, manages, require
from crm.assigning import require_here
from crm.editing import make, present, put, save_put
from crm.errors import BusinessError
from crm.models import Side, Team, User
from crm.positions import last_position, move
from feedback.access import may_ever_decide
from feedback.errors import NoSuchRecipient
from feedback.models import RoutingPlan, RoutingRule, RoutingTurn
from feedback.routing.conditions import clean_conditions
from feedback.routing.floor import take_the_floor

REFUSED = "Only sales managers and admins change the routing."
NOT_TO_BE_SEEN = "Only managers and admins see the routing."
MOST_RULES = 200
# What a manager sets of a rep.
REP_FIELDS = frozenset({"weight", "capacity", "specialisms", "languages", "away_until"})


def may_route(user: User) -> bool:
    """Sales managers and admins (DESIGN: "edit reasons, routing, service levels")."""
    return user.is_admin or is_manager_of(user, Side.SALES)


def may_see_routing(user: User) -> bool:
    """Managers of marketing propose: they see and preview."""
    return manages(user)


def may_set_rep(user: User, person: User) -> bool:
    """Admins, and the manager of the person's team."""
    return user.is_admin or heads(user, person.team_id)


@transaction.atomic
def create_rule(*, by: User, **fields: Any) -> RoutingRule:
    """A new rule, behind the others. Raises NotAllowed, BadConditions, NoSuchRecipient, ValidationError."""
    require(may_route(by), REFUSED)
    if RoutingRule.objects.count() >= MOST_RULES:
        raise BusinessError(f"There are {MOST_RULES} rules already: remove some first.", code="too_many_rules")
    rule = RoutingRule(**{"position": last_position(RoutingRule.objects.all()), **cleaned(fields)})
    check_target(rule)
    return make(rule)


@transaction.atomic
def edit_rule(rule: RoutingRule, *, by: User, **fields: Any) -> RoutingRule:
    require(may_route(by), REFUSED)
    rule = present(rule, "to_team", "to_user")
    fresh = put(rule, cleaned(fields))
    check_target(rule)
    rule.validate_unique()
    if fresh:
        rule.save(update_fields=[*fresh, "updated_at"])
    return rule


@transaction.atomic
def switch_rule(rule: RoutingRule, *, by: User, on: bool) -> RoutingRule:
    """A rule that is off catches nothing. One whose person has left can still be switched off."""
    require(may_route(by), REFUSED)
    rule = present(rule, "to_team", "to_user")
    if on:
        check_target(rule)
    save_put(rule, {"is_active": on})
    return rule


@transaction.atomic
def move_rule(rule: RoutingRule, *, by: User, step: int) -> None:
    """One place up (-1) or down (1): the first that fits counts."""
    require(may_route(by), REFUSED)
    move(RoutingRule.objects.all(), rule.pk, step=step)


@transaction.atomic
def remove_rule(rule: RoutingRule, *, by: User) -> None:
    """What it decided keeps its words."""
    require(may_route(by), REFUSED)
    RoutingRule.objects.filter(pk=rule.pk).delete()


@transaction.atomic
def edit_plan(*, by: User, at: datetime, **fields: Any) -> RoutingPlan:
    """Change what holds for every lead; ``offers_automatically`` is switched on from ``at``."""
    require(may_route(by), REFUSED)
    plan = take_the_floor([])
    if "offers_automatically" in fields:
        on = fields.pop("offers_automatically")
        fields["offers_since"] = (plan.offers_since or at) if on else None
    check_recipients(fields.get("fallback_user"), fields.get("fallback_team"))
    save_put(plan, fields)
    return plan


@transaction.atomic
def set_rep(person: User, *, by: User, **fields: Any) -> User:
    """Change what a rep takes. A new weight lets the turns of the team begin anew."""
    require(may_set_rep(by, person), "Only the manager of the team and admins change what a rep takes.")
    take_the_floor([])
    person = User.objects.select_for_update(of=("self",), no_key=True).get(pk=person.pk)
    fresh = put(person, {name: value for name, value in fields.items() if name in REP_FIELDS})
    if fresh:
        person.save(update_fields=[*fresh, "updated_at"])
    if "weight" in fresh:
        RoutingTurn.objects.filter(team=person.team_id).delete()
    return person


def cleaned(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields as they are stored."""
    clean = dict(fields)
    if "conditions" in clean:
        clean["conditions"] = clean_conditions(clean["conditions"])
    for name in ("name", "specialism"):
        if name in clean:
            clean[name] = " ".join(str(clean[name]).split())
    return clean


def check_target(rule: RoutingRule) -> None:
    if (rule.to_team is None) == (rule.to_user is None):
        raise NoSuchRecipient("A rule leads to one team or to one person.")
    if rule.specialism and rule.to_team is None:
        raise NoSuchRecipient("A specialism chooses among the reps of a team.")
    check_recipients(rule.to_user, rule.to_team)


def check_recipients(user: User | None, team: Team | None) -> None:
    if user is not None:
        if not may_ever_decide(user):
            raise NoSuchRecipient(f"{user} does not take leads.")
        require_here(user)
    if team is not None and team.kind != Side.SALES:
        raise NoSuchRecipient(f"{team} is not a sales team.")
