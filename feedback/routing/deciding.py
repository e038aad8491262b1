"""Who gets a lead: facts in, a decision with its reasons out. Pure; floor.py and cases.py bring the facts.

The order (METRICS Q1 to Q3): who knows the account, who knew the lead, the first rule that fits, the fallback, the
queue of the team's manager. Whoever cannot take it now is left out of each, and the decision says why.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from feedback.routing.conditions import Asked, fits
from feedback.routing.turns import take_turn

# More names make a decision no clearer.
MOST_NAMED = 12


@dataclass(frozen=True)
class Person:
    """Somebody who takes leads. ``absent``: why not now ("away until 3 Jan"); "" when here."""

    id: int
    name: str
    team: int | None = None
    is_rep: bool = True
    weight: int = 1
    capacity: int | None = None
    specialisms: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    absent: str = ""


@dataclass(frozen=True)
class SalesTeam:
    id: int
    name: str
    manager: int | None = None


@dataclass(frozen=True)
class Rule:
    """Leads that fit go to a team, perhaps only to those who know ``specialism``, or to a person."""

    id: int
    name: str
    asked: Asked
    team: int | None = None
    user: int | None = None
    specialism: str = ""


@dataclass(frozen=True)
class Plan:
    account_owner_first: bool = True
    earlier_owner_first: bool = True
    fallback_user: int | None = None
    fallback_team: int | None = None


@dataclass(frozen=True)
class Case:
    """What counts of one lead. ``owners`` and ``earlier``: who to ask first, best first.

    ``tried``: who had it already this time round; ``team``: the team that had it, for what no rule places.
    """

    lead: int
    values: Mapping[str, str] = field(default_factory=dict)
    language: str = ""
    owners: tuple[int, ...] = ()
    earlier: tuple[int, ...] = ()
    tried: frozenset[int] = frozenset()
    team: int | None = None


@dataclass
class Floor:
    """The sales floor at this moment. ``waiting``: open hand-offs of whoever has a capacity.

    ``owed``: for each team whose turn it is. Both go on with every decision.
    """

    plan: Plan
    rules: tuple[Rule, ...]
    people: Mapping[int, Person]
    teams: Mapping[int, SalesTeam]
    waiting: dict[int, int] = field(default_factory=dict)
    owed: dict[int, dict[int, int]] = field(default_factory=dict)
    reps: dict[int, list[Person]] = field(init=False)

    def __post_init__(self) -> None:
        self.reps = {team: [] for team in self.teams}
        for person in sorted(self.people.values(), key=lambda person: person.id):
            if person.is_rep and person.team in self.reps:
                self.reps[person.team].append(person)

    def without(self, gone: Mapping[int, str]) -> "Floor":
        """The floor as it was before anything was decided, these people absent."""
        people = {pk: replace(who, absent=gone.get(pk, who.absent)) for pk, who in self.people.items()}
        owed = {team: dict(turns) for team, turns in self.owed.items()}
        return Floor(self.plan, self.rules, people, self.teams, dict(self.waiting), owed)

    def never_full(self) -> "Floor":
        """The same with room for any number of hand-offs."""
        people = {pk: replace(who, capacity=None) for pk, who in self.people.items()}
        return replace(self, people=people)


@dataclass(frozen=True)
class Pool:
    """People among whom one is looked for: by turn in ``turns_of``, a team, or the first who can."""

    step: str
    people: tuple[Person, ...]
    name: str = ""
    turns_of: int | None = None
    any_language: bool = False


@dataclass(frozen=True)
class Decision:
    """A person, or a team whose queue it joins; ``why`` is stored, explaining.py reads it to people.

    ``answers_for``: the sales team that answers for it.
    """

    user: int | None
    team: int | None
    why: dict[str, Any]
    answers_for: int | None = None


def decide(case: Case, floor: Floor) -> Decision | None:
    """Who gets the lead; None without any sales team. The floor counts it as given."""
    rule = next((rule for rule in floor.rules if fits(rule.asked, case.values)), None)
    steps: list[dict[str, Any]] = []
    for pool in pools(case, rule, floor):
        able, step = sort_out(pool, case, floor)
        steps.append(step)
        chosen = choose(pool, able, floor, step)
        if chosen is not None:
            step["chosen"] = chosen.name
            floor.waiting[chosen.id] = floor.waiting.get(chosen.id, 0) + 1
            why = {"rule": pool.step, **named(pool), "to": chosen.name, "steps": steps}
            return Decision(chosen.id, None, why, chosen.team)
    return queue(case, rule, floor, steps)


def pools(case: Case, rule: Rule | None, floor: Floor) -> Iterator[Pool]:
    """Where to look for somebody, in order."""
    plan, first_team = floor.plan, next(iter(floor.teams), None)
    if plan.account_owner_first and case.owners:
        yield Pool("account_owner", known(case.owners, floor))
    if plan.earlier_owner_first and case.earlier:
        yield Pool("earlier_owner", known(case.earlier, floor))
    if rule is not None:
        yield pool_of(rule, floor)
    elif case.team in floor.teams:
        yield team_pool("team", case.team, floor)
    if plan.fallback_user:
        yield Pool("fallback", known((plan.fallback_user,), floor), any_language=True)
    elif plan.fallback_team in floor.teams:
        yield team_pool("fallback", plan.fallback_team, floor, any_language=True)
    elif rule is None and case.team is None and first_team is not None:
        yield team_pool("first_team", first_team, floor)


def pool_of(rule: Rule, floor: Floor) -> Pool:
    if rule.team is None:
        return Pool("routing_rule", known((rule.user,) if rule.user else (), floor), name=rule.name)
    reps = floor.reps.get(rule.team, [])
    tag = rule.specialism.casefold()
    able = tuple(person for person in reps if not tag or tag in person.specialisms)
    return Pool("routing_rule", able, name=rule.name, turns_of=rule.team)


def team_pool(step: str, team: int | None, floor: Floor, *, any_language: bool = False) -> Pool:
    if team is None:
        return Pool(step, ())
    people = tuple(floor.reps.get(team, ()))
    return Pool(step, people, name=floor.teams[team].name, turns_of=team, any_language=any_language)


def known(ids: tuple[int, ...], floor: Floor) -> tuple[Person, ...]:
    """These people, as far as they take leads at all."""
    return tuple(floor.people[pk] for pk in ids if pk in floor.people)


def named(pool: Pool) -> dict[str, str]:
    return {"name": pool.name} if pool.name else {}


def sort_out(pool: Pool, case: Case, floor: Floor) -> tuple[list[Person], dict[str, Any]]:
    """Who of the pool can take this lead now, and the step of the decision that says so."""
    able: list[Person] = []
    dropped: dict[str, str] = {}
    for person in pool.people:
        why = why_not(person, pool, case, floor)
        if not why:
            able.append(person)
        elif len(dropped) < MOST_NAMED:
            dropped[person.name if person.name not in dropped else f"{person.name} ({person.id})"] = why
    step: dict[str, Any] = {"step": pool.step, **named(pool), "kept": [who.name for who in able[:MOST_NAMED]]}
    more = len(pool.people) - len(able) - len(dropped)
    return able, step | ({"dropped": dropped} if dropped else {}) | ({"more": more} if more else {})


def why_not(person: Person, pool: Pool, case: Case, floor: Floor) -> str:
    """Why this person cannot take the lead now; "" when they can."""
    if person.absent:
        return person.absent
    if person.id in case.tried:
        return "had it already this time round"
    if case.language and person.languages and case.language not in person.languages and not pool.any_language:
        return f"does not speak {case.language}"
    waiting = floor.waiting.get(person.id, 0)
    if person.capacity is not None and waiting >= person.capacity:
        return f"has {waiting} of {person.capacity} open"
    if pool.turns_of is not None and person.weight == 0:
        return "takes no turns"
    return ""


def choose(pool: Pool, able: list[Person], floor: Floor, step: dict[str, Any]) -> Person | None:
    if pool.turns_of is None:
        return able[0] if able else None
    owed = floor.owed.setdefault(pool.turns_of, {})
    chosen = take_turn({person.id: person.weight for person in able}, owed)
    if chosen is None:
        return None
    person = floor.people[chosen]
    step["turn"] = {"weight": person.weight, "of": sum(other.weight for other in able), "people": len(able)}
    return person


def queue(case: Case, rule: Rule | None, floor: Floor, steps: list[dict[str, Any]]) -> Decision | None:
    """Nobody can take it now: it waits for the manager of the team, or for the team where nobody leads it."""
    team = queue_team(case, rule, floor)
    if team is None:
        return None
    manager = floor.people.get(team.manager) if team.manager else None
    why = {"rule": "queue", "name": team.name, "steps": steps}
    if manager is None or manager.absent or manager.id in case.tried:
        return Decision(None, team.id, {**why, "to": team.name}, team.id)
    return Decision(manager.id, None, {**why, "to": manager.name}, team.id)


def queue_team(case: Case, rule: Rule | None, floor: Floor) -> SalesTeam | None:
    person = floor.people.get(rule.user) if rule and rule.user else None
    asked = (
        rule.team if rule else None, person.team if person else None,
        case.team, floor.plan.fallback_team, *floor.teams,
    )  # fmt: skip
    return next((floor.teams[pk] for pk in asked if pk is not None and pk in floor.teams), None)
