"""The rules of a definition, read and checked: pure, no database.

A rule is ``{"axis", "field", "operator", "value", "points", "cap"?, "group"?}``. A fit rule counts once; an engagement
rule counts for every touch of the buyer that matches, up to its cap. The rules of a group give together at most the
largest of their caps (for fit: of their points). Exclusions and raised hands are conditions,
``{"field", "operator", "value"}``: the first look at who somebody is, the second at one touch.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from math import isfinite
from typing import Any, NamedTuple, TypeGuard

from crm.errors import BusinessError
from scoring.fields import LIST_OPERATORS, STATIC, Axis, Catalogue, Field, Type

FIT_GRADES = ("A", "B", "C")  # below C: D
ENGAGEMENT_GRADES = ("1", "2", "3")  # below 3: 4
GRADES = tuple(letter + number for letter in "ABCD" for number in "1234")
MOST_POINTS = 100
MOST_RULES = 200
MOST_CONDITIONS = 50
MOST_VALUES = 500
LONGEST_TEXT = 200
HALF_LIFE_DAYS = range(7, 3651)
DAILY_CAPS = range(1, 1001)
# A raised hand qualifies for so long; whoever was not called by then has to show interest anew.
HAND_STAYS_UP = timedelta(days=30)
CONDITION_KEYS = ("field", "operator", "value")
RULE_KEYS = ("axis", *CONDITION_KEYS, "points", "cap", "group")
THRESHOLD_KEYS = ("fit", "engagement", "mql", "grades")


class Problem(NamedTuple):
    """``place``: where, as "rules[2].field"; ``text``: what, for the people who wrote it."""

    place: str
    text: str


class InvalidDefinition(BusinessError):
    """``extra["problems"]``: [{"place": "rules[2].field", "text": …}, …]."""

    code = "invalid_definition"

    def __init__(self, problems: Sequence[Problem]) -> None:
        lines = "; ".join(f"{place}: {text}" for place, text in problems)
        super().__init__(lines, problems=[problem._asdict() for problem in problems])


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A field compared with a value. ``column``: what the field's name stands for."""

    field: str
    operator: str
    value: Any
    column: Field


@dataclass(frozen=True, kw_only=True)
class Rule(Condition):
    axis: Axis
    points: int
    cap: int | None = None
    group: str = ""
    position: int = 0

    @property
    def name(self) -> str:
        """Its column in the compiled statement."""
        return f"rule_{self.position}"

    @property
    def most(self) -> int | None:
        """The most points it can give; None when only the number of touches limits it."""
        if self.axis is Axis.FIT or self.points < 0:
            return self.points
        return self.cap


@dataclass(frozen=True)
class Thresholds:
    """Least points of each grade; empty: no grades.

    A lead qualifies from ``mql`` points on and with one of ``grades``; what is not given does not matter. Where neither
    is given, only a raised hand qualifies.
    """

    fit: dict[str, int]
    engagement: dict[str, int]
    mql: int | None
    grades: tuple[str, ...] = ()


@dataclass(frozen=True)
class Card:
    """A definition ready for use: everything checked. ``rules`` keep their position where one in between is gone."""

    version: int | None
    rules: tuple[Rule, ...]
    thresholds: Thresholds
    half_life_days: int
    daily_cap: int | None = None
    hand_raises: tuple[Condition, ...] = ()
    exclusions: tuple[Condition, ...] = ()


def is_over(card: Card, shown: int, grade: str) -> bool:
    """Whether a score qualifies, without a raised hand; scoring/statement.py asks the same of many."""
    least = card.thresholds
    if least.mql is None and not least.grades:
        return False
    return (least.mql is None or shown >= least.mql) and (not least.grades or grade in least.grades)


NO_CARD = Card(version=None, rules=(), thresholds=Thresholds({}, {}, None), half_life_days=30)


def read_card(
    *,
    version: int | None,
    rules: Any,
    thresholds: Any,
    half_life_days: Any,
    daily_cap: Any = None,
    hand_raises: Any = (),
    exclusions: Any = (),
    fields: Catalogue = STATIC,
) -> Card:
    """The checked card of what people wrote; raises InvalidDefinition naming the place of every problem."""
    problems = list(rule_problems(rules, fields))
    if not problems:
        problems = [*group_problems(rules), *threshold_problems(thresholds, rules, fields)]
    problems += [
        *condition_problems("hand_raises", hand_raises, fields.of(Axis.ENGAGEMENT)),
        *condition_problems("exclusions", exclusions, fields.of(Axis.FIT)),
        *range_problems("half_life_days", half_life_days, HALF_LIFE_DAYS, "a whole number of days"),
    ]
    if daily_cap is not None:
        problems += range_problems("daily_cap", daily_cap, DAILY_CAPS, "empty, or a whole number of touches")
    if problems:
        raise InvalidDefinition(problems)
    return Card(
        version=version,
        rules=tuple(read_rules(rules, fields)),
        thresholds=read_thresholds(thresholds),
        half_life_days=half_life_days,
        daily_cap=daily_cap,
        hand_raises=tuple(read_condition(raw, fields.of(Axis.ENGAGEMENT)) for raw in hand_raises),
        exclusions=tuple(read_condition(raw, fields.of(Axis.FIT)) for raw in exclusions),
    )


def read_signed_card(
    *,
    version: int | None,
    rules: list[dict[str, Any]],
    thresholds: dict[str, Any],
    half_life_days: int,
    daily_cap: int | None,
    hand_raises: list[dict[str, Any]],
    exclusions: list[dict[str, Any]],
    fields: Catalogue,
) -> Card:
    """The card of what was checked when it was signed, as far as it still makes sense: never raises.

    A rule whose field was deleted since gives nobody points; the others count on, at the position they have.
    """
    touch, person = fields.of(Axis.ENGAGEMENT), fields.of(Axis.FIT)
    sound = [(number, raw) for number, raw in enumerate(rules) if not list(problems_of(raw, fields))]
    return Card(
        version=version,
        rules=tuple(read_rule(raw, fields, number) for number, raw in sound),
        thresholds=read_thresholds(thresholds),
        half_life_days=half_life_days,
        daily_cap=daily_cap,
        hand_raises=tuple(read_condition(raw, touch) for raw in hand_raises if is_sound(raw, touch)),
        exclusions=tuple(read_condition(raw, person) for raw in exclusions if is_sound(raw, person)),
    )


def read_rules(rules: list[dict[str, Any]], fields: Catalogue) -> list[Rule]:
    return [read_rule(raw, fields, number) for number, raw in enumerate(rules)]


def read_rule(raw: dict[str, Any], fields: Catalogue, position: int) -> Rule:
    axis = Axis(raw["axis"])
    return Rule(
        axis=axis, field=raw["field"], operator=raw["operator"], value=raw["value"], points=raw["points"],
        cap=raw.get("cap"), group=(raw.get("group") or "").strip(), position=position,
        column=fields.of(axis)[raw["field"]],
    )  # fmt: skip


def read_condition(raw: dict[str, Any], fields: Mapping[str, Field]) -> Condition:
    return Condition(field=raw["field"], operator=raw["operator"], value=raw["value"], column=fields[raw["field"]])


def read_thresholds(raw: dict[str, Any]) -> Thresholds:
    return Thresholds(
        fit=raw.get("fit") or {},
        engagement=raw.get("engagement") or {},
        mql=raw.get("mql"),
        grades=tuple(raw.get("grades") or ()),
    )


def rule_problems(rules: Any, fields: Catalogue) -> Iterator[Problem]:
    yield from list_problems("rules", rules, most=MOST_RULES, of="rules")
    if isinstance(rules, list):
        for number, raw in enumerate(rules[:MOST_RULES]):
            yield from placed(f"rules[{number}]", problems_of(raw, fields))


def condition_problems(place: str, conditions: Any, fields: Mapping[str, Field]) -> Iterator[Problem]:
    yield from list_problems(place, conditions, most=MOST_CONDITIONS, of="conditions")
    if isinstance(conditions, list | tuple):
        for number, raw in enumerate(conditions[:MOST_CONDITIONS]):
            yield from placed(f"{place}[{number}]", shape_problems(raw, CONDITION_KEYS, fields))


def list_problems(place: str, given: Any, *, most: int, of: str) -> Iterator[Problem]:
    if not isinstance(given, list | tuple):
        yield Problem(place, f"a list of {of}")
    elif len(given) > most:
        yield Problem(place, f"at most {most} {of}, not {len(given)}")


def placed(place: str, problems: Iterable[Problem]) -> Iterator[Problem]:
    for part, text in problems:
        yield Problem(f"{place}.{part}".rstrip("."), text)


def is_sound(raw: Any, fields: Mapping[str, Field]) -> bool:
    return not list(shape_problems(raw, CONDITION_KEYS, fields))


def problems_of(raw: Any, fields: Catalogue) -> Iterator[Problem]:
    """What is wrong with one rule; ``place`` is the part of it."""
    if not isinstance(raw, dict):
        yield Problem("", "an object with axis, field, operator, value and points")
    elif not isinstance(raw.get("axis"), str) or raw["axis"] not in list(Axis):
        yield Problem("axis", "fit or engagement")
    else:
        found = list(shape_problems(raw, RULE_KEYS, fields.of(Axis(raw["axis"]))))
        yield from found
        if not any(problem.place == "field" for problem in found):
            yield from points_problems(raw)


def shape_problems(raw: Any, keys: tuple[str, ...], fields: Mapping[str, Field]) -> Iterator[Problem]:
    """What is wrong with a condition, or with that part of a rule which is one."""
    if not isinstance(raw, dict):
        yield Problem("", "an object with field, operator and value")
        return
    if unknown := unknown_keys(raw, keys):
        yield Problem(unknown[0], "there is no such part")
    name = raw.get("field")
    if not isinstance(name, str) or name not in fields:
        yield Problem("field", unknown_field(name, fields))
    elif fields[name].retired:
        yield Problem("field", f"“{fields[name].label}” is not in use any more")
    else:
        yield from comparison_problems(fields[name], raw.get("operator"), raw.get("value"))


def unknown_keys(raw: dict[Any, Any], known: tuple[str, ...]) -> list[str]:
    return sorted(str(key)[:60] for key in raw if key not in known)


def unknown_field(name: Any, fields: Mapping[str, Field]) -> str:
    if isinstance(name, str) and "custom." in name:
        return f"there is no field {shown(name)}; was it deleted?"
    return f"unknown; one of {', '.join(fields)}"


def comparison_problems(field: Field, operator: Any, value: Any) -> Iterator[Problem]:
    if not isinstance(operator, str) or operator not in field.operators:
        yield Problem("operator", f"“{field.label}” knows {', '.join(field.operators)}")
        return
    if operator not in LIST_OPERATORS:
        yield from value_problems(field, operator, value)
    elif not isinstance(value, list) or not value:
        yield Problem("value", "a list with at least one entry")
    elif len(value) > MOST_VALUES:
        yield Problem("value", f"at most {MOST_VALUES} entries, not {len(value)}")
    else:
        for single in value:
            yield from value_problems(field, operator, single)


def value_problems(field: Field, operator: str, value: Any) -> Iterator[Problem]:
    if not has_type(value, field):
        yield Problem("value", f"“{field.label}” is compared with {expected(field)}, not with {shown(value)}")
    elif field.choices and operator != "contains" and value not in field.choices:
        yield Problem("value", f"unknown: {shown(value)}; one of {', '.join(field.choices)}")


EXPECTED = {
    Type.TEXT: f"a text of at most {LONGEST_TEXT} characters",
    Type.TAGS: f"a text of at most {LONGEST_TEXT} characters",
    Type.NUMBER: "a number",
    Type.FLAG: "true or false",
    Type.RECORD: "a record's id",
    Type.DATE: "a day such as 2026-03-14",
}
LARGEST_WHOLE = 2**31 - 1
LARGEST_ID = 2**63 - 1
LARGEST_NUMBER = 10**15


def expected(field: Field) -> str:
    return "a whole number from 0" if field.whole else EXPECTED[field.type]


def shown(value: Any) -> str:
    """The value as it was written, cut to what a sentence bears."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def has_type(value: Any, field: Field) -> bool:
    match field.type:
        case Type.FLAG:
            return isinstance(value, bool)
        case Type.TEXT | Type.TAGS:
            return is_text(value)
        case Type.DATE:
            return is_day(value)
        case Type.RECORD:
            return is_whole(value) and 0 <= value <= LARGEST_ID
        case Type.NUMBER if field.whole:
            return is_whole(value) and 0 <= value <= LARGEST_WHOLE
    return is_number(value) and abs(value) <= LARGEST_NUMBER


def is_text(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= LONGEST_TEXT and is_storable(value)


def is_storable(text: str) -> bool:
    """PostgreSQL keeps neither a NUL nor half of a pair of surrogates."""
    return "\0" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def is_day(value: Any) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def is_number(value: Any) -> TypeGuard[int | float]:
    return is_whole(value) or (isinstance(value, float) and isfinite(value))


def is_whole(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def range_problems(place: str, value: Any, allowed: range, what: str) -> Iterator[Problem]:
    if not is_whole(value) or value not in allowed:
        yield Problem(place, f"{what} from {allowed[0]} to {allowed[-1]}")


def points_problems(raw: dict[str, Any]) -> Iterator[Problem]:
    points, cap, group = raw.get("points"), raw.get("cap"), raw.get("group")
    if not is_whole(points) or points == 0 or abs(points) > MOST_POINTS:
        yield Problem("points", f"a whole number from -{MOST_POINTS} to {MOST_POINTS}, not 0")
        return
    if group not in (None, "") and not is_text(group):
        yield Problem("group", "the name of a group")
    if cap is None:
        return
    if raw["axis"] == Axis.FIT:
        yield Problem("cap", "a fit rule counts once and needs no cap")
    elif not is_whole(cap) or not 1 <= cap <= 10 * MOST_POINTS:
        yield Problem("cap", f"a whole number from 1 to {10 * MOST_POINTS}")
    elif points < 0:
        yield Problem("cap", "only points that are added can be capped")


def group_problems(rules: list[dict[str, Any]]) -> Iterator[Problem]:
    """In a group every rule adds, and engagement rules say how much at most."""
    for number, raw in enumerate(rules):
        if not raw.get("group"):
            continue
        if raw["points"] < 0:
            yield Problem(f"rules[{number}].points", "a rule in a group adds points")
        if raw["axis"] == Axis.ENGAGEMENT and raw.get("cap") is None:
            yield Problem(f"rules[{number}].cap", "an engagement rule in a group needs a cap")


def threshold_problems(thresholds: Any, rules: list[dict[str, Any]], fields: Catalogue) -> Iterator[Problem]:
    if not isinstance(thresholds, dict):
        yield Problem("thresholds", f"an object with {', '.join(THRESHOLD_KEYS)}")
        return
    if unknown := unknown_keys(thresholds, THRESHOLD_KEYS):
        yield Problem(f"thresholds.{unknown[0]}".rstrip("."), "there is no such threshold")
    read = read_rules(rules, fields)
    most = {axis: most_points(read, axis) for axis in Axis}
    unsound = [
        *step_problems("fit", FIT_GRADES, thresholds.get("fit"), most[Axis.FIT]),
        *step_problems("engagement", ENGAGEMENT_GRADES, thresholds.get("engagement"), most[Axis.ENGAGEMENT]),
        *mql_problems(thresholds.get("mql"), most),
    ]
    yield from unsound or grade_problems(thresholds, most)


def mql_problems(mql: Any, most: dict[Axis, int | None]) -> Iterator[Problem]:
    if mql is None:
        return
    together = total(most[Axis.FIT], most[Axis.ENGAGEMENT])
    if not is_whole(mql) or not 1 <= mql <= MOST_POINTS:
        yield Problem("thresholds.mql", f"a whole number from 1 to {MOST_POINTS}")
    elif together is not None and mql > together:
        yield Problem("thresholds.mql", f"nobody can reach {mql}: the rules give at most {together}")


def step_problems(axis: str, grades: tuple[str, ...], least: Any, most: int | None) -> Iterator[Problem]:
    place = f"thresholds.{axis}"
    if least is None or least == {}:
        return
    if not isinstance(least, dict) or set(least) != set(grades) or not all(map(is_step, least.values())):
        yield Problem(place, f"whole numbers for {', '.join(grades)}")
        return
    for better, worse in pairwise(grades):
        if least[better] <= least[worse]:
            yield Problem(f"{place}.{better}", f"must lie above {worse} ({least[worse]})")
    if most is not None and least[grades[0]] > most:
        yield Problem(f"{place}.{grades[0]}", f"nobody can reach {least[grades[0]]}: the rules give at most {most}")


def is_step(value: Any) -> bool:
    return is_whole(value) and abs(value) <= MOST_RULES * MOST_POINTS


def grade_problems(thresholds: dict[str, Any], most: dict[Axis, int | None]) -> Iterator[Problem]:
    """What is wrong with the grades that qualify, where the steps are sound."""
    grades = thresholds.get("grades")
    if grades is None or grades == []:
        return
    if not isinstance(grades, list) or not all(isinstance(grade, str) and grade in GRADES for grade in grades):
        yield Problem("thresholds.grades", f"a list of grades from {GRADES[0]} to {GRADES[-1]}")
    elif len(set(grades)) < len(grades):
        yield Problem("thresholds.grades", "each grade once")
    elif not thresholds.get("fit") or not thresholds.get("engagement"):
        yield Problem("thresholds.grades", "grades need the least points of fit and of engagement")
    elif not any(may_qualify(grade, thresholds, most) for grade in grades):
        yield Problem("thresholds.grades", f"nobody with {' or '.join(grades)} can reach {thresholds['mql']}")


def may_qualify(grade: str, thresholds: dict[str, Any], most: dict[Axis, int | None]) -> bool:
    """Whether somebody with the grade can reach the threshold, by arithmetic alone."""
    if not (mql := thresholds.get("mql")):
        return True
    fit = most_within(grade[0], FIT_GRADES, thresholds["fit"], most[Axis.FIT])
    engagement = most_within(grade[1], ENGAGEMENT_GRADES, thresholds["engagement"], most[Axis.ENGAGEMENT])
    together = total(fit, engagement)
    return together is None or together >= mql


def most_within(step: str, steps: tuple[str, ...], least: Mapping[str, int], most: int | None) -> int | None:
    """The most whole points of an axis with which one still stands on this step; None when nothing limits it."""
    place = steps.index(step) if step in steps else len(steps)
    if place == 0:
        return most
    below = least[steps[place - 1]] - 1
    return below if most is None else min(below, most)


def total(fit: int | None, engagement: int | None) -> int | None:
    return None if fit is None or engagement is None else fit + engagement


def most_points(rules: Sequence[Rule], axis: Axis) -> int | None:
    """The most points the axis can give; None when some rule has no cap."""
    together = 0
    for group, members in grouped(rules, axis):
        limits = [rule.most for rule in members if rule.points > 0]
        if any(limit is None for limit in limits):
            return None
        known = [limit for limit in limits if limit is not None]
        together += max(known, default=0) if group else sum(known)
    return together


def grouped(rules: Sequence[Rule], axis: Axis) -> list[tuple[str, list[Rule]]]:
    """The axis's rules by group, in order of first appearance; the rules without a group stand under ``""``."""
    groups: dict[str, list[Rule]] = {}
    for rule in rules:
        if rule.axis is axis:
            groups.setdefault(rule.group, []).append(rule)
    return list(groups.items())


def ceiling(group: list[Rule]) -> int:
    """The most that the rules of a group give together."""
    return max(rule.most or 0 for rule in group)
