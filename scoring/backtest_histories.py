"""The histories that a back-test replays: who did something in some weeks, when each lead was marketing's to qualify,
how it stood at each of its moments, and what became of it.

A merged family is one lead, with the log of the one that stays. Undone moves never happened.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from crm.fetching import fetch_rows
from leads.lifecycle import Stage
from scoring.backtest_figures import MOST_POINTS
from scoring.engine import Standing, standings_at
from scoring.models import Fate
from scoring.rules import HAND_STAYS_UP, Card

# Of what somebody did within an hour, the last moment says it; a machine that clicks all day is not followed for ever.
MOST_MOMENTS = 400

# Whose capture or touch of the buyer falls into the weeks.
BUSY = """
    SELECT DISTINCT coalesce(lead.merged_into_id, lead.id) AS id FROM leads_lead lead
    WHERE lead.captured_at >= %(start)s AND lead.captured_at < %(end)s
    UNION
    SELECT DISTINCT coalesce(lead.merged_into_id, lead.id) FROM leads_touch touch JOIN leads_lead lead ON lead.id = touch.lead_id
    WHERE touch.at >= %(start)s AND touch.at < %(end)s AND touch.by = 'buyer'
        AND NOT EXISTS (SELECT 1 FROM leads_touch corrected WHERE corrected.corrects_id = touch.id)
    ORDER BY id
"""  # noqa: E501
# A touch counts from when it was written down; one that was brought along with its lead, from when it was.
MOMENTS = """
    WITH member AS (
        SELECT id AS lead_id, id FROM unnest(%(leads)s::bigint[]) AS asked (id)
        UNION ALL
        SELECT merged_into_id, id FROM leads_lead WHERE merged_into_id = ANY(%(leads)s)
    ), touched AS (
        SELECT member.lead_id, CASE WHEN lead.created_at > touch.at THEN touch.at
            ELSE greatest(touch.at, touch.created_at) END AS at
        FROM member JOIN leads_lead lead ON lead.id = member.lead_id JOIN leads_touch touch ON touch.lead_id = member.id
        WHERE touch.at >= %(start)s AND touch.at < %(end)s AND touch.by = 'buyer'
            AND NOT EXISTS (SELECT 1 FROM leads_touch corrected WHERE corrected.corrects_id = touch.id)
    ), moment AS (
        SELECT lead_id, max(at) AS at FROM touched WHERE at < %(end)s GROUP BY lead_id, date_trunc('hour', at)
        UNION
        SELECT member.lead_id, captured_at FROM member JOIN leads_lead lead ON lead.id = member.id
        WHERE captured_at >= %(start)s AND captured_at < %(end)s
    )
    SELECT lead_id, at FROM moment ORDER BY lead_id, at
"""
LOG = """
    SELECT lead_id, at, from_stage, to_stage FROM leads_transition move
    WHERE lead_id = ANY(%(leads)s) AND at <= %(asked_at)s AND kind <> 'undo'
        AND NOT EXISTS (SELECT 1 FROM leads_transition undo WHERE undo.undoes_id = move.id)
    ORDER BY lead_id, seq
"""
HANDOFFS = """
    SELECT handoff.lead_id, handoff.offered_at, handoff.status, coalesce(reason.is_label, false), handoff.team_id
    FROM feedback_handoff handoff LEFT JOIN leads_reason reason ON reason.id = handoff.reason_id
    WHERE handoff.lead_id = ANY(%(leads)s) AND handoff.offered_at <= %(asked_at)s
    ORDER BY handoff.lead_id, handoff.id
"""
TEAMS = """
    SELECT lead.id, team.id FROM leads_lead lead JOIN crm_team team ON team.id = lead.team_id AND team.kind = 'sales'
    WHERE lead.id = ANY(%(leads)s)
"""

WITH_MARKETING = (Stage.INQUIRY, Stage.NURTURE)
# From here on no definition makes an MQL of it: sales has made more of it, or it is closed.
PAST_QUALIFYING = (Stage.OPPORTUNITY, Stage.CUSTOMER, Stage.LOST, Stage.DISQUALIFIED)
WORKED = (Stage.ACCEPTED, Stage.QUALIFIED, Stage.OPPORTUNITY)


class Move(NamedTuple):
    at: datetime
    from_stage: str
    to_stage: str

    @property
    def is_loss(self) -> bool:
        """Sales took it and it came to nothing so far; what marketing threw away was never tried."""
        given_back = self.to_stage in (Stage.NURTURE, Stage.DISQUALIFIED) and self.from_stage in WORKED
        return self.to_stage == Stage.LOST or given_back


class Asked(NamedTuple):
    """One hand-off. ``is_verdict``: turned down for what the lead is."""

    at: datetime
    status: str
    is_label: bool
    team: int | None


@dataclass
class History:
    """What is known of one lead: its moments in the weeks, its moves and its hand-offs, each in their order."""

    lead: int
    team: int | None = None
    moments: list[datetime] = field(default_factory=list)
    log: list[Move] = field(default_factory=list)
    handoffs: list[Asked] = field(default_factory=list)

    def began(self, start: datetime) -> datetime | None:
        """When it was marketing's to qualify first, from the beginning of the weeks on; None: never."""
        return next((since for since, _ in self.spells(start)), None)

    def spells(self, start: datetime) -> Iterator[tuple[datetime, datetime | None]]:
        """The times in which a definition might have made an MQL of it.

        Each begins when marketing has the lead (or with the weeks, where it had it then) and ends when sales makes an
        opportunity of it or it is closed; what sales does before that would come later with a stricter definition.
        """
        since: datetime | None = None
        for move in self.log:
            if move.to_stage in PAST_QUALIFYING:
                if since is not None and move.at > start:
                    yield max(since, start), move.at
                since = None
            elif move.to_stage in WITH_MARKETING or not move.from_stage:
                since = move.at if since is None else since
            elif move.at <= start:
                since = None  # sales or the hand-over had it already
        if since is not None:
            yield max(since, start), None

    def open_moments(self, start: datetime) -> list[datetime]:
        """The moments at which a definition might have made an MQL of it."""
        spells = list(self.spells(start))
        found = [at for at in self.moments if any(since <= at and (not end or at < end) for since, end in spells)]
        return found[:MOST_MOMENTS]

    def fate(self, start: datetime) -> Fate:
        """What became of it since: the furthest that sales and the market came with it."""
        since = self.began(start) or start
        moves = [move for move in self.log if move.at >= since]
        asked = [handoff for handoff in self.handoffs if handoff.at >= since]
        if any(move.to_stage == Stage.CUSTOMER for move in moves):
            return Fate.WON
        taken = [move for move in moves if move.is_loss or move.to_stage in WORKED]
        if taken:
            return Fate.LOST if taken[-1].is_loss else Fate.ACCEPTED
        if any(handoff.status == "rejected" and handoff.is_label for handoff in asked):
            return Fate.REJECTED
        return Fate.WAITING if any(handoff.status == "open" for handoff in asked) else Fate.UNTRIED

    @property
    def answering_team(self) -> int | None:
        """The team of its last hand-off, else its own where that is one of sales."""
        return next((handoff.team for handoff in reversed(self.handoffs) if handoff.team), self.team)


def busy_leads(start: datetime, end: datetime) -> list[int]:
    """The leads that did something in these weeks, each family once."""
    return [lead for (lead,) in fetch_rows(BUSY, {"start": start, "end": end})]


def histories_of(leads: Sequence[int], *, start: datetime, end: datetime, asked_at: datetime) -> Mapping[int, History]:
    """What is known of these leads at ``asked_at``, with their moments from ``start`` until before ``end``."""
    found = {lead: History(lead) for lead in leads}
    asked: dict[str, Any] = {"leads": list(leads), "start": start, "end": end, "asked_at": asked_at}
    for lead, team in fetch_rows(TEAMS, asked):
        found[lead].team = team
    for lead, at in fetch_rows(MOMENTS, asked):
        found[lead].moments.append(at)
    for lead, *move in fetch_rows(LOG, asked):
        found[lead].log.append(Move(*move))
    for lead, *handoff in fetch_rows(HANDOFFS, asked):
        found[lead].handoffs.append(Asked(*handoff))
    return found


class Standings(NamedTuple):
    """What a definition makes of one lead in all the weeks."""

    qualified_at: datetime | None
    score: int
    reach: int | None


UNKNOWN = Standings(None, 0, None)


def standings_of(moments: Mapping[int, Sequence[datetime]], *, card: Card) -> dict[int, Standings]:
    """By lead: the first moment at which the card makes an MQL of it, its highest score, and its reach."""
    by_lead: dict[int, list[Standing]] = defaultdict(list)
    for standing in standings_at(((lead, at) for lead, times in moments.items() for at in times), card=card):
        by_lead[standing.lead].append(standing)
    return {lead: summed(standings, card) for lead, standings in by_lead.items()}


def summed(standings: Iterable[Standing], card: Card) -> Standings:
    first, score, reach = None, 0, None
    for standing in standings:
        score = max(score, standing.shown)
        if standing.qualifies and (first is None or standing.at < first):
            first = standing.at
        if (reached := reach_of(standing, card)) is not None:
            reach = reached if reach is None else max(reach, reached)
    return Standings(first, score, reach)


def reach_of(standing: Standing, card: Card) -> int | None:
    """The highest threshold that makes an MQL of it at this moment: any, where a hand is up; None: none does."""
    if standing.excluded:
        return None
    if standing.raised_at and standing.at < standing.raised_at + HAND_STAYS_UP:
        return MOST_POINTS
    grades = card.thresholds.grades
    return standing.shown if not grades or standing.grade in grades else None


# The verdicts of each team in each week of a time, and how long its hand-offs were open.
VERDICTS = """
    SELECT team_id, date_trunc('week', decided_at AT TIME ZONE %(zone)s) AS week, count(*),
        sum(extract(epoch FROM decided_at - offered_at))::float8 / 86400
    FROM feedback_handoff
    WHERE decided_at >= %(start)s AND decided_at < %(end)s AND status IN ('accepted', 'rejected')
        AND team_id IS NOT NULL
    GROUP BY team_id, week
"""
# The sales teams with the open hand-offs that their people may have at a time.
ROOM = """
    SELECT team.id, coalesce(sum(person.capacity), 0) FROM crm_team team
    LEFT JOIN crm_user person ON person.team_id = team.id AND person.is_active
    WHERE team.kind = 'sales' GROUP BY team.id
"""
# Capacity is what a team has shown in so long a time.
SHOWN_IN = timedelta(weeks=26)


@dataclass
class Worked:
    """What a team has answered: verdicts in each week with any, days that its hand-offs were open."""

    verdicts: list[int] = field(default_factory=list)
    days: float = 0.0

    @property
    def days_held(self) -> float | None:
        return self.days / sum(self.verdicts) if self.verdicts else None


def worked_until(end: datetime, *, zone: str) -> dict[int, Worked]:
    """By team, in the half year until ``end``."""
    found: dict[int, Worked] = defaultdict(Worked)
    for team, _, verdicts, days in fetch_rows(VERDICTS, {"start": end - SHOWN_IN, "end": end, "zone": zone}):
        found[team].verdicts.append(verdicts)
        found[team].days += days
    return found


def room_of_teams() -> dict[int, int]:
    return dict(fetch_rows(ROOM, {}))


def week_of(at: datetime | None, tz: Any) -> date | None:
    """The Monday of the week in which it was."""
    if at is None:
        return None
    day = at.astimezone(tz).date()
    return day - timedelta(days=day.weekday())
