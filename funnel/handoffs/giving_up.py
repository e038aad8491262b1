"""Leads that sales accepted and gave up, and whether they were tried as often as agreed (METRICS S6)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from crm.fetching import fetch_rows
from feedback.clocks import level_named
from feedback.models import Agreement
from funnel.handoffs.days import Days
from leads.attempts import IS_ANSWER, IS_ATTEMPT, beginnings

# With what sales tried since it accepted them; merged leads are read as one.
GIVEN_UP = f"""
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
            array_agg(a.at ORDER BY a.at) FILTER (WHERE {IS_ATTEMPT}) AS attempts,
            bool_or({IS_ANSWER}) AS was_reached
        FROM gone JOIN accepted ON accepted.id = gone.id JOIN family ON family.id = gone.id
        JOIN leads_activity a ON a.lead_id = family.lead_id AND a.at >= accepted.at AND a.at <= gone.at
        WHERE a.by_id IS NOT NULL GROUP BY gone.id
    )
    SELECT gone.lead_id, handed.team_id, handed.definition_version, gone.by_id, gone.at,
        coalesce(handed.service_level, ''), tried.attempts, coalesce(tried.was_reached, false)
    FROM gone JOIN accepted ON accepted.id = gone.id
    LEFT JOIN handed ON handed.id = gone.id LEFT JOIN tried ON tried.id = gone.id"""


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
