"""A definition in plain words: its conditions, what they give, and the names of the records they point at."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from campaigns.models import Asset, Campaign
from scoring.fields import LIST_OPERATORS, Axis, Type
from scoring.rules import Card, Condition, Rule

# How many values of a list are named before the rest is counted.
NAMED = 6
Names = dict[tuple[str, int], str]
RECORDS: dict[str, type[Campaign | Asset]] = {"campaign": Campaign, "asset": Asset}


def condition_words(condition: Condition, names: Names) -> str:
    """ "Employees is at least 200", "Has a phone number", "Downloaded content"."""
    field = condition.column
    if field.type is Type.FLAG:
        return field.label if condition.value else f"Not: {field.label[0].lower()}{field.label[1:]}"
    said = values_words(condition, names)
    is_plain_deed = condition.field == "kind" and condition.operator in ("is", "in")
    return said if is_plain_deed else f"{field.label} {field.operators[condition.operator]} {said}"


def values_words(condition: Condition, names: Names) -> str:
    """ "Sweden, Norway and 12 more"."""
    values = condition.value if condition.operator in LIST_OPERATORS else [condition.value]
    said = [value_words(condition, value, names) for value in values[:NAMED]]
    more = len(values) - len(said)
    return f"{', '.join(said)} and {more} more" if more else ", ".join(said)


def value_words(condition: Condition, value: Any, names: Names) -> str:
    if condition.column.type is Type.DATE:
        return f"{date.fromisoformat(value):%-d %b %Y}"
    if condition.column.type is Type.RECORD:
        return names.get((condition.field, value), f"one that is gone ({value})")
    return condition.column.choices.get(value) or str(value)


def given_words(rule: Rule) -> str:
    """ "+12, at most 24, in the group “size”", "−30"."""
    said = [f"{rule.points:+d}".replace("-", "−")]
    if rule.cap is not None:
        said.append(f"at most {rule.cap}")
    if rule.group:
        said.append(f"in the group “{rule.group}”")
    return ", ".join(said)


def rule_words(rule: Rule, names: Names) -> str:
    """ "Employees is at least 200: +20"."""
    return f"{condition_words(rule, names)}: {given_words(rule)}"


def conditions_of(card: Card) -> Iterator[tuple[str, Condition]]:
    """Every rule, raised hand and exclusion, with its place as problems name it."""
    yield from ((f"rules[{rule.position}]", rule) for rule in card.rules)
    yield from ((f"hand_raises[{number}]", one) for number, one in enumerate(card.hand_raises))
    yield from ((f"exclusions[{number}]", one) for number, one in enumerate(card.exclusions))


def record_names(*cards: Card) -> Names:
    """The names of the campaigns and content that conditions of these cards point at, in at most two queries."""
    names: Names = {}
    for field, model in RECORDS.items():
        ids = {pk for card in cards for _, one in conditions_of(card) for pk in records_of(one, field)}
        if ids:
            names |= {(field, pk): name for pk, name in model.objects.filter(pk__in=ids).values_list("pk", "name")}
    return names


def records_of(condition: Condition, field: str) -> Iterable[int]:
    """The ids of the records of this kind that a condition points at."""
    if condition.field != field or condition.column.type is not Type.RECORD:
        return ()
    return condition.value if condition.operator in LIST_OPERATORS else [condition.value]


def axis_words(axis: Axis) -> str:
    return {Axis.FIT: "Who they are", Axis.ENGAGEMENT: "What they do"}[axis]
