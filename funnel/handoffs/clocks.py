"""The clocks of the two-way service level (METRICS S2, S3, S6): what each side promised, one row a promise.

Every clock is one SELECT of the same columns. A promise is *met*, *breached* (late, passed on, or open past its time)
or *pending* (open, its time not yet over); it is settled when it was met, else when its time was over.
"""

from dataclasses import dataclass

from crm.models import Side
from funnel.handoffs.worked import worked, works_of
from leads.attempts import IS_ANSWER, IS_ATTEMPT

STATES = ("met", "breached", "pending")


@dataclass(frozen=True)
class Clock:
    """One promise of one side. ``rows``: SQL; ``lasted``: the same with how long open ones have waited, "" where no
    curve is told of it."""

    key: str
    title: str
    side: str
    how: str
    rows: str
    lasted: str = ""


IS_ANSWERED = "h.status IN ('accepted', 'rejected')"
VERDICT = f"""
    SELECT h.id AS handoff, h.lead_id, h.team_id AS team, h.definition_version,
        coalesce(h.to_user_id, CASE WHEN {IS_ANSWERED} THEN h.decided_by_id END) AS person,
        h.offered_at AS started_at, h.due_at,
        CASE WHEN {IS_ANSWERED} THEN h.decided_at END AS ended_at,
        CASE WHEN h.status <> 'open' OR h.due_at < %(at)s THEN least(h.decided_at, h.due_at) END AS settled_at,
        CASE WHEN {IS_ANSWERED} AND h.decided_at <= h.due_at THEN 'met'
            WHEN h.status <> 'open' OR h.due_at < %(at)s THEN 'breached' ELSE 'pending' END AS state,
        CASE WHEN {IS_ANSWERED} THEN extract(epoch FROM coalesce(h.answered_in, h.decided_at - h.offered_at))::float8
            END AS took,
        NULL::float8 AS so_far
    FROM feedback_handoff h
    WHERE h.status <> 'withdrawn'"""
# The same with how long those without an answer have waited, or did until they were passed on.
VERDICT_LASTED = VERDICT.replace(
    "NULL::float8 AS so_far",
    f"CASE WHEN NOT {IS_ANSWERED} THEN {worked('h.offered_at', 'coalesce(h.decided_at, %(at)s)')} END AS so_far",
).replace("FROM feedback_handoff h", f"FROM feedback_handoff h {works_of('h.to_user_id', 'h.to_team_id')}")
# The first attempt, or the buyer's own answer, which makes one needless.
FIRST_ATTEMPT = f"""
    SELECT h.id AS handoff, h.lead_id, h.team_id AS team, h.definition_version, h.decided_by_id AS person,
        h.decided_at AS started_at, h.attempt_due_at AS due_at, first.at AS ended_at,
        CASE WHEN first.at IS NOT NULL OR h.attempt_due_at < %(at)s THEN least(first.at, h.attempt_due_at)
            END AS settled_at,
        CASE WHEN first.at <= h.attempt_due_at THEN 'met'
            WHEN first.at IS NOT NULL OR h.attempt_due_at < %(at)s THEN 'breached' ELSE 'pending' END AS state,
        CASE WHEN first.at IS NOT NULL THEN {worked("h.decided_at", "first.at")} END AS took,
        CASE WHEN first.at IS NULL THEN {worked("h.decided_at", "%(at)s::timestamptz")} END AS so_far
    FROM feedback_handoff h {works_of("h.decided_by_id", "NULL::bigint")}
    LEFT JOIN LATERAL (
        SELECT a.at FROM leads_activity a
        WHERE a.lead_id = h.lead_id AND a.at >= h.decided_at AND a.by_id IS NOT NULL
            AND ({IS_ATTEMPT} OR {IS_ANSWER})
        ORDER BY a.at LIMIT 1
    ) first ON true
    WHERE h.status = 'accepted' AND h.attempt_due_at IS NOT NULL"""
NO_HANDOFF = "NULL::bigint AS handoff, NULL::integer AS definition_version"
REQUESTS_ANSWERED = f"""
    SELECT {NO_HANDOFF}, r.lead_id, r.answered_by_id AS person, marketer.team_id AS team,
        r.asked_at AS started_at, NULL::timestamptz AS due_at, r.answered_at AS ended_at, r.asked_at AS settled_at,
        CASE WHEN r.answered_at IS NULL THEN 'breached' ELSE 'met' END AS state,
        extract(epoch FROM r.answered_at - r.asked_at)::float8 AS took, NULL::float8 AS so_far
    FROM feedback_request r LEFT JOIN crm_user marketer ON marketer.id = r.answered_by_id
    WHERE NOT (r.status = 'withdrawn' AND r.answered_at IS NULL)"""
CLOSED_ON = "(r.closed_at AT TIME ZONE %(zone)s)::date"
IS_KEPT = f"r.status = 'fulfilled' AND {CLOSED_ON} <= r.promised_on"
IS_WAITING = "r.status = 'accepted' AND r.promised_on >= %(today)s"
REQUESTS_KEPT = f"""
    SELECT {NO_HANDOFF}, r.lead_id, r.answered_by_id AS person, marketer.team_id AS team,
        r.answered_at AS started_at, (r.promised_on::timestamp AT TIME ZONE %(zone)s) AS due_at,
        r.closed_at AS ended_at,
        CASE WHEN NOT ({IS_WAITING}) THEN r.promised_on::timestamp AT TIME ZONE %(zone)s END AS settled_at,
        CASE WHEN {IS_KEPT} THEN 'met' WHEN {IS_WAITING} THEN 'pending' ELSE 'breached' END AS state,
        CASE WHEN r.status = 'fulfilled' THEN extract(epoch FROM r.closed_at - r.answered_at)::float8 END AS took,
        NULL::float8 AS so_far
    FROM feedback_request r LEFT JOIN crm_user marketer ON marketer.id = r.answered_by_id
    WHERE r.promised_on IS NOT NULL AND r.status <> 'withdrawn'"""
COMMENTS = f"""
    SELECT h.id AS handoff, h.lead_id, marketer.team_id AS team, h.definition_version, marketer.id AS person,
        h.decided_at AS started_at, NULL::timestamptz AS due_at, reply.at AS ended_at, h.decided_at AS settled_at,
        CASE WHEN reply.at IS NULL THEN 'breached' ELSE 'met' END AS state,
        extract(epoch FROM reply.at - h.decided_at)::float8 AS took, NULL::float8 AS so_far
    FROM feedback_handoff h
    JOIN leads_lead lead ON lead.id = h.lead_id
    LEFT JOIN campaigns_campaign campaign ON campaign.id = lead.campaign_id
    LEFT JOIN LATERAL (
        SELECT r.at, r.by_id FROM feedback_reply r
        WHERE r.handoff_id = h.id AND r.at >= h.decided_at AND r.by_id = ANY(%(marketing)s)
            AND r.by_id IS DISTINCT FROM h.decided_by_id
        ORDER BY r.at LIMIT 1
    ) reply ON true
    LEFT JOIN crm_user marketer ON marketer.id = coalesce(reply.by_id, campaign.owner_id)
    WHERE {IS_ANSWERED} AND h.comment <> ''"""
# Counted in attempts (two within half an hour are one) before it is compared: funnel/handoffs/giving_up.py.
ATTEMPTS_KEPT = """
    SELECT NULL::bigint AS handoff, gone.lead_id, gone.team, gone.definition_version, gone.person,
        gone.at AS started_at, NULL::timestamptz AS due_at, gone.at AS ended_at, gone.at AS settled_at,
        CASE WHEN gone.is_kept THEN 'met' ELSE 'breached' END AS state,
        NULL::float8 AS took, NULL::float8 AS so_far
    FROM unnest(
        %(gone_leads)s::bigint[], %(gone_teams)s::bigint[], %(gone_versions)s::int[], %(gone_persons)s::bigint[],
        %(gone_at)s::timestamptz[], %(gone_kept)s::boolean[]
    ) AS gone (lead_id, team, definition_version, person, at, is_kept)"""

CLOCKS = {
    clock.key: clock
    for clock in (
        Clock(
            "verdict", "Verdict in time", Side.SALES.value,
            "A hand-off answered by the agreed time. Answered late, passed on unanswered and open past its time are "
            "breached; withdrawn ones were never asked.",
            VERDICT, VERDICT_LASTED,
        ),
        Clock(
            "first_attempt", "First attempt in time", Side.SALES.value,
            "An accepted lead that was tried by the agreed time, or whose buyer was heard by then.",
            FIRST_ATTEMPT, FIRST_ATTEMPT,
        ),
        Clock(
            "attempts", "Agreed attempts before giving up", Side.SALES.value,
            "A lead given up that had been tried as often as agreed, or whose buyer had answered.",
            ATTEMPTS_KEPT,
        ),
        Clock(
            "requests_answered", "Requests answered", Side.MARKETING.value,
            "What sales asked marketing for, promised or declined. No time is agreed: unanswered is breached.",
            REQUESTS_ANSWERED,
        ),
        Clock(
            "requests_kept", "Promised requests kept", Side.MARKETING.value,
            "A promise kept by its day. Late, declined after all and open past its day are breached.",
            REQUESTS_KEPT,
        ),
        Clock(
            "comments", "Comments answered", Side.MARKETING.value,
            "A comment of sales to which marketing replied. No time is agreed: unanswered is breached.",
            COMMENTS,
        ),
    )
}  # fmt: skip
