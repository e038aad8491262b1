"""The clocks of the two-way service level (METRICS S2, S3, S6): what each side promised, one row a promise.

Every clock is one SELECT of the same columns; compliance by any key, the response-time curve and the list of what is
behind a number are read from it, so that report, page, drill-down and the page of alignment say the same.

A promise is *met*, *breached* (late, passed on, or open past its time) or *pending* (open, its time not yet over). By
activity date it counts on the day on which that was settled: when it was met, else when its time was over; what is
pending, and everything by start date, on the day on which its clock began. So each counts on one day, and days add up.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, cached_property
from typing import Any, NamedTuple

from django.db.models import Min

from crm.access import people_of_marketing
from crm.fetching import fetch_rows
from crm.intervals import Counted
from crm.models import Side, User
from crm.periods import local_day, start_of_day, zone
from crm.working_time import Asked
from feedback.agreement import active_agreement
from feedback.clocks import level_named
from feedback.models import Agreement, Handoff
from funnel.handoffs.worked import WORKS, calendars, worked, works_of
from leads.attempts import beginnings
from leads.models import Direction
from leads.models.work import ANSWERS, ATTEMPTS


@dataclass(frozen=True)
class Days:
    """Days ``start`` to ``end`` (not included), looked at ``at`` a moment."""

    start: date
    end: date
    at: datetime

    @cached_property
    def parameters(self) -> dict[str, Any]:
        tz = zone()
        return {
            "start": start_of_day(self.start, tz),
            "end": start_of_day(self.end, tz),
            "first_day": self.start,
            "end_day": self.end,
            "today": local_day(self.at, tz),
            "zone": str(tz),
            "at": self.at,
            "attempts": list(ATTEMPTS),
            "answers": list(ANSWERS),
            "inbound": Direction.INBOUND.value,
        }


@dataclass(frozen=True)
class Promised:
    """Which promises: of these days, by activity or by start date (``basis`` period or cohort), held at some keys."""

    days: Days
    basis: str = "period"
    held: tuple[tuple[str, str], ...] = ()


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
            AND (a.kind = ANY(%(attempts)s) OR a.direction = %(inbound)s OR a.outcome = ANY(%(answers)s))
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
# Leads that sales accepted and gave up, with what it tried in between; merged leads are read as one.
GIVEN_UP = """
    WITH gone AS MATERIALIZED (
        SELECT t.id, t.lead_id, t.episode, t.seq, t.at, t.by_id FROM leads_transition t
        WHERE t.to_stage IN ('nurture', 'disqualified') AND t.from_stage IN ('accepted', 'qualified')
            AND t.kind <> 'undo' AND t.at >= %(start)s AND t.at < %(end)s
            AND NOT EXISTS (SELECT FROM leads_transition u WHERE u.undoes_id = t.id)
    ),
    accepted AS MATERIALIZED (
        SELECT gone.id, max(t.at) AS at FROM gone JOIN leads_transition t ON t.lead_id = gone.lead_id
        WHERE t.to_stage = 'accepted' AND t.seq < gone.seq GROUP BY gone.id
    ),
    handed AS MATERIALIZED (
        SELECT DISTINCT ON (gone.id) gone.id, h.service_level, h.team_id, h.definition_version
        FROM gone JOIN feedback_handoff h ON h.lead_id = gone.lead_id AND h.episode = gone.episode
        WHERE h.status = 'accepted' ORDER BY gone.id, h.id DESC
    ),
    family AS (
        SELECT gone.id, gone.lead_id FROM gone
        UNION ALL SELECT gone.id, m.id FROM gone JOIN leads_lead m ON m.merged_into_id = gone.lead_id
    ),
    tried AS MATERIALIZED (
        SELECT gone.id,
            array_agg(a.at ORDER BY a.at) FILTER (
                WHERE a.kind = ANY(%(attempts)s) AND a.direction <> %(inbound)s) AS attempts,
            bool_or(a.direction = %(inbound)s OR a.outcome = ANY(%(answers)s)) AS was_reached
        FROM gone JOIN accepted ON accepted.id = gone.id JOIN family ON family.id = gone.id
        JOIN leads_activity a ON a.lead_id = family.lead_id AND a.at >= accepted.at AND a.at <= gone.at
        WHERE a.by_id IS NOT NULL GROUP BY gone.id
    )
    SELECT gone.lead_id, handed.team_id, handed.definition_version, gone.by_id, gone.at,
        coalesce(handed.service_level, ''), tried.attempts, coalesce(tried.was_reached, false)
    FROM gone JOIN accepted ON accepted.id = gone.id
    LEFT JOIN handed ON handed.id = gone.id LEFT JOIN tried ON tried.id = gone.id"""
# Counted in attempts (two within half an hour are one) before it is compared: see `given_up`.
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
STATES = ("met", "breached", "pending")

# What a promise can be cut by, over the row of the clock `c`, its lead `l`, its company and its team.
LOCAL = "(c.started_at AT TIME ZONE %(zone)s)"
KEYS = {
    "campaign": "coalesce(l.campaign_id::text, '')",
    "channel": "coalesce(l.channel, '')",
    "source": "coalesce(l.source, '')",
    "segment": "coalesce(l.segment, '')",
    "owner": "coalesce(c.person::text, '')",
    "team": "coalesce(c.team::text, '')",
    "country": "coalesce(l.country, '')",
    "product": "coalesce(l.product_interest, '')",
    "industry": "coalesce(company.industry, '')",
    "region": "coalesce(team.region, '')",
    "origin": "coalesce(l.sourced_by, '')",
    "definition_version": "coalesce(c.definition_version::text, '')",
    "hour": f"to_char({LOCAL}, 'HH24')",
    "weekday": f"to_char({LOCAL}, 'ID')",
    "weekday_hour": f"to_char({LOCAL}, 'ID HH24')",
    "": "''",
}
MONTH = {
    "period": "to_char(coalesce(c.settled_at, c.started_at) AT TIME ZONE %(zone)s, 'YYYY-MM')",
    "cohort": f"to_char({LOCAL}, 'YYYY-MM')",
}
ABOUT_THE_LEAD = {"campaign", "channel", "source", "segment", "country", "product", "industry", "origin"}
IN_DAYS = {
    "period": "coalesce(c.settled_at, c.started_at) >= %(start)s AND coalesce(c.settled_at, c.started_at) < %(end)s",
    "cohort": "c.started_at >= %(start)s AND c.started_at < %(end)s",
}
COUNTED = """
    SELECT {key} AS key, count(*) FILTER (WHERE c.state = 'met'), count(*) FILTER (WHERE c.state = 'breached'),
        count(*) FILTER (WHERE c.state = 'pending'), count(c.took),
        percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY c.took)
    FROM clock c {joins} WHERE {which} GROUP BY 1"""
# How long each took, or has waited so far; in whole minutes, as no curve shows less.
LASTED = """
    SELECT ceil(coalesce(c.took, c.so_far) / 60)::int, c.took IS NOT NULL, count(*)
    FROM clock c {joins} WHERE {which} AND coalesce(c.took, c.so_far) IS NOT NULL GROUP BY 1, 2"""
BEHIND = """
    SELECT c.handoff, c.lead_id, c.person, c.started_at, c.due_at, c.ended_at, c.state, count(*) OVER ()
    FROM clock c {joins} WHERE {which} AND c.lead_id IS NOT NULL ORDER BY c.started_at DESC, c.lead_id DESC
    LIMIT %(limit)s"""


class Kept(NamedTuple):
    """Promises counted. ``n``: of how many the lengths are known, ``median`` and ``p90`` in seconds (V2)."""

    met: int = 0
    breached: int = 0
    pending: int = 0
    n: int = 0
    median: float | None = None
    p90: float | None = None

    @property
    def counted(self) -> Counted:
        """S2: met, of those whose time is over or that were met."""
        return Counted(self.met, self.met + self.breached)


class Behind(NamedTuple):
    """One promise behind a number."""

    handoff: int | None
    lead: int
    person: int | None
    started_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    state: str


def kept_by(clock: str, promised: Promised, dimension: str = "") -> dict[str, Kept]:
    """How a promise was kept, by key; "" is a missing value, and the only key where nothing is cut."""
    rows = ask(clock, promised, COUNTED, dimension)
    return {key: Kept(*counts, *(spread or (None, None))) for key, *counts, spread in rows}


def kept_of(clock: str, promised: Promised) -> Kept:
    return kept_by(clock, promised).get("", Kept())


class Lasted(NamedTuple):
    """So many took so long; those that were not answered still wait, or were passed on then."""

    minutes: int
    is_answered: bool
    many: int


def lasted(clock: str, promised: Promised) -> list[Lasted]:
    """The sample of the response-time curve (S3), in working time of who was asked, shortest first."""
    return [Lasted(*row) for row in sorted(ask(clock, promised, LASTED))]


def behind(clock: str, promised: Promised, states: Iterable[str], *, limit: int) -> tuple[list[Behind], int]:
    """The promises behind a number, newest first, and how many there are."""
    rows = ask(clock, promised, BEHIND, states=list(states), limit=limit)
    return [Behind(*row[:-1]) for row in rows], rows[0][-1] if rows else 0


def ask(clock: str, promised: Promised, statement: str, dimension: str = "", **more: Any) -> list[tuple[Any, ...]]:
    cut_by = {dimension, *(name for name, _key in promised.held)}
    which = [IN_DAYS[promised.basis], *(f"{KEYS[name]} = %(held_{name})s" for name, _key in promised.held)]
    if "states" in more:
        which.append("c.state = ANY(%(states)s)")
    key = MONTH[promised.basis] if dimension == "month" else KEYS[dimension]
    told = statement.format(key=key, joins=joins(cut_by), which=" AND ".join(which))
    parameters = {**promised.days.parameters, **needs(clock, promised), **more}
    parameters |= {f"held_{name}": key for name, key in promised.held}
    rows = CLOCKS[clock].lasted if statement is LASTED else CLOCKS[clock].rows
    return fetch_rows(f"WITH {WORKS}, clock AS ({rows}) {told}", parameters)


def joins(dimensions: Iterable[str]) -> str:
    """The tables that these dimensions are read from."""
    needed, found = set(dimensions), []
    if needed & ABOUT_THE_LEAD:
        found.append("LEFT JOIN leads_lead l ON l.id = c.lead_id")
    if "industry" in needed:
        found.append("LEFT JOIN leads_company company ON company.id = l.company_id")
    if "region" in needed:
        found.append("LEFT JOIN crm_team team ON team.id = c.team")
    return " ".join(found)


def needs(clock: str, promised: Promised) -> dict[str, Any]:
    """What only one clock asks for."""
    parameters = calendars(who_was_asked(clock), since=first_handoff(promised.days.at), at=promised.days.at)
    if clock == "comments":
        parameters["marketing"] = list(people_of_marketing().values_list("pk", flat=True))
    if clock == "attempts":
        parameters |= as_arrays(given_up(promised.days), active_agreement())
    return parameters


def who_was_asked(clock: str) -> set[Asked]:
    """Whose working hours a clock runs in."""
    if clock == "first_attempt":
        return {(pk, None) for pk in User.objects.order_by().values_list("pk", flat=True)}
    if clock == "verdict":
        unanswered = Handoff.objects.filter(status__in=("open", "expired")).order_by()
        return set(unanswered.values_list("to_user", "to_team").distinct())
    return set()


def first_handoff(at: datetime) -> datetime:
    return min(Handoff.objects.aggregate(first=Min("offered_at"))["first"] or at, at)


@dataclass(frozen=True)
class GivenUp:
    """A lead that sales accepted and gave up. ``level``: the exception of the agreement that it fell under."""

    lead: int
    team: int | None
    definition_version: int | None
    person: int | None
    at: datetime
    level: str
    attempts: int
    was_reached: bool


def given_up(days: Days) -> list[GivenUp]:
    """Every lead that sales gave up on these days, with how often it was tried since it was accepted."""
    return [
        GivenUp(lead, team, version, person, at, level, len(beginnings(tried or [])), was_reached)
        for lead, team, version, person, at, level, tried, was_reached in fetch_rows(GIVEN_UP, days.parameters)
    ]


def is_kept(leads: Iterable[GivenUp], agreement: Agreement) -> Iterator[bool]:
    """Whether each was tried as often as agreed; of a buyer who answered no more attempts are asked."""
    asked = cache(lambda level: level_named(level, agreement).min_attempts)
    return (lead.was_reached or lead.attempts >= asked(lead.level) for lead in leads)


def as_arrays(leads: list[GivenUp], agreement: Agreement) -> dict[str, list[Any]]:
    return {
        "gone_leads": [one.lead for one in leads],
        "gone_teams": [one.team for one in leads],
        "gone_versions": [one.definition_version for one in leads],
        "gone_persons": [one.person for one in leads],
        "gone_at": [one.at for one in leads],
        "gone_kept": list(is_kept(leads, agreement)),
    }
