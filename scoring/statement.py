"""A card compiled to SQL: one set-based statement for one lead and for a million.

It tells the points of every rule for leads at moments. Caps hold at the lead's latest touch, then everything decays
together: cap and decay do not commute, and so the order of touches is irrelevant. Only the buyer's own touches are
engagement, of one kind no more a day than the daily cap, and a touch that another one corrects never happened. Touches
of leads that were merged are united before they are counted: scores are never added together.

Who is asked about differs (`Asked`), and whether records are read as they are or as they were (`as_of`); what is
computed does not.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, NamedTuple

from psycopg2 import sql

from scoring.conditions import comparison, value_of
from scoring.fields import Axis
from scoring.past import company_then, contact_then, lead_then
from scoring.rules import ENGAGEMENT_GRADES, FIT_GRADES, HAND_STAYS_UP, Card, Condition, Rule, ceiling, grouped


class Asked(NamedTuple):
    """Whom the statement is asked about, as SQL of `asked (lead_id, at)`, each pair once.

    ``leads``, ``touches``, ``merged``: `asked` beside each `lead`, each `touch` of its own, and each `touch` of a lead
    `merged` into it.
    """

    rows: sql.SQL
    leads: sql.SQL
    touches: sql.SQL
    merged: sql.SQL


# %(leads)s at %(moments)s, in pairs.
PAIRS = Asked(
    rows=sql.SQL("SELECT * FROM unnest(%(leads)s::bigint[], %(moments)s::timestamptz[]) AS asked (lead_id, at)"),
    leads=sql.SQL("asked JOIN leads_lead lead ON lead.id = asked.lead_id"),
    touches=sql.SQL("{asked} AS asked JOIN leads_touch touch ON touch.lead_id = asked.lead_id"),
    merged=sql.SQL("""
        {asked} AS asked JOIN leads_lead merged ON merged.merged_into_id = asked.lead_id
        JOIN leads_touch touch ON touch.lead_id = merged.id
    """),
)
# Every lead with an id from %(low)s to %(high)s at %(at)s: each table is walked along the range, none looked up in.
RANGE = Asked(
    rows=sql.SQL(
        "SELECT id AS lead_id, %(at)s::timestamptz AS at FROM leads_lead WHERE id BETWEEN %(low)s AND %(high)s"
    ),
    leads=sql.SQL("""
        (SELECT * FROM leads_lead WHERE id BETWEEN %(low)s AND %(high)s) AS lead
        CROSS JOIN LATERAL (SELECT lead.id AS lead_id, %(at)s::timestamptz AS at) AS asked
    """),
    touches=sql.SQL("""
        (SELECT * FROM leads_touch WHERE lead_id BETWEEN %(low)s AND %(high)s) AS touch
        CROSS JOIN LATERAL (SELECT touch.lead_id, %(at)s::timestamptz AS at) AS asked
    """),
    merged=sql.SQL("""
        (SELECT * FROM leads_lead WHERE merged_into_id BETWEEN %(low)s AND %(high)s) AS merged
        JOIN leads_touch touch ON touch.lead_id = merged.id
        CROSS JOIN LATERAL (SELECT merged.merged_into_id AS lead_id, %(at)s::timestamptz AS at) AS asked
    """),
)

# The effective touches of everybody in `asked`.
TOUCHES = sql.SQL("{own} UNION ALL {merged}")
TOUCHES_OF = sql.SQL("""
    SELECT asked.lead_id, asked.at AS asked_at, touch.id, touch.at, touch.kind, touch.channel, touch.campaign_id,
        touch.asset_id, touch.raised_hand
    FROM {touches} {lead}
    WHERE touch.by = 'buyer' AND touch.at <= asked.at AND touch.at > asked.at - {memory} {known}
        AND (
            NOT (SELECT EXISTS (SELECT FROM corrected))
            OR (touch.id, asked.at) NOT IN (SELECT corrects_id, at FROM corrected)
        )
""")
CORRECTED = sql.SQL("corrected AS ({own} UNION ALL {merged})")
CORRECTED_OF = sql.SQL("""
    SELECT touch.corrects_id, asked.at FROM {touches} {lead} WHERE touch.corrects_id IS NOT NULL {known}
""")
# A lead that was written later, as by an import, brought its history along. What was added to that history afterwards
# counts before the lead was written, too, and from then on only once it was added: the line dips in between.
KNOWN_THEN = sql.SQL("AND (touch.created_at <= asked.at OR lead.created_at > asked.at)")
LEAD_THEN = sql.SQL("JOIN lead_then lead ON lead.lead_id = asked.lead_id AND lead.at = asked.at")
# Sums as they count at the moment asked about.
SUMMED = sql.SQL("""
    SELECT touch.lead_id, touch.asked_at, max(touch.at) AS latest, count(*) AS touches{sums}
    FROM ({touches}) AS touch GROUP BY touch.lead_id, touch.asked_at
""")
# Only who has more touches than the cap is looked at again, touch by touch.
CAPPED = sql.SQL("""
    counted AS ({summed}),
    capped AS (
        SELECT touch.lead_id, touch.asked_at, max(touch.at) AS latest, max(touch.met) AS met,
            count(*) AS touches{sums}{latest_hands}
        FROM (
            SELECT touch.*, busy.touches AS met{hands_of_busy}, row_number() OVER (
                PARTITION BY touch.lead_id, touch.asked_at, touch.kind, (touch.at AT TIME ZONE 'UTC')::date
                ORDER BY touch.at, touch.id
            ) AS nth
            FROM (SELECT counted.*, asked_at AS at FROM counted WHERE touches > {cap}) busy
            CROSS JOIN LATERAL ({touches_of_busy} OFFSET 0) AS touch
        ) AS touch
        WHERE nth <= {cap} GROUP BY touch.lead_id, touch.asked_at
    ),
    engaged AS (
        SELECT lead_id, asked_at, latest, touches AS met, touches{names} FROM counted WHERE touches <= {cap}
        UNION ALL SELECT lead_id, asked_at, latest, met, touches{names} FROM capped
    )
""")
UNCAPPED = sql.SQL("engaged AS (SELECT summed.*, touches AS met FROM ({summed}) AS summed)")
# OFFSET 0, or what one step computes is computed again wherever the next one uses it. Everybody engaged is among the
# records; a full join all the same, for it is never nested: how many are engaged, the planner guesses badly.
POINTS = sql.SQL("""
    points AS (
        SELECT asked.lead_id, asked.at, engaged.latest, engaged.met, engaged.touches,
            coalesce(engaged.decay, 1) AS decay{points}
        FROM {records}
        FULL JOIN (SELECT engaged.*, {decay} AS decay FROM engaged OFFSET 0) AS engaged
            ON engaged.lead_id = asked.lead_id AND engaged.asked_at = asked.at
        OFFSET 0
    )
""")
# By key, one at a time: a join would read all companies for every twenty thousand leads.
RECORDS = sql.SQL("""
    {leads}
    LEFT JOIN LATERAL (SELECT * FROM leads_company WHERE id = lead.company_id OFFSET 0) company ON true
    LEFT JOIN LATERAL (SELECT * FROM leads_contact WHERE id = lead.contact_id OFFSET 0) contact ON true
""")
RECORDS_THEN = sql.SQL("""
    asked JOIN lead_then lead ON lead.lead_id = asked.lead_id AND lead.at = asked.at
    LEFT JOIN company_then company ON company.lead_id = asked.lead_id AND company.at = asked.at
    LEFT JOIN contact_then contact ON contact.lead_id = asked.lead_id AND contact.at = asked.at
""")
TOTALS = sql.SQL("""
    totals AS (
        SELECT lead_id, at, latest, decay, ({fit})::float8 AS fit,
            round(({engagement})::float8 * 1e6) / 1e6 AS engagement, {excluded} AS excluded, {raised_at} AS raised_at
        FROM points OFFSET 0
    ),
    rounded AS (
        SELECT totals.*, engagement * decay AS decayed, floor(fit + engagement * decay + 0.5) AS whole FROM totals
        OFFSET 0
    ),
    turning AS (
        SELECT rounded.*, engagement / nullif(whole - sign(engagement) * 0.5 - fit, 0) AS turns_at_share,
            CASE WHEN excluded THEN 0 ELSE greatest(0, least(100, whole))::int END AS shown,
            CASE WHEN excluded THEN '' ELSE {grade} END AS grade,
            coalesce(raised_at + {stays_up} > at, false) AS hand_is_up
        FROM rounded OFFSET 0
    ),
    scored AS (
        SELECT lead_id, at, fit, engagement, latest, shown, grade, excluded, raised_at,
            NOT excluded AND (hand_is_up OR {over_threshold}) AS qualifies,
            CASE WHEN NOT excluded THEN least(
                CASE WHEN turns_at_share > 0 AND turns_at_share < 1e200 THEN
                    latest + (ln(turns_at_share) / ln(2::float8) * %(half_life)s + 1) * interval '1 second'
                END,
                CASE WHEN hand_is_up THEN raised_at + {stays_up} END
            ) END AS rounds_at
        FROM turning
    )
""")
# What a touch still counts at the moment asked about: halved with every half-life. By date_part, for extract computes
# in numeric.
WEIGHT = "exp(date_part('epoch', {at} - {asked_at}) * (ln(2::float8) / %(half_life)s))"
SECONDS_A_DAY = 86_400
# In this order, with what the statement itself reads of a lead.
THEN = {"lead": lead_then, "company": company_then, "contact": contact_then}
LINKS = ("created_at", "company_id", "contact_id")
# After so many half-lives a touch is nothing, and soon no number either.
HALF_LIVES, LONGEST = 990, timedelta(days=36_525)


class Compiled:
    """The statement of one card: common table expressions ending in `scored`, and the values they need.

    ``as_of``: records as they were at the moments asked about, and of what was written down by then; for moments of the
    past. ``detailed``: with what an explanation tells besides: how often each rule was met, when last, uncapped points.
    """

    def __init__(self, card: Card, *, asked: Asked = PAIRS, as_of: bool = False, detailed: bool = False) -> None:
        self.card, self.asked, self.as_of, self.detailed = card, asked, as_of, detailed
        self.memory = min(HALF_LIVES * timedelta(days=card.half_life_days), LONGEST)
        self.values: dict[str, Any] = {"half_life": card.half_life_days * SECONDS_A_DAY, "version": card.version}
        self.scored = sql.SQL("WITH {}").format(
            sql.SQL(", ").join([
                sql.SQL("asked AS ({})").format(asked.rows), *self._records_then(),
                self._corrected(), *self._engaged(), self._points(), self._totals(),
            ])
        )  # fmt: skip

    # Records: as they are, or as they were.

    def _records_then(self) -> list[sql.Composable]:
        if not self.as_of:
            return []
        columns: dict[str, set[str]] = {**{alias: set() for alias in THEN}, "lead": set(LINKS)}
        for one in (*self._rules(Axis.FIT), *self.card.exclusions):
            columns[one.column.alias].update(one.column.columns)
            columns["contact"].update(one.column.contact)
        return [then(sorted(columns[alias])) for alias, then in THEN.items()]

    # Touches.

    def _corrected(self) -> sql.Composable:
        return self._of_families(CORRECTED, CORRECTED_OF, self.asked, sql.Identifier("asked"))

    def _engaged(self) -> list[sql.Composable]:
        sums, hands = self._sums(), self._hands()
        touches = self._of_families(TOUCHES, TOUCHES_OF, self.asked, sql.Identifier("asked"))
        summed = SUMMED.format(touches=touches, sums=_columns({**sums, **hands}))
        if self.card.daily_cap is None:
            return [UNCAPPED.format(summed=summed)]
        return [CAPPED.format(
            summed=summed,
            touches_of_busy=self._of_families(TOUCHES, TOUCHES_OF, PAIRS, sql.SQL("(SELECT busy.lead_id, busy.at)")),
            cap=sql.Literal(self.card.daily_cap),
            sums=_columns(sums), names=_names([*sums, *hands]), hands_of_busy=_names(hands, "busy"),
            latest_hands=_columns({name: sql.SQL("max({})").format(sql.Identifier("touch", name)) for name in hands}),
        )]  # fmt: skip

    def _of_families(self, both: sql.SQL, template: sql.SQL, whose: Asked, asked: sql.Composable) -> sql.Composable:
        """The template for the touches of leads, and for those of who was merged into them."""
        known, lead = (KNOWN_THEN, LEAD_THEN) if self.as_of else (sql.SQL(""), sql.SQL(""))
        own, merged = (
            template.format(
                touches=touches.format(asked=asked), lead=lead, known=known, memory=sql.Literal(self.memory)
            )
            for touches in (whose.touches, whose.merged)
        )
        return both.format(own=own, merged=merged)

    def _sums(self) -> dict[str, sql.Composable]:
        """What each rule gives, before its cap; detailed: also undecayed, how often, and when last."""
        weight = sql.SQL(WEIGHT.format(at="touch.at", asked_at="touch.asked_at"))
        found: dict[str, sql.Composable] = {}
        for rule in self._rules(Axis.ENGAGEMENT):
            matches = self._matches(rule, rule.name)
            found[rule.name] = sql.SQL("sum({} * {}) FILTER (WHERE {})").format(
                sql.Literal(rule.points), weight, matches
            )
            if self.detailed:
                found[f"{rule.name}_times"] = sql.SQL("count(*) FILTER (WHERE {})").format(matches)
                found[f"{rule.name}_last"] = sql.SQL("max(touch.at) FILTER (WHERE {})").format(matches)
        return found

    def _hands(self) -> dict[str, sql.Composable]:
        """When each kind of raised hand was last seen; the daily cap does not hide one."""
        return {
            f"hand_{number}": sql.SQL("max(touch.at) FILTER (WHERE {})").format(self._matches(one, f"hand_{number}"))
            for number, one in enumerate(self.card.hand_raises)
        }

    # Points of every rule at the latest touch.

    def _points(self) -> sql.Composable:
        columns = {
            **{rule.name: self._fit(rule) for rule in self._rules(Axis.FIT)},
            **{rule.name: self._engagement(rule) for rule in self._rules(Axis.ENGAGEMENT)},
            **{f"exclusion_{number}": self._holds(one, f"exclusion_{number}")
               for number, one in enumerate(self.card.exclusions)},
            **{name: sql.Identifier("engaged", name) for name in self._hands()},
        }  # fmt: skip
        if self.detailed:
            names = [f"{rule.name}_{told}" for rule in self._rules(Axis.ENGAGEMENT) for told in ("times", "last")]
            columns |= {name: sql.Identifier("engaged", name) for name in names}
            columns |= {f"{rule.name}_uncapped": self._uncapped(rule) for rule in self._rules(Axis.ENGAGEMENT)}
        return POINTS.format(
            points=_columns(columns),
            records=RECORDS_THEN if self.as_of else RECORDS.format(leads=self.asked.leads),
            decay=sql.SQL(WEIGHT.format(at="engaged.latest", asked_at="engaged.asked_at")),
        )

    def _fit(self, rule: Rule) -> sql.Composable:
        return sql.SQL("CASE WHEN {} THEN {} ELSE 0 END").format(
            self._matches(rule, rule.name), sql.Literal(rule.points)
        )

    def _engagement(self, rule: Rule) -> sql.Composable:
        uncapped = self._uncapped(rule)
        return uncapped if rule.cap is None else sql.SQL("least({}, {})").format(uncapped, sql.Literal(rule.cap))

    def _uncapped(self, rule: Rule) -> sql.Composable:
        return sql.SQL("coalesce({} / engaged.decay, 0)").format(sql.Identifier("engaged", rule.name))

    def _holds(self, condition: Condition, name: str) -> sql.Composable:
        return sql.SQL("coalesce({}, false)").format(self._matches(condition, name))

    def _matches(self, condition: Condition, name: str) -> sql.Composable:
        self.values[f"value_{name}"] = value_of(condition)
        return comparison(condition, sql.Placeholder(f"value_{name}"))

    # Totals.

    def _totals(self) -> sql.Composable:
        exclusions = [sql.Identifier(f"exclusion_{number}") for number in range(len(self.card.exclusions))]
        hands = [sql.Identifier(name) for name in self._hands()]
        latest_hand = sql.SQL("greatest({})").format(sql.SQL(", ").join(hands))
        return TOTALS.format(
            fit=self._total(Axis.FIT),
            engagement=self._total(Axis.ENGAGEMENT),
            excluded=sql.SQL("({})").format(sql.SQL(" OR ").join(exclusions)) if exclusions else sql.SQL("false"),
            raised_at=latest_hand if hands else sql.SQL("null::timestamptz"),
            grade=self._grade(),
            over_threshold=self._over_threshold(),
            stays_up=sql.Literal(HAND_STAYS_UP),
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

    def _over_threshold(self) -> sql.Composable:
        """The score and the grade that the card asks for, as far as it does; nothing asked for is never reached."""
        least, asked = self.card.thresholds, []
        if least.mql is not None:
            asked.append(sql.SQL("shown >= {}").format(sql.Literal(least.mql)))
        if least.grades:
            asked.append(sql.SQL("grade = ANY({})").format(sql.Literal(list(least.grades))))
        return sql.SQL("({})").format(sql.SQL(" AND ").join(asked)) if asked else sql.SQL("false")

    def _rules(self, axis: Axis) -> list[Rule]:
        return [rule for rule in self.card.rules if rule.axis is axis]


def _columns(expressions: dict[str, sql.Composable]) -> sql.Composable:
    return sql.Composed(
        sql.SQL(", {} AS {}").format(expression, sql.Identifier(name)) for name, expression in expressions.items()
    )


def _names(columns: Iterable[str], table: str = "") -> sql.Composable:
    of = (table,) if table else ()
    return sql.Composed(sql.SQL(", {}").format(sql.Identifier(*of, name)) for name in columns)


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
