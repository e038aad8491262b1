"""What marketing and sales agreed on, in words: service levels, the definition in force, reasons, who signed."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.utils.dateparse import parse_datetime

from crm.models import Side
from desk.telling import ROUTE_AHEAD
from feedback.agreement import active_agreement
from leads.lifecycle import ReasonUse
from leads.models import Reason, ReasonFamily, Route
from scoring.definitions import active_definition, card_of
from scoring.explanation import record_names
from scoring.fields import LIST_OPERATORS, OPERATORS, Axis, Type
from scoring.models import Definition
from scoring.rules import Card, Rule

AXES = {Axis.FIT: "Who they are", Axis.ENGAGEMENT: "What they do"}


@dataclass(frozen=True)
class RuleLine:
    """A rule in words. ``limit``: the most it gives in all; None when it counts once or has no cap."""

    words: str
    points: int
    limit: int | None
    group: str


def agreement_blocks() -> dict[str, Any]:
    agreement, definition = active_agreement(), active_definition()
    return {
        "agreement": agreement,
        "agreement_signatures": signatures(agreement.signatures),
        "definition": definition,
        "definition_signatures": signatures(definition.signatures) if definition else [],
        "axes": axes(definition) if definition else [],
        "families": families(),
    }


def axes(definition: Definition) -> list[dict[str, Any]]:
    """The two axes with their rules, most points first, and the least points of each grade."""
    card = card_of(definition)
    names = record_names(card)
    return [
        {
            "label": label,
            "rules": [line_of(rule, names) for rule in rules_of(card, axis)],
            "grades": list(getattr(card.thresholds, axis.value).items()),
        }
        for axis, label in AXES.items()
    ]


def rules_of(card: Card, axis: Axis) -> list[Rule]:
    return sorted((rule for rule in card.rules if rule.axis is axis), key=lambda rule: -rule.points)


def line_of(rule: Rule, names: dict[tuple[str, int], str]) -> RuleLine:
    return RuleLine(words=rule_words(rule, names), points=rule.points, limit=rule.cap, group=rule.group)


def rule_words(rule: Rule, names: dict[tuple[str, int], str]) -> str:
    """ "Employees is at least 200", "Has a phone number", "Download"."""
    field = rule.column
    if field.type is Type.FLAG:
        return field.label if rule.value else f"Not: {field.label.lower()}"
    values = rule.value if rule.operator in LIST_OPERATORS else [rule.value]
    said = ", ".join(names.get((rule.field, value)) or field.choices.get(value) or str(value) for value in values)
    is_plain_deed = rule.field == "kind" and rule.operator in {"is", "in"}
    return said if is_plain_deed else f"{field.label} {OPERATORS[field.type][rule.operator]} {said}"


def families() -> list[dict[str, Any]]:
    """Reasons to reject by family, and where a rejected lead goes when nobody says otherwise."""
    reasons = Reason.objects.filter(use=ReasonUse.VERDICT, retired=False).order_by("position", "id")
    grouped = groupby(sorted(reasons, key=lambda reason: order_of(reason.family)), key=lambda reason: reason.family)
    return [
        {
            "label": ReasonFamily(family).label,
            "reasons": (found := list(group)),
            "routes": sorted({ROUTE_AHEAD[Route(reason.default_route)] for reason in found}),
        }
        for family, group in grouped
    ]


def order_of(family: str) -> int:
    return ReasonFamily.values.index(family)


def signatures(signed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each side who signed and when; a side that has not signed is there too, without a name."""
    by_side = {entry.get("side"): entry for entry in signed}
    return [
        {
            "side": side.value,
            "label": side.label,
            "name": by_side.get(side.value, {}).get("name", ""),
            "at": parse_datetime(by_side[side.value]["at"]) if by_side.get(side.value, {}).get("at") else None,
        }
        for side in Side
    ]
