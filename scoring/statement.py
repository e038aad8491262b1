"""A card compiled to SQL: one set-based statement for one lead and for a million.

It is asked with pairs (lead, moment) and tells the points of every rule as of that moment. Caps hold at the lead's
latest touch, then everything decays together: cap and decay do not commute, and so the order of touches is irrelevant.
Only the buyer's own touches are engagement, and a touch that a later one corrects never happened. Touches of leads that
were merged are united before they are counted: scores are never added together.
"""

from collections.abc import Iterable
from typing import Any

from psycopg2 import sql

from scoring.fields import LIST_OPERATORS, Axis, Type
from scoring.rules import ENGAGEMENT_GRADES, FIT_GRADES, Card, Rule, grouped

# Names in double quotes come from the table of fields; values are parameters.
POINTS = sql.SQL("""
    asked AS (SELECT * FROM unnest(%(leads)s::bigint[], %(moments)s::timestamptz[]) AS asked (lead_id, at)),
    member AS (
        SELECT lead_id, at, lead_id AS id FROM asked
        UNION ALL
        SELECT asked.lead_id, asked.at, merged.id
        FROM asked JOIN leads_lead merged ON merged.merged_into_id = asked.lead_id
    ),
    touched AS (
        SELECT asked.lead_id, asked.at AS asked_at, touch.at, touch.kind, touch.channel, touch.campaign_id,
            touch.asset_id, touch.raised_hand, max(touch.at) OVER everything AS latest
        FROM member asked JOIN leads_touch touch ON touch.lead_id = asked.id AND touch.at <= asked.at
        WHERE touch.by = 'buyer'
            AND NOT EXISTS (SELECT 1 FROM leads_touch corrected WHERE corrected.corrects_id = touch.id)
        WINDOW everything AS (PARTITION BY asked.lead_id, asked.at)
    ),
    weighted AS (
        SELECT touched.*, power(2::float8, greatest(
            -extract(epoch FROM latest - at)::float8 / %(half_life)s, {least_exponent}
        )) AS weight FROM touched
    ),
    engaged AS (
        SELECT touch.lead_id, touch.asked_at, max(touch.latest) AS latest{engagement}
        FROM weighted touch GROUP BY touch.lead_id, touch.asked_at
    ),
    points AS (
        SELECT asked.lead_id, asked.at, engaged.latest{points}
        FROM asked JOIN leads_lead lead ON lead.id = asked.lead_id
        LEFT JOIN leads_company company ON company.id = lead.company_id
        LEFT JOIN engaged ON engaged.lead_id = asked.lead_id AND engaged.asked_at = asked.at
    )
""")
TOTALS = sql.SQL("""
    totals AS (
        SELECT lead_id, at, latest, ({fit})::float8 AS fit,
            round(({engagement})::numeric, 6)::float8 AS engagement,
            coalesce(power(2::float8, greatest(
                -extract(epoch FROM at - latest)::float8 / %(half_life)s, {least_exponent}
            )), 1) AS decay
        FROM points
    ),
    rounded AS (
        SELECT totals.*, engagement * decay AS decayed, floor(fit + engagement * decay + 0.5) AS whole FROM totals
    ),
    turning AS (
        SELECT rounded.*, engagement / nullif(whole - sign(engagement) * 0.5 - fit, 0) AS turns_at_share FROM rounded
    ),
    scored AS (
        SELECT lead_id, at, fit, engagement, latest, decayed,
            greatest(0, least(100, whole))::int AS shown,
            {grade} AS grade,
            CASE WHEN turns_at_share > 0 AND turns_at_share < 1e200 THEN
                latest + (ln(turns_at_share) / ln(2::float8) * %(half_life)s + 1) * interval '1 second'
            END AS rounds_at
        FROM turning
    )
""")
# 2^-500 is nothing, yet still a number.
LEAST_EXPONENT = sql.Literal(-500)
SECONDS_A_DAY = 86_400


class Compiled:
    """The statement of one card: common table expressions ending in `scored`, and the values they need."""

    def __init__(self, card: Card) -> None:
        self.card = card
        self.values: dict[str, Any] = {"half_life": card.half_life_days * SECONDS_A_DAY, "version": card.version}
        self.points = self._points()
        self.scored = sql.SQL("WITH {}, {}").format(self.points, self._totals())

    def _points(self) -> sql.Composable:
        fit = {rule.name: self._fit(rule) for rule in self.card.rules if rule.axis is Axis.FIT}
        engagement = {rule.name: self._engagement(rule) for rule in self._engagement_rules()}
        taken = {name: sql.SQL("coalesce({}, 0)").format(sql.Identifier("engaged", name)) for name in engagement}
        return POINTS.format(
            least_exponent=LEAST_EXPONENT, engagement=_columns(engagement), points=_columns({**fit, **taken})
        )

    def _engagement_rules(self) -> list[Rule]:
        return [rule for rule in self.card.rules if rule.axis is Axis.ENGAGEMENT]

    def _fit(self, rule: Rule) -> sql.Composable:
        return sql.SQL("CASE WHEN {} THEN {} ELSE 0 END").format(self._matches(rule), sql.Literal(rule.points))

    def _engagement(self, rule: Rule) -> sql.Composable:
        summed = sql.SQL("coalesce(sum({} * touch.weight) FILTER (WHERE {}), 0)").format(
            sql.Literal(rule.points), self._matches(rule)
        )
        return summed if rule.cap is None else sql.SQL("least({}, {})").format(summed, sql.Literal(rule.cap))

    def _matches(self, rule: Rule) -> sql.Composable:
        field, name = rule.column, f"value_{rule.name}"
        self.values[name] = _value(rule)
        template = sql.SQL(CONDITIONS[field.type][rule.operator])
        return template.format(column=field.expression, value=sql.Placeholder(name))

    def _totals(self) -> sql.Composable:
        return TOTALS.format(
            fit=self._total(Axis.FIT),
            engagement=self._total(Axis.ENGAGEMENT),
            least_exponent=LEAST_EXPONENT,
            grade=self._grade(),
        )

    def _total(self, axis: Axis) -> sql.Composable:
        sums = [
            _at_most(ceiling(members), _sum(members)) if group else _sum(members)
            for group, members in grouped(self.card.rules, axis)
        ]
        return sql.SQL(" + ").join(sums) if sums else sql.SQL("0")

    def _grade(self) -> sql.Composable:
        """Fit by letter, engagement by number, from whole points: so both change only when a rounded figure does."""
        least = self.card.thresholds
        letter = _step("fit", FIT_GRADES, least.fit, "D")
        number = _step("floor(decayed + 0.5)", ENGAGEMENT_GRADES, least.engagement, "4")
        return sql.SQL("{} || {}").format(letter, number)


CONDITIONS: dict[Type, dict[str, str]] = {
    Type.TEXT: {
        "is": "lower({column}) = {value}",
        "is_not": "coalesce(lower({column}), '') <> {value}",
        "in": "lower({column}) = ANY({value})",
        "not_in": "NOT coalesce(lower({column}) = ANY({value}), false)",
        "contains": "strpos(lower({column}), {value}) > 0",
    },
    Type.NUMBER: {"at_least": "{column} >= {value}", "at_most": "{column} <= {value}", "is": "{column} = {value}"},
    Type.FLAG: {"is": "coalesce({column}, false) = {value}"},
    Type.RECORD: {"is": "{column} = {value}", "in": "{column} = ANY({value})"},
    # Days are compared as the texts they are: they sort as days do.
    Type.DATE: {
        "is": "{column} = {value}",
        "from": '({column}) COLLATE "C" >= {value}',
        "before": '({column}) COLLATE "C" < {value}',
    },
    Type.TAGS: {
        "contains": "{value} = ANY(lower({column}::text)::text[])",
        "in": "lower({column}::text)::text[] && {value}",
        "not_in": "NOT coalesce(lower({column}::text)::text[] && {value}, false)",
    },
}


def ceiling(group: list[Rule]) -> int:
    """The most that the rules of a group give together."""
    return max(rule.most or 0 for rule in group)


def _value(rule: Rule) -> Any:
    """The value to compare with; text is compared in small letters."""
    if rule.column.type not in (Type.TEXT, Type.TAGS):
        return rule.value
    return [text.lower() for text in rule.value] if rule.operator in LIST_OPERATORS else rule.value.lower()


def _columns(expressions: dict[str, sql.Composable]) -> sql.Composable:
    return sql.Composed(
        sql.SQL(", {} AS {}").format(expression, sql.Identifier(name)) for name, expression in expressions.items()
    )


def _sum(rules: Iterable[Rule]) -> sql.Composable:
    return sql.SQL(" + ").join(sql.Identifier(rule.name) for rule in rules)


def _at_most(limit: int, total: sql.Composable) -> sql.Composable:
    return sql.SQL("least({}, {})").format(total, sql.Literal(limit))


def _step(points: str, grades: tuple[str, ...], least: dict[str, int], lowest: str) -> sql.Composable:
    if not least:
        return sql.SQL("''")
    steps = [
        sql.SQL("WHEN {} >= {} THEN {}").format(sql.SQL(points), sql.Literal(least[grade]), sql.Literal(grade))
        for grade in grades
    ]
    return sql.SQL("CASE {} ELSE {} END").format(sql.SQL(" ").join(steps), sql.Literal(lowest))
