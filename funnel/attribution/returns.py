"""What campaigns cost and what came of it, each figure counted by itself: no join multiplies a cost (METRICS 9).

Every statement groups by ``grp``: which key each campaign belongs to (itself, its channel, the campaign above it …).
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from crm.currencies import converted, without_rate
from crm.intervals import Counted, Share
from feedback.quality import BAND, index, promised
from feedback.queries import ABOUT_THE_LEAD
from funnel.attribution.sourcing import SOURCING, sourcing_of
from funnel.deals.chances import CHANCE, VARIANCE, WEIGHTED, chances
from funnel.deals.relation import DEAL, IS_OPEN, IS_WON, Values, all_of, rows, source, values_of
from funnel.facts.sql import day
from funnel.models.settings import FigureSettings, MarketingSourced

# The day of a deal `d` that counts. Cohort: when its lead began, as the funnel counts leads, or it was opened itself.
BEGAN = """coalesce((SELECT f.began_on FROM funnel_leadfact f WHERE f.lead_id = d.lead_id AND f.episode = 1),
            d.opened_on, d.closed_on)"""
WON_DAY = {"cohort": BEGAN, "period": "d.closed_on"}
OPEN_DAY = {"cohort": BEGAN, "period": "d.opened_on"}
JUDGED_DAY = {
    "cohort": """(SELECT f.began_on FROM funnel_leadfact f
            WHERE f.lead_id = coalesce(l.merged_into_id, l.id) AND f.episode = 1)""",
    "period": day("h.decided_at"),
}
GRP = "grp AS (SELECT * FROM unnest(%(campaigns)s::bigint[], %(keys)s::text[]) AS one (campaign, key))"
COSTS = f"""
    WITH {GRP}, spend AS (
        SELECT grp.key, s.currency, {converted("s.amount", "s.currency", 's."on"')} AS amount
        FROM campaigns_spend s JOIN grp ON grp.campaign = s.campaign_id
        WHERE s."on" >= %(start)s AND s."on" < %(end)s
    )
    SELECT key, sum(amount) AS cost, array_agg(currency) FILTER (WHERE amount IS NULL) AS unconverted
    FROM spend GROUP BY 1
"""
REVENUE = f"""
    WITH {GRP}, {sourcing_of(DEAL, "{won}")}
    SELECT sourced.definition AS what, grp.key, count(*) AS deals, coalesce(sum(sourced.amount), 0) AS value
    FROM sourced LEFT JOIN grp ON grp.campaign = sourced.campaign GROUP BY 1, 2
    UNION ALL
    SELECT 'influenced', key, count(*), coalesce(sum(amount), 0) FROM (
        SELECT DISTINCT influenced.deal, influenced.amount, grp.key
        FROM influenced JOIN grp ON grp.campaign = influenced.campaign
    ) once GROUP BY 2
    UNION ALL
    SELECT 'all influenced', NULL, count(*), coalesce(sum(amount), 0)
    FROM (SELECT DISTINCT deal, amount FROM influenced) once
    UNION ALL
    SELECT 'won', NULL, count(*), coalesce(sum(amount), 0) FROM deal
"""
EXPECTED = f"""
    WITH {GRP}, deal AS MATERIALIZED (
        SELECT d.id, o.lead_id, o.contact_id, d.amount, d.stage, d.age_days, d.probability, %(until)s AS until
        FROM {{deals}} d JOIN leads_opportunity o ON o.id = d.id WHERE {IS_OPEN} AND {{in_days}}
    ), {SOURCING}
    SELECT grp.key, count(*) AS deals, {WEIGHTED} AS weighted, {VARIANCE} AS variance
    FROM sourced d JOIN grp ON grp.campaign = d.campaign {CHANCE}
    WHERE d.definition = %(definition)s GROUP BY 1
"""
# The score a lead had when it became an MQL stands at that move; where none is known the band is -1.
JUDGED = f"""
    WITH {GRP}
    SELECT grp.key, CASE WHEN move.score IS NULL THEN -1 ELSE least(move.score, 99) / %(band)s END AS band,
        count(*) FILTER (WHERE h.status = 'accepted') AS accepted, count(*) AS judged
    FROM feedback_handoff h JOIN leads_lead l ON l.id = h.lead_id JOIN grp ON grp.campaign = l.campaign_id
    LEFT JOIN leads_reason r ON r.id = h.reason_id
    LEFT JOIN LATERAL (
        SELECT score FROM leads_transition m
        WHERE m.lead_id = h.lead_id AND m.to_stage = 'mql' AND m.at <= h.offered_at ORDER BY m.seq DESC LIMIT 1
    ) move ON true
    WHERE {{in_days}} AND (h.status = 'accepted' OR h.status = 'rejected' AND r.family = ANY(%(families)s))
    GROUP BY 1, 2
"""


@dataclass(frozen=True)
class Revenue:
    """What was won. ``sourced``: by definition and key (None: by no campaign asked about), ``influenced`` by key;
    the sums of all keys would count a deal twice, ``all_influenced`` does not."""

    won: Decimal = Decimal(0)
    deals: int = 0
    all_influenced: Decimal = Decimal(0)
    sourced: Mapping[tuple[str, str | None], Decimal] = field(default_factory=dict)
    influenced: Mapping[str, Decimal] = field(default_factory=dict)

    def sourced_in_all(self, definition: str) -> Decimal:
        return sum((value for (what, _key), value in self.sourced.items() if what == definition), Decimal(0))


@dataclass(frozen=True)
class Expected:
    """What open deals are likely to bring: how many, the weighted value and its variance."""

    deals: int = 0
    value: float = 0.0
    variance: float = 0.0


@dataclass(frozen=True)
class Quality:
    """Verdicts on leads: accepted of judged, and how many of them their scores promised (METRICS R5)."""

    accepted: int = 0
    judged: int = 0
    expected: float = 0.0

    @property
    def share(self) -> Share:
        return Counted(self.accepted, self.judged).share

    @property
    def index(self) -> float | None:
        return index(self.accepted, self.expected) if self.judged else None


Groups = Mapping[int, str]


def in_days(day_sql: str) -> str:
    """That a day is one of those from %(start)s to %(end)s (not included)."""
    return f"{day_sql} >= %(start)s AND {day_sql} < %(end)s"


def won_in(basis: str) -> list[str]:
    """What makes a deal ``d`` one that was won in the days, by cohort or by period."""
    return [IS_WON, in_days(WON_DAY[basis])]


def asked(groups: Groups, start: date, end: date, on: date) -> Values:
    """What the statements take."""
    return {
        **values_of(on),
        "campaigns": list(groups),
        "keys": list(groups.values()),
        "start": start,
        "end": end,
        "definition": FigureSettings.get().marketing_sourced,
    }


def costs(values: Values) -> tuple[dict[str, Decimal], list[str]]:
    """By key what was spent in the days, each amount at the rate of its day, and notes on what has none."""
    found = rows(COSTS, values)
    missing: dict[str, int] = defaultdict(int)
    for row in found:
        for currency in row["unconverted"] or ():
            missing[currency] += 1
    return {row["key"]: row["cost"] or Decimal(0) for row in found}, without_rate(missing)


def revenue(values: Values, basis: str = "period") -> Revenue:
    found = rows(REVENUE.format(won=all_of(won_in(basis))), values)
    alone = {row["what"]: row for row in found if row["what"] in ("won", "all influenced")}
    return Revenue(
        won=alone["won"]["value"],
        deals=alone["won"]["deals"],
        all_influenced=alone["all influenced"]["value"],
        sourced={(row["what"], row["key"]): row["value"] for row in found if row["what"] in MarketingSourced.values},
        influenced={row["key"]: row["value"] for row in found if row["what"] == "influenced"},
    )


def expected(values: Values, on: date, basis: str, *, at: datetime) -> dict[str, Expected]:
    """By key what the open deals that it sourced are likely to bring (METRICS R4)."""
    weights = chances(on, at=at).values()
    statement = EXPECTED.format(deals=source(on, at=at), in_days=in_days(OPEN_DAY[basis]))
    found = rows(statement, {**values, **weights})
    return {row["key"]: Expected(row["deals"], float(row["weighted"]), float(row["variance"])) for row in found}


def quality(values: Values, basis: str) -> dict[str, Quality]:
    """By key how sales judged its leads, beside what the scores promised by the leads of all others."""
    families = [family.value for family in ABOUT_THE_LEAD]
    own: dict[str, dict[int, Counted]] = defaultdict(dict)
    for row in rows(JUDGED.format(in_days=in_days(JUDGED_DAY[basis])), {**values, "band": BAND, "families": families}):
        own[row["key"]][row["band"]] = Counted(row["accepted"], row["judged"])
    return {key: quality_of(bands, others_of(key, own)) for key, bands in own.items()}


def quality_of(bands: Mapping[int, Counted], others: Mapping[int, Counted]) -> Quality:
    return Quality(
        accepted=sum(counts.part for counts in bands.values()),
        judged=sum(counts.whole for counts in bands.values()),
        expected=sum(counts.whole * promised(others, band) for band, counts in bands.items()),
    )


def others_of(key: str, own: Mapping[str, Mapping[int, Counted]]) -> dict[int, Counted]:
    """Verdicts by band of all keys but one."""
    found: dict[int, Counted] = {}
    for other, bands in own.items():
        if other != key:
            for band, counts in bands.items():
                part, whole = found.get(band, Counted(0, 0))
                found[band] = Counted(part + counts.part, whole + counts.whole)
    return found


def cost_each(cost: Decimal | None, reached: int) -> Decimal | None:
    """R3: None without a cost or where nobody got so far, never infinite and never 0."""
    return cost / reached if cost and reached else None


def roi(value: Decimal | float, cost: Decimal | float) -> float | None:
    """R1: what came back beyond the cost, as a share of it; None without a cost."""
    return (float(value) - float(cost)) / float(cost) if cost else None


def romi(value: Decimal | float, cost: Decimal | float, margin: Decimal | None) -> float | None:
    """R2: the same of the margin; None until the gross margin is known."""
    return None if margin is None else roi(float(value) * float(margin), cost)
