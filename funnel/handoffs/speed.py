"""Speed to lead (METRICS S1): how long a buyer who responded waited for us, on the clock on the wall.

The first hand-off of each time round counts, on the day of it. The *response* is the last thing the buyer did before
becoming an MQL; from there to the hand-off the delay is the system's and marketing's, from the hand-off on sales'.
"""

from dataclasses import dataclass

from crm.fetching import fetch_rows
from funnel.handoffs.service_levels import KEYS, Promised, joins
from leads.attempts import IS_ANSWER, IS_ATTEMPT


@dataclass(frozen=True)
class Leg:
    """A part of the way from the buyer's response to us."""

    key: str
    title: str
    how: str
    seconds: str


LEGS = (
    Leg(
        "systems", "Until it was handed over",
        "From the buyer's response to the hand-off: scoring, routing and marketing.",
        "c.started_at - c.responded_at",
    ),
    Leg(
        "people", "Until sales tried",
        "From the hand-off to the first call, e-mail or message of a person.",
        "c.attempted_at - c.started_at",
    ),
    Leg(
        "first_attempt", "Response to first attempt",
        "Both together: what the buyer noticed.",
        "c.attempted_at - c.responded_at",
    ),
    Leg(
        "first_contact", "Response to first contact",
        "From the response until buyer and sales first spoke or wrote to each other.",
        "c.contacted_at - c.responded_at",
    ),
    Leg(
        "first_qualification", "Response to first qualification",
        "From the response until sales qualified the lead.",
        "c.qualified_at - c.responded_at",
    ),
)  # fmt: skip
# One row a first hand-off. An attempt is made by a person; a contact is the buyer heard.
WAYS = f"""
    SELECT h.lead_id, h.team_id AS team, h.definition_version, coalesce(h.to_user_id, h.decided_by_id) AS person,
        h.offered_at AS started_at, coalesce(response.at, f.began_at) AS responded_at, attempt.at AS attempted_at,
        contact.at AS contacted_at, CASE WHEN f.qualified_at >= h.offered_at THEN f.qualified_at END AS qualified_at
    FROM feedback_handoff h
    JOIN leads_lead own ON own.id = h.lead_id
    JOIN funnel_leadfact f ON f.lead_id = coalesce(own.merged_into_id, own.id) AND f.episode = h.episode
    LEFT JOIN LATERAL (
        SELECT t.at FROM leads_touch t
        WHERE t.lead_id = h.lead_id AND t.by = 'buyer' AND t.at <= coalesce(f.mql_at, h.offered_at)
            AND t.at >= f.began_at AND t.at <= h.offered_at
            AND NOT EXISTS (SELECT FROM leads_touch c WHERE c.corrects_id = t.id)
        ORDER BY t.at DESC LIMIT 1
    ) response ON true
    LEFT JOIN LATERAL (
        SELECT a.at FROM leads_activity a
        WHERE a.lead_id = h.lead_id AND a.at >= h.offered_at AND a.by_id IS NOT NULL
            AND {IS_ATTEMPT}
        ORDER BY a.at LIMIT 1
    ) attempt ON true
    LEFT JOIN LATERAL (
        SELECT a.at FROM leads_activity a
        WHERE a.lead_id = h.lead_id AND a.at >= h.offered_at
            AND {IS_ANSWER}
        ORDER BY a.at LIMIT 1
    ) contact ON true
    WHERE h.follows_id IS NULL AND h.status <> 'withdrawn' AND h.offered_at >= %(start)s AND h.offered_at < %(end)s"""


@dataclass(frozen=True)
class Took:
    """How long one leg took: exact median and 90th percentile (V2) in hours, of ``n`` leads that came so far."""

    leg: Leg
    n: int
    median_hours: float | None
    p90_hours: float | None


def speed(promised: Promised) -> list[Took]:
    """A line for each leg."""
    dimensions = [name for name, _key in promised.held]
    which = " AND ".join(f"{KEYS[name]} = %(held_{name})s" for name in dimensions) or "true"
    figures = ", ".join(
        f"count({leg.seconds}), percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY {in_hours(leg.seconds)})"
        for leg in LEGS
    )
    parameters = {**promised.days.parameters, **{f"held_{name}": key for name, key in promised.held}}
    [row] = fetch_rows(f"WITH c AS ({WAYS}) SELECT {figures} FROM c {joins(dimensions)} WHERE {which}", parameters)
    return [Took(leg, n, *(spread or (None, None))) for leg, n, spread in zip(LEGS, row[::2], row[1::2], strict=True)]


def in_hours(length: str) -> str:
    return f"extract(epoch FROM {length})::float8 / 3600"
