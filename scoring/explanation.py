"""Why a lead has its score: the points of every rule, from the statement that scored it."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from psycopg2 import sql

from leads.models import Lead
from scoring.definitions import active_card
from scoring.fields import LIST_OPERATORS, OPERATORS, Axis, Type
from scoring.rules import Card, Condition, Rule, ceiling, grouped
from scoring.statement import Compiled
from scoring.words import Names, condition_words, record_names

EXPLAINED = sql.SQL("""
    {scored} SELECT points.*, scored.shown, scored.grade, scored.excluded, scored.raised_at, scored.qualifies
    FROM points JOIN scored USING (lead_id, at)
""")


@dataclass(frozen=True)
class Contribution:
    """One line of an explanation. All lines together give the score before it is rounded.

    ``before_decay``: of engagement, what the touches gave when they happened, as far as the rule's cap let them;
    ``touches`` and ``last_at``: how many, and the newest. ``limit``: the cap that took something away, in words.
    """

    label: str
    points: float
    axis: str
    before_decay: float | None = None
    touches: int = 0
    last_at: datetime | None = None
    limit: str = ""


@dataclass(frozen=True)
class Explanation:
    """A score with everything that made it.

    ``fit`` and ``engagement``: what the lines of each axis give together, before the score is cut to 0–100.
    ``excluded_by``: the exclusions that hold, in words. ``raised_by``: what was taken for the raised hand, if any.
    ``notes``: what was left out, in words.
    """

    at: datetime
    card: Card
    score: int
    grade: str
    lines: list[Contribution]
    excluded_by: list[str]
    raised_at: datetime | None
    raised_by: str
    qualifies: bool
    notes: list[str]

    @property
    def fit(self) -> float:
        return self._of(Axis.FIT)

    @property
    def engagement(self) -> float:
        return self._of(Axis.ENGAGEMENT)

    def _of(self, axis: Axis) -> float:
        return sum(line.points for line in self.lines if line.axis == axis.value)


def explain(lead: Lead, *, at: datetime, card: Card | None = None) -> list[Contribution]:
    """The lines of `explanation_of`; none for a lead that is gone."""
    explanation = explanation_of(lead, at=at, card=card)
    return explanation.lines if explanation else []


def explanation_of(lead: Lead, *, at: datetime, card: Card | None = None) -> Explanation | None:
    """What gave points to ``lead`` as of ``at`` (engagement decayed to then), most first.

    Rounded, the sum of all lines is the score. In a group that reached its ceiling the strongest rules are named, until
    nothing is left to give; the last line says so where an exclusion or the range 0–100 cut the score.
    """
    card = card or active_card()
    row = _row_of(lead, at, card)
    if row is None:
        return None
    names = record_names(card)
    lines = sorted(rule_lines(card, row, lead, names), key=lambda line: -line.points)
    excluded_by = [condition_words(one, names) for one in holding(card.exclusions, "exclusion", row)]
    total = sum(line.points for line in lines)
    return Explanation(
        at=at,
        card=card,
        score=row["shown"],
        grade=row["grade"],
        lines=[*lines, *(exclusion_lines(total, excluded_by) if excluded_by else range_lines(total))],
        excluded_by=excluded_by,
        raised_at=row["raised_at"],
        raised_by=raised_words(card, row, names),
        qualifies=row["qualifies"],
        notes=list(daily_cap_notes(card, row)),
    )


def rule_lines(card: Card, row: dict[str, Any], lead: Lead, names: Names) -> Iterator[Contribution]:
    for rule, points, limit in (given for axis in Axis for given in given_points(card, axis, row)):
        label = label_of(rule, lead, names)
        if rule.axis is Axis.FIT:
            yield Contribution(label, points, rule.axis.value, limit=limit)
            continue
        full = rule.points * row[f"{rule.name}_times"]
        yield Contribution(
            label, points * row["decay"], rule.axis.value,
            before_decay=float(full if rule.cap is None else min(full, rule.cap)),
            touches=row[f"{rule.name}_times"], last_at=row[f"{rule.name}_last"], limit=limit,
        )  # fmt: skip


def given_points(card: Card, axis: Axis, row: dict[str, Any]) -> Iterator[tuple[Rule, float, str]]:
    """The rules of one axis that gave points at the latest touch, with what its caps left and the words of that cap."""
    for group, rules in grouped(card.rules, axis):
        left = float(ceiling(rules)) if group else math.inf
        for rule in sorted(rules, key=lambda rule: -row[rule.name]):
            points = min(float(row[rule.name]), left)
            left -= points
            if points:
                yield rule, points, limit_words(rule, row, points)


def limit_words(rule: Rule, row: dict[str, Any], points: float) -> str:
    if points < row[rule.name]:
        return f"cut by the group “{rule.group}”"
    if rule.axis is Axis.ENGAGEMENT and rule.cap is not None and row[f"{rule.name}_uncapped"] > rule.cap:
        return f"at most {rule.cap}"
    return ""


def exclusion_lines(total: float, excluded_by: list[str]) -> Iterator[Contribution]:
    if total:
        yield Contribution(f"Excluded: {', '.join(excluded_by)}", -total, "")


def range_lines(total: float) -> Iterator[Contribution]:
    if total > 100:
        yield Contribution("A score ends at 100", 100 - total, "")
    elif total < 0:
        yield Contribution("A score begins at 0", -total, "")


def holding(conditions: tuple[Condition, ...], name: str, row: dict[str, Any]) -> Iterator[Condition]:
    return (one for number, one in enumerate(conditions) if row[f"{name}_{number}"])


def raised_words(card: Card, row: dict[str, Any], names: Names) -> str:
    """The condition that the latest raised hand met."""
    latest = [one for number, one in enumerate(card.hand_raises) if row[f"hand_{number}"] == row["raised_at"]]
    return condition_words(latest[0], names) if latest and row["raised_at"] else ""


def daily_cap_notes(card: Card, row: dict[str, Any]) -> Iterator[str]:
    met, counted = row["met"] or 0, row["touches"] or 0
    if met > counted:
        yield f"{met - counted} of {met} touches were not counted: at most {card.daily_cap} of one kind a day"


def label_of(rule: Rule, lead: Lead, names: Names) -> str:
    """The rule in words, with the lead's own value where it has one: “Industry: Machinery”, “Replied”."""
    field = rule.column
    if field.type is Type.FLAG:
        return field.label if rule.value else f"Not: {field.label.lower()}"
    negated = rule.operator.startswith("not") or rule.operator == "is_not"
    values = rule.value if rule.operator in LIST_OPERATORS else [rule.value]
    if field.alias != "touch" and not negated and (field.is_custom or isinstance(field.expression, sql.Identifier)):
        held = getattr(lead if field.alias == "lead" else lead.company, field.columns[0])
        own = held.get(rule.field.rpartition(".")[2]) if field.is_custom else held
        # Files and programs may have put anything into a field of one's own.
        values = [own] if isinstance(own, str | int | float) or not field.is_custom else values
    said = ", ".join(names.get((rule.field, value)) or field.choices.get(value) or str(value) for value in values)
    if rule.field == "kind" and not negated:
        return said
    return f"{field.label} {OPERATORS[field.type][rule.operator]} {said}" if negated else f"{field.label}: {said}"


def _row_of(lead: Lead, at: datetime, card: Card) -> dict[str, Any] | None:
    compiled = Compiled(card, as_of=True, detailed=True)
    with connection.cursor() as cursor:
        statement = EXPLAINED.format(scored=compiled.scored).as_string(cursor.cursor)
        cursor.execute(statement, {**compiled.values, "leads": [lead.pk], "moments": [at]})
        row = cursor.fetchone()
        return dict(zip([column.name for column in cursor.description], row, strict=True)) if row else None
