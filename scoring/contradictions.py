"""What a definition says that it cannot mean: pure, no database.

`impossible` is what arithmetic alone shows to qualify nobody or everybody: such a definition is not proposed.
`contradictions` are rules that make no sense beside each other: people are told, and may have their reasons.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from scoring.fields import LIST_OPERATORS, Type
from scoring.rules import GRADES, Card, Condition, Problem, Rule
from scoring.words import Names, condition_words

OPPOSITE = {"is": "is_not", "is_not": "is", "in": "not_in", "not_in": "in", "contains": "not_in"}
# How a list of one reads; second: of tags.
SINGLE = {("in", False): "is", ("not_in", False): "is_not", ("in", True): "contains"}


def impossible(card: Card) -> list[Problem]:
    """Why nobody, or everybody, qualifies whoever the leads are."""
    return [*nobody(card), *everybody(card)]


def nobody(card: Card) -> Iterator[Problem]:
    least = card.thresholds
    if least.mql is None and not least.grades and not card.hand_raises:
        yield Problem("thresholds", "nobody qualifies: give a score or grades to qualify from, or a raised hand")
    for (_, one), (number, other) in combinations(enumerate(card.exclusions), 2):
        if covers_everything(one, other):
            yield Problem(f"exclusions[{number}]", "nobody qualifies: together with another one it excludes everybody")


def everybody(card: Card) -> Iterator[Problem]:
    if card.thresholds.mql is None and set(card.thresholds.grades) == set(GRADES):
        yield Problem("thresholds.grades", "everybody qualifies: every grade does, and no score is asked for")


def covers_everything(one: Condition, other: Condition) -> bool:
    """Whether one of the two holds for whatever record."""
    if one.field != other.field:
        return False
    if one.column.type is Type.FLAG:
        return bool(one.value != other.value)
    return sense(one) == opposite(other) or sense(other) == opposite(one)


def opposite(condition: Condition) -> tuple[str, str, frozenset[Any]]:
    """The `sense` of what holds wherever the condition does not."""
    field, operator, values = sense(condition)
    return field, OPPOSITE.get(operator, ""), values


def contradictions(card: Card, names: Names) -> list[Problem]:
    return [
        *clashing(card.rules, names),
        *swallowed(card, names),
        *(problem for rule in card.rules for problem in pointless(rule)),
    ]


def clashing(rules: tuple[Rule, ...], names: Names) -> Iterator[Problem]:
    """Two rules that look for the same."""
    first: dict[Any, Rule] = {}
    for rule in rules:
        earlier = first.setdefault((rule.axis, *sense(rule)), rule)
        if earlier is rule:
            continue
        words = condition_words(rule, names)
        if earlier.points == -rule.points:
            text = f"“{words}” gives {rule.points:+d} here and {earlier.points:+d} in rule {earlier.position + 1}"
            yield Problem(f"rules[{rule.position}]", f"{text}: together nothing")
        elif (earlier.points > 0) != (rule.points > 0):
            text = f"“{words}” both adds and takes away points, here and in rule {earlier.position + 1}"
            yield Problem(f"rules[{rule.position}]", text)
        else:
            yield Problem(f"rules[{rule.position}]", f"“{words}” stands in rule {earlier.position + 1} already")


def swallowed(card: Card, names: Names) -> Iterator[Problem]:
    """Rules that hold only for leads which an exclusion takes out anyway."""
    for rule in card.rules:
        for exclusion in card.exclusions:
            if rule.column.alias != "touch" and implies(rule, exclusion):
                words = condition_words(exclusion, names)
                yield Problem(f"rules[{rule.position}]", f"never counts: who it holds for is excluded by “{words}”")
                break


def pointless(rule: Rule) -> Iterator[Problem]:
    """A rule that holds for nobody, or gives less than it says."""
    place, field = f"rules[{rule.position}]", rule.column
    if rule.operator == "contains" and field.choices and not any(is_part(rule.value, one) for one in field.choices):
        yield Problem(f"{place}.value", f"holds for nobody: no “{field.label}” contains {rule.value!r}")
    if rule.field in ("email_domain", "company_domain") and any("@" in text or "/" in text for text in meant(rule)):
        yield Problem(f"{place}.value", "holds for nobody: a domain reads “acme.com”, without what stands around it")
    if rule.cap is not None and rule.points > rule.cap:
        yield Problem(f"{place}.cap", f"gives {rule.cap} at most, less than the {rule.points} of a single touch")


def implies(rule: Condition, exclusion: Condition) -> bool:
    """Whether the exclusion holds wherever the rule does, as far as their words tell."""
    if (rule.field, rule.column.type) != (exclusion.field, exclusion.column.type):
        return False
    if sense(rule) == sense(exclusion):
        return True
    named, excluded = one_of(rule), one_of(exclusion)
    if named is None:
        return rule.operator == exclusion.operator and is_narrower(rule, exclusion)
    if excluded is not None:
        return named <= excluded
    return rule.column.type is not Type.TAGS and all(holds(exclusion, value) for value in named)


def one_of(condition: Condition) -> frozenset[Any] | None:
    """The values of which the field must be one, or include one; None when that is not what it asks."""
    asks = condition.operator in ("is", "in") or (condition.operator == "contains" and is_tags(condition))
    return meant(condition) if asks else None


def is_narrower(rule: Condition, exclusion: Condition) -> bool:
    """Of two with the same operator: whether the first asks for more of the same."""
    match rule.operator:
        case "at_least" | "from":
            return bool(rule.value >= exclusion.value)
        case "at_most" | "before":
            return bool(rule.value <= exclusion.value)
        case "contains":
            return is_part(exclusion.value, rule.value)
        case "not_in":
            return meant(rule) >= meant(exclusion)
    return False


def holds(condition: Condition, value: Any) -> bool:
    """Whether it holds for a record whose field is ``value``, in small letters."""
    match condition.operator:
        case "at_least" | "from":
            return bool(value >= condition.value)
        case "at_most":
            return bool(value <= condition.value)
        case "before":
            return bool(value < condition.value)
        case "contains":
            return is_part(condition.value, value)
    return value not in meant(condition)


def sense(condition: Condition) -> tuple[str, str, frozenset[Any]]:
    """The same for conditions that say the same: “is one of Sweden” is “is sweden”."""
    operator, values = condition.operator, meant(condition)
    if len(values) == 1:
        operator = SINGLE.get((operator, is_tags(condition)), operator)
    return condition.field, operator, values


def is_tags(condition: Condition) -> bool:
    return condition.column.type is Type.TAGS


def meant(condition: Condition) -> frozenset[Any]:
    """The values it names, as they are compared: texts in small letters."""
    return frozenset(value.lower() if isinstance(value, str) else value for value in listed(condition))


def listed(condition: Condition) -> list[Any]:
    return condition.value if condition.operator in LIST_OPERATORS else [condition.value]


def is_part(part: str, text: str) -> bool:
    return part.lower() in text.lower()
