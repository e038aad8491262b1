"""Why a lead has its score: the points of every rule, from the statement that scored it."""

import math
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from psycopg2 import sql

from campaigns.models import Asset, Campaign
from leads.models import Lead
from scoring.definitions import active_card
from scoring.fields import LIST_OPERATORS, OPERATORS, Axis, Type
from scoring.rules import Card, Rule, grouped
from scoring.statement import Compiled, ceiling

EXPLAINED = sql.SQL("WITH {points} SELECT * FROM points")


class Contribution(NamedTuple):
    """One line of an explanation. All lines together give the score before it is rounded."""

    label: str
    points: float
    axis: str


def explain(lead: Lead, *, at: datetime, card: Card | None = None) -> list[Contribution]:
    """What gave points to ``lead`` as of ``at`` (engagement decayed to then), most first.

    Rounded, the sum of all lines is the score. In a group that reached its ceiling the strongest rules are named, until
    nothing is left to give; the last line says so where the range 0–100 cut the score.
    """
    card = card or active_card()
    row = _points(lead, at, card)
    if row is None:
        return []
    decay = 0.5 ** ((at - row["latest"]).total_seconds() / 86_400 / card.half_life_days) if row["latest"] else 1.0
    share = {Axis.FIT: 1.0, Axis.ENGAGEMENT: decay}
    names = record_names(card)
    lines = [
        Contribution(label_of(rule, lead, names), points * share[rule.axis], rule.axis.value)
        for axis in Axis
        for rule, points in given(card, axis, row)
    ]
    lines.sort(key=lambda line: -line.points)
    return [*lines, *range_lines(sum(line.points for line in lines))]


def given(card: Card, axis: Axis, row: dict[str, Any]) -> Iterator[tuple[Rule, float]]:
    """The rules of one axis that gave points, each with what its group's ceiling left to it."""
    for group, rules in grouped(card.rules, axis):
        left = float(ceiling(rules)) if group else math.inf
        for rule in sorted(rules, key=lambda rule: -row[rule.name]):
            points = min(float(row[rule.name]), left)
            left -= points
            if points:
                yield rule, points


def range_lines(total: float) -> Iterator[Contribution]:
    if total > 100:
        yield Contribution("A score ends at 100", 100 - total, "")
    elif total < 0:
        yield Contribution("A score begins at 0", -total, "")


def label_of(rule: Rule, lead: Lead, names: dict[tuple[str, int], str]) -> str:
    """The rule in words, with the lead's own value where it has one: “Industry: Machinery”, “Replied”."""
    field = rule.column
    if field.type is Type.FLAG:
        return field.label if rule.value else f"Not: {field.label.lower()}"
    negated = rule.operator.startswith("not") or rule.operator == "is_not"
    values = rule.value if rule.operator in LIST_OPERATORS else [rule.value]
    if field.alias != "touch" and not negated and not field.is_custom and isinstance(field.expression, sql.Identifier):
        values = [getattr(lead if field.alias == "lead" else lead.company, field.columns[0])]
    said = ", ".join(names.get((rule.field, value)) or field.choices.get(value) or str(value) for value in values)
    if rule.field == "kind" and not negated:
        return said
    return f"{field.label} {OPERATORS[field.type][rule.operator]} {said}" if negated else f"{field.label}: {said}"


def record_names(card: Card) -> dict[tuple[str, int], str]:
    """The names of the campaigns and content that the card's rules point at."""
    names: dict[tuple[str, int], str] = {}
    for model, field in ((Campaign, "campaign"), (Asset, "asset")):
        pointing = [rule for rule in card.rules if rule.field == field]
        ids = {pk for rule in pointing for pk in (rule.value if rule.operator in LIST_OPERATORS else [rule.value])}
        if ids:
            names |= {(field, pk): name for pk, name in model.objects.filter(pk__in=ids).values_list("pk", "name")}
    return names


def _points(lead: Lead, at: datetime, card: Card) -> dict[str, Any] | None:
    compiled = Compiled(card)
    with connection.cursor() as cursor:
        statement = EXPLAINED.format(points=compiled.points).as_string(cursor.cursor)
        cursor.execute(statement, {**compiled.values, "leads": [lead.pk], "moments": [at]})
        row = cursor.fetchone()
        return dict(zip([column.name for column in cursor.description], row, strict=True)) if row else None
