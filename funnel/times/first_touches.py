"""From a lead's first touch to its hand-raise and to MQL: in days, and in touches of the buyer.

Touches of merged leads are those of the lead that stays; a corrected touch never was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crm.fetching import fetch_rows, statement_of
from funnel.reports.counts import fact_key
from funnel.reports.question import Question
from funnel.times.lengths import SHARES, episodes

TO_HAND_RAISE, TO_MQL = "first_touch_to_hand_raise", "first_touch_to_mql"
TITLES = {TO_HAND_RAISE: "First touch to hand-raise", TO_MQL: "First touch to MQL"}
POINTS = {TO_HAND_RAISE: "raised_at", TO_MQL: "mql_at"}


@dataclass(frozen=True)
class Approach:
    """How long the leads of a key took to come: percentiles in days and in touches, the first and the last counted."""

    key: str | None
    measure: str
    n: int = 0
    negative: int = 0
    days: Sequence[float | None] = (None, None, None)
    touches: Sequence[float | None] = (None, None, None)


def figures(measure: str) -> str:
    point = POINTS[measure]
    days, been = f"extract(epoch FROM {point} - first_at) / 86400", f"FILTER (WHERE {point} IS NOT NULL)"
    percentiles = f"percentile_cont(ARRAY{list(SHARES)}) WITHIN GROUP"
    return f"""count({point}), count(*) FILTER (WHERE {point} < first_at),
        {percentiles} (ORDER BY {days}) {been}, {percentiles} (ORDER BY to_{point}) {been}"""


APPROACHES = f"""
    WITH f AS ({{facts}}),
    met AS (
        SELECT f.of, f.lead_id, f.mql_at, t.at,
        min(t.at) OVER lead AS first_at,
        min(t.at) FILTER (WHERE t.raised_hand) OVER lead AS raised_at
        FROM f
        JOIN leads_lead l ON coalesce(l.merged_into_id, l.id) = f.lead_id
        JOIN leads_touch t ON t.lead_id = l.id AND t.by = 'buyer'
        WHERE NOT EXISTS (SELECT FROM leads_touch correction WHERE correction.corrects_id = t.id)
        WINDOW lead AS (PARTITION BY f.lead_id)
    ),
    came AS (
        SELECT of, lead_id, first_at, raised_at, mql_at,
        count(*) FILTER (WHERE at <= raised_at) AS to_raised_at, count(*) FILTER (WHERE at <= mql_at) AS to_mql_at
        FROM met GROUP BY of, lead_id, first_at, raised_at, mql_at
    )
    SELECT of, {", ".join(map(figures, POINTS))} FROM came GROUP BY of ORDER BY of
"""


def approaches(question: Question) -> list[Approach]:
    """Both measures by key, of first time rounds; without a dimension always one key."""
    found = {key: told for key, *told in read(question) if question.key is None or key == question.key}
    keys = found if question.dimension else [None]
    return [
        approach(key, measure, found.get(key, [0, 0, None, None] * len(POINTS))[4 * place : 4 * place + 4])
        for key in keys
        for place, measure in enumerate(POINTS)
    ]


def approach(key: str | None, measure: str, told: Sequence[Any]) -> Approach:
    n, negative, days, touches = told
    return Approach(key, measure, n, negative, days or [None] * 3, touches or [None] * 3)


def read(question: Question) -> list[tuple[Any, ...]]:
    facts = episodes(question).filter(episode=1).annotate(of=fact_key(question, "began_on"))
    sql, values = statement_of(facts.values("lead_id", "mql_at", "of").order_by())
    return fetch_rows(APPROACHES.format(facts=sql), values)
