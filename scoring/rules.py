"""The rules of a definition, read and checked: pure, no database.

A rule is ``{"axis", "field", "operator", "value", "points", "cap"?, "group"?}``. A fit rule counts once; an engagement
rule counts for every touch of the buyer that matches, up to its cap. The rules of a group give together at most the
largest of their caps (for fit: of their points).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeGuard

from crm.errors import BusinessError
from scoring.fields import FIELDS, LIST_OPERATORS, OPERATORS, Axis, Field, Type

FIT_GRADES = ("A", "B", "C")  # below C: D
ENGAGEMENT_GRADES = ("1", "2", "3")  # below 3: 4
MOST_POINTS = 100
KEYS = {"axis", "field", "operator", "value", "points", "cap", "group"}
Problem = tuple[str, str]


class InvalidDefinition(BusinessError):
    """``extra["problems"]``: [{"place": "rules[2].field", "text": …}, …]."""

    code = "invalid_definition"

    def __init__(self, problems: list[Problem]) -> None:
        lines = "; ".join(f"{place}: {text}" for place, text in problems)
        super().__init__(lines, problems=[{"place": place, "text": text} for place, text in problems])


@dataclass(frozen=True)
class Rule:
    axis: Axis
    field: str
    operator: str
    value: Any
    points: int
    cap: int | None = None
    group: str = ""
    position: int = 0

    @property
    def name(self) -> str:
        """Its column in the compiled statement."""
        return f"rule_{self.position}"

    @property
    def column(self) -> Field:
        return FIELDS[self.axis][self.field]

    @property
    def most(self) -> int | None:
        """The most points it can give; None when only the number of touches limits it."""
        if self.axis is Axis.FIT or self.points < 0:
            return self.points
        return self.cap


@dataclass(frozen=True)
class Thresholds:
    """Least points of each grade; empty: no grades. ``mql``: least score that counts as qualified."""

    fit: dict[str, int]
    engagement: dict[str, int]
    mql: int | None


@dataclass(frozen=True)
class Card:
    """A definition ready for use: every rule checked."""

    version: int | None
    rules: tuple[Rule, ...]
    thresholds: Thresholds
    half_life_days: int


NO_CARD = Card(version=None, rules=(), thresholds=Thresholds({}, {}, None), half_life_days=30)


def read_card(*, version: int | None, rules: Any, thresholds: Any, half_life_days: int) -> Card:
    """The checked card of what people wrote; raises InvalidDefinition naming the place of every problem."""
    problems = list(rule_problems(rules))
    if not problems:
        problems = [*group_problems(rules), *threshold_problems(thresholds, rules)]
    if not isinstance(half_life_days, int) or half_life_days < 7:
        problems.append(("half_life_days", "at least 7 days"))
    if problems:
        raise InvalidDefinition(problems)
    least = Thresholds(thresholds.get("fit", {}), thresholds.get("engagement", {}), thresholds.get("mql"))
    return Card(version, tuple(read_rule(raw, at) for at, raw in enumerate(rules)), least, half_life_days)


def read_rule(raw: dict[str, Any], position: int = 0) -> Rule:
    return Rule(**{**raw, "axis": Axis(raw["axis"]), "group": raw.get("group") or "", "position": position})


def rule_problems(rules: Any) -> Iterator[Problem]:
    if not isinstance(rules, list):
        yield "rules", "a list of rules"
        return
    for number, raw in enumerate(rules):
        place = f"rules[{number}]"
        if isinstance(raw, dict):
            yield from ((f"{place}.{part}".rstrip("."), text) for part, text in problems_of(raw))
        else:
            yield place, "an object with axis, field, operator, value and points"


def problems_of(raw: dict[str, Any]) -> Iterator[Problem]:
    """What is wrong with one rule: (part, text)."""
    if unknown := sorted(set(raw) - KEYS):
        yield unknown[0], "no such part of a rule"
    if raw.get("axis") not in list(Axis):
        yield "axis", "fit or engagement"
        return
    fields = FIELDS[Axis(raw["axis"])]
    if not isinstance(raw.get("field"), str) or raw["field"] not in fields:
        yield "field", f"unknown; one of {', '.join(fields)}"
        return
    yield from comparison_problems(fields[raw["field"]], raw.get("operator"), raw.get("value"))
    yield from points_problems(raw)


def comparison_problems(field: Field, operator: Any, value: Any) -> Iterator[Problem]:
    operators = OPERATORS[field.type]
    if not isinstance(operator, str) or operator not in operators:
        yield "operator", f"“{field.label}” knows {', '.join(operators)}"
        return
    if operator in LIST_OPERATORS and (not isinstance(value, list) or not value):
        yield "value", "a list with at least one entry"
        return
    for single in value if operator in LIST_OPERATORS else [value]:
        if not has_type(single, field.type):
            yield "value", f"“{field.label}” is compared with a {EXPECTED[field.type]}, not with {single!r}"
        elif field.choices and operator != "contains" and single not in field.choices:
            yield "value", f"unknown: {single!r}; one of {', '.join(field.choices)}"


EXPECTED = {Type.TEXT: "text", Type.NUMBER: "whole number", Type.FLAG: "true or false", Type.RECORD: "record's id"}
LARGEST = {Type.NUMBER: 2**31 - 1, Type.RECORD: 2**63 - 1}


def has_type(value: Any, kind: Type) -> bool:
    if kind is Type.FLAG:
        return isinstance(value, bool)
    if kind is Type.TEXT:
        return isinstance(value, str) and bool(value.strip()) and "\0" not in value
    return is_whole(value) and 0 <= value <= LARGEST[kind]


def is_whole(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def points_problems(raw: dict[str, Any]) -> Iterator[Problem]:
    points, cap, group = raw.get("points"), raw.get("cap"), raw.get("group")
    if not is_whole(points) or points == 0 or abs(points) > MOST_POINTS:
        yield "points", f"a whole number from -{MOST_POINTS} to {MOST_POINTS}, not 0"
        return
    if group is not None and not isinstance(group, str):
        yield "group", "the name of a group"
    if cap is None:
        return
    if raw["axis"] == Axis.FIT:
        yield "cap", "a fit rule counts once and needs no cap"
    elif not is_whole(cap) or not 1 <= cap <= 10 * MOST_POINTS:
        yield "cap", f"a whole number from 1 to {10 * MOST_POINTS}"
    elif points < 0:
        yield "cap", "only points that are added can be capped"


def group_problems(rules: list[dict[str, Any]]) -> Iterator[Problem]:
    """In a group every rule adds, and engagement rules say how much at most."""
    for number, raw in enumerate(rules):
        if not raw.get("group"):
            continue
        if raw["points"] < 0:
            yield f"rules[{number}].points", "a rule in a group adds points"
        if raw["axis"] == Axis.ENGAGEMENT and raw.get("cap") is None:
            yield f"rules[{number}].cap", "an engagement rule in a group needs a cap"


def threshold_problems(thresholds: Any, rules: list[dict[str, Any]]) -> Iterator[Problem]:
    if not isinstance(thresholds, dict):
        yield "thresholds", "an object with fit, engagement and mql"
        return
    read = [read_rule(raw) for raw in rules]
    most_fit, most_engagement = most_points(read, Axis.FIT), most_points(read, Axis.ENGAGEMENT)
    yield from grade_problems("fit", FIT_GRADES, thresholds.get("fit"), most_fit)
    yield from grade_problems("engagement", ENGAGEMENT_GRADES, thresholds.get("engagement"), most_engagement)
    mql = thresholds.get("mql")
    if mql is None:
        return
    most = None if most_engagement is None else (most_fit or 0) + most_engagement
    if not is_whole(mql) or not 1 <= mql <= MOST_POINTS:
        yield "thresholds.mql", "a whole number from 1 to 100"
    elif most is not None and mql > most:
        yield "thresholds.mql", f"nobody can reach {mql}: the rules give at most {most}"


def grade_problems(axis: str, grades: tuple[str, ...], least: Any, most: int | None) -> Iterator[Problem]:
    place = f"thresholds.{axis}"
    if least is None or least == {}:
        return
    if not isinstance(least, dict) or set(least) != set(grades) or not all(map(is_whole, least.values())):
        yield place, f"whole numbers for {', '.join(grades)}"
        return
    for better, worse in pairwise(grades):
        if least[better] <= least[worse]:
            yield f"{place}.{better}", f"must lie above {worse} ({least[worse]})"
    if most is not None and least[grades[0]] > most:
        yield f"{place}.{grades[0]}", f"nobody can reach {least[grades[0]]}: the rules give at most {most}"


def most_points(rules: list[Rule], axis: Axis) -> int | None:
    """The most points the axis can give; None when some rule has no cap."""
    total = 0
    for group, members in grouped(rules, axis):
        limits = [rule.most for rule in members if rule.points > 0]
        if any(limit is None for limit in limits):
            return None
        known = [limit for limit in limits if limit is not None]
        total += max(known, default=0) if group else sum(known)
    return total


def grouped(rules: list[Rule] | tuple[Rule, ...], axis: Axis) -> list[tuple[str, list[Rule]]]:
    """The axis's rules by group, in order of first appearance; the rules without a group stand under ``""``."""
    groups: dict[str, list[Rule]] = {}
    for rule in rules:
        if rule.axis is axis:
            groups.setdefault(rule.group, []).append(rule)
    return list(groups.items())
