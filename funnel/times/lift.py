"""Whether content moves leads on (METRICS X1): a landmark comparison, stratified by source.

Among the times round that were still in a stage at the landmark age, those that had met the content before are compared
with those that had not: how many got further within the time after it. Who left before the landmark, and what was met
after it, says nothing, so that long stays are no proof (immortal time). Only times round whose whole time after the
landmark has passed are counted.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp, log, sqrt
from typing import Any

from crm.fetching import fetch_rows
from crm.intervals import ENOUGH, Z_95, Counted, Share
from funnel.facts.sql import KEY_OF
from funnel.grouping import room_to_group
from funnel.handoffs.days import Days
from leads.lifecycle import SUCCESS, Stage

NOTHING = Counted(0, 0)
NOT_ENOUGH, NOT_PROVEN, PROVEN = "not enough data", "not proven", "proven"
# Nobody is won over by content while a hand-off waits for its answer.
STAGES = tuple(stage for stage in SUCCESS if stage not in (Stage.OFFERED, Stage.CUSTOMER))
STALE_AFTER = timedelta(days=90)
MEMORY = "192MB"
MET_ON = "(met.at AT TIME ZONE %(zone)s)"
KEYS = {
    **KEY_OF,
    "": "''",
    "region": "coalesce((SELECT region FROM crm_team WHERE crm_team.id = f.team), '')",
    "month": "to_char({on}, 'YYYY-MM')",
}


# The times round that came to one stage on the days asked, and were still in it at the landmark.
AT_RISK = """
        SELECT f.lead_id, f.source, '{stage}' AS stage, {key} AS key, f.{stage}_at + %(landmark)s AS landmark_at,
            coalesce(least({beyond}) <= f.{stage}_at + %(landmark)s + %(within)s, false) AS moved_on
        FROM funnel_leadfact f
        WHERE f.{stage}_on >= %(first_day)s AND f.{stage}_on < %(end_day)s
            AND f.{stage}_at + %(landmark)s + %(within)s <= %(at)s
            AND coalesce(least({beyond}) > f.{stage}_at + %(landmark)s, true)
            AND coalesce(f.outcome_at > f.{stage}_at + %(landmark)s, true) AND {which}"""


def at_risk(stage: Stage, asked: "Asked") -> str:
    beyond = ", ".join(f"f.{later}_at" for later in SUCCESS[SUCCESS.index(stage) + 1 :])
    return AT_RISK.format(stage=stage, beyond=beyond, **where(asked, f"f.{stage}_on"))


# Whom content reached: what buyers met and what sales showed or sent; a merged lead's counts for the one that stays.
# Corrections are few, so that they are looked up in a list instead of being joined.
MET = """
    met AS (
        SELECT coalesce(merged.root, use.lead_id) AS lead_id, use.asset_id, use.at
        FROM (
            SELECT t.lead_id, t.asset_id, t.at FROM leads_touch t
            WHERE t.asset_id IS NOT NULL AND t.at < %(at)s
                AND t.id NOT IN (SELECT c.corrects_id FROM leads_touch c WHERE c.corrects_id IS NOT NULL)
            UNION ALL
            SELECT a.lead_id, a.asset_id, a.at FROM leads_activity a
            WHERE a.asset_id IS NOT NULL AND a.lead_id IS NOT NULL AND a.at < %(at)s
        ) use
        LEFT JOIN (SELECT id, merged_into_id AS root FROM leads_lead WHERE merged_into_id IS NOT NULL) merged
            ON merged.id = use.lead_id
    )"""
# Sums over sources: of those who had met it how many there were and got further, the same in sources that have others
# to compare with, and of these others; the two sums of the Mantel-Haenszel ratio of shares, and the numerator of its
# variance.
LIFTS = """
    WITH {met},
    risk AS MATERIALIZED ({at_risk}),
    watched AS (SELECT lead_id, max(landmark_at) AS until FROM risk GROUP BY 1),
    seen AS MATERIALIZED (
        SELECT met.lead_id, met.asset_id, min(met.at) AS first_at
        FROM met JOIN watched ON watched.lead_id = met.lead_id AND met.at < watched.until GROUP BY 1, 2
    ),
    whole AS (
        SELECT key, stage, source, count(*)::float8 AS n, (count(*) FILTER (WHERE moved_on))::float8 AS moved
        FROM risk GROUP BY 1, 2, 3
    ),
    touched AS (
        SELECT seen.asset_id, risk.key, risk.stage, risk.source, count(*)::float8 AS n,
            (count(*) FILTER (WHERE risk.moved_on))::float8 AS moved
        FROM risk JOIN seen ON seen.lead_id = risk.lead_id AND seen.first_at < risk.landmark_at
        GROUP BY 1, 2, 3, 4
    )
    SELECT touched.key, touched.asset_id, touched.stage, sum(touched.n)::int, sum(touched.moved)::int,
        coalesce(sum(touched.n) FILTER (WHERE whole.n > touched.n), 0)::int,
        coalesce(sum(touched.moved) FILTER (WHERE whole.n > touched.n), 0)::int,
        sum(whole.n - touched.n)::int, sum(whole.moved - touched.moved)::int,
        sum(touched.moved * (whole.n - touched.n) / whole.n),
        sum((whole.moved - touched.moved) * touched.n / whole.n),
        sum((touched.n * (whole.n - touched.n) * whole.moved
            - touched.moved * (whole.moved - touched.moved) * whole.n) / whole.n ^ 2)
    FROM touched
    JOIN whole ON whole.key = touched.key AND whole.stage = touched.stage AND whole.source = touched.source
    GROUP BY touched.key, touched.asset_id, touched.stage"""
# How many leads met the content in these days, by the stage they had come to.
USES = """
    WITH {met},
    used AS (
        SELECT DISTINCT {key} AS key, met.lead_id, met.asset_id, CASE {furthest} ELSE 'inquiry' END AS stage
        FROM met JOIN funnel_leadfact f ON f.lead_id = met.lead_id
            AND (f.episode = 1 OR met.at >= f.began_at) AND coalesce(met.at <= f.outcome_at, true)
        WHERE met.at >= %(start)s AND met.at < %(end)s AND {which}
    )
    SELECT key, asset_id, stage, count(*) FROM used GROUP BY 1, 2, 3"""
LAST_USED = """
    SELECT asset.id, greatest(touch.at, activity.at) FROM campaigns_asset asset
    LEFT JOIN LATERAL (
        SELECT t.at FROM leads_touch t WHERE t.asset_id = asset.id AND t.at <= %(at)s
            AND NOT EXISTS (SELECT FROM leads_touch c WHERE c.corrects_id = t.id)
        ORDER BY t.at DESC LIMIT 1
    ) touch ON true
    LEFT JOIN LATERAL (
        SELECT a.at FROM leads_activity a WHERE a.asset_id = asset.id AND a.at <= %(at)s ORDER BY a.at DESC LIMIT 1
    ) activity ON true
    WHERE asset.archived_at IS NULL"""


@dataclass(frozen=True)
class Lift:
    """What became of those who had met a piece of content in a stage, beside those of the same sources who had not.

    ``compared``: those who had met it, in sources that have others. ``ratio`` of the shares of both, over sources
    (Mantel-Haenszel); ``low`` and ``high``: its 95 % interval (Greenland and Robins 1985). None: it cannot be told.
    """

    touched: Counted = NOTHING
    compared: Counted = NOTHING
    others: Counted = NOTHING
    ratio: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def verdict(self) -> str:
        """Proven only where neither the intervals of the two shares overlap nor that of the ratio holds 1."""
        if self.compared.whole < ENOUGH or self.others.whole < ENOUGH:
            return NOT_ENOUGH
        with_it, without = self.compared.share, self.others.share
        apart = not overlap(with_it, without)
        beyond_one = self.low is None or self.high is None or not self.low <= 1 <= self.high
        return PROVEN if apart and beyond_one else NOT_PROVEN


def overlap(one: Share, other: Share) -> bool:
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return True
    return one.low <= other.high and other.low <= one.high


def lift(touched: Counted, compared: Counted, others: Counted, with_it: float, without: float, spread: float) -> Lift:
    """From the two sums of the Mantel-Haenszel ratio and the numerator of its variance."""
    if not without:
        return Lift(touched, compared, others)
    ratio = with_it / without
    if not with_it:
        return Lift(touched, compared, others, 0.0)
    reach = Z_95 * sqrt(max(spread, 0.0) / (with_it * without))
    return Lift(touched, compared, others, ratio, exp(log(ratio) - reach), exp(log(ratio) + reach))


@dataclass(frozen=True)
class Asked:
    """Stages entered on these days; ``landmark`` later, whoever is still there is watched for the time ``within``."""

    days: Days
    landmark: timedelta
    within: timedelta
    held: tuple[tuple[str, str], ...] = ()
    dimension: str = ""


# Key of the dimension, id of the content, stage.
Place = tuple[str, int, str]


def lifts(asked: Asked) -> dict[Place, Lift]:
    risk = " UNION ALL ".join(at_risk(stage, asked) for stage in STAGES)
    rows = fetch_in_memory(LIFTS.format(met=MET, at_risk=risk), parameters(asked))
    return {
        (key, asset, stage): lift(
            Counted(moved, n), Counted(compared_moved, compared), Counted(rest_moved, rest), *sums
        )
        for key, asset, stage, n, moved, compared, compared_moved, rest, rest_moved, *sums in rows
    }


def fetch_in_memory(statement: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Millions of touches are sorted by lead in the memory of the database, not on its disk."""
    with room_to_group(MEMORY):
        return fetch_rows(statement, parameters)


def uses(asked: Asked) -> dict[Place, int]:
    """How many leads met each piece of content in these days, by the stage they had come to by then."""
    furthest = " ".join(f"WHEN f.{stage}_at <= met.at THEN '{stage}'" for stage in reversed(STAGES))
    rows = fetch_in_memory(USES.format(met=MET, furthest=furthest, **where(asked, MET_ON)), parameters(asked))
    return {(key, asset, stage): leads for key, asset, stage, leads in rows}


def last_used(at: datetime) -> dict[int, datetime | None]:
    """When each piece of content that is not put away was last met or shown."""
    return dict(fetch_rows(LAST_USED, {"at": at}))


def where(asked: Asked, on: str) -> dict[str, str]:
    """What rows are cut by and held at; ``on`` is the SQL of the day that tells their month."""
    held = [f"{KEYS[name]} = %(held_{name})s" for name, _key in asked.held]
    return {"key": KEYS[asked.dimension].replace("{on}", on), "which": " AND ".join(held) or "true"}


def parameters(asked: Asked) -> dict[str, Any]:
    held = {f"held_{name}": key for name, key in asked.held}
    return {**asked.days.parameters, "landmark": asked.landmark, "within": asked.within, **held}
