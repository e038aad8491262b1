"""How the promises of both sides were kept, read from their clocks (funnel/handoffs/clocks.py).

Compliance by any key, the response-time curve and the list of what is behind a number are read from the same rows, so
that report, page, drill-down and the page of alignment say the same.

By activity date a promise counts on the day on which it was settled; what is pending, and everything by start date, on
the day on which its clock began. So each counts on one day, and days add up.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Min

from crm.access import people_of_marketing
from crm.fetching import fetch_rows
from crm.intervals import Counted
from crm.models import User
from crm.working_time import Asked
from feedback.agreement import active_agreement
from feedback.models import Handoff
from funnel.handoffs.clocks import CLOCKS
from funnel.handoffs.days import Days
from funnel.handoffs.giving_up import as_arrays, given_up
from funnel.handoffs.worked import WORKS, calendars

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


@dataclass(frozen=True)
class Promised:
    """Which promises: of these days, by activity or by start date (``basis`` period or cohort), held at some keys."""

    days: Days
    basis: str = "period"
    held: tuple[tuple[str, str], ...] = ()


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
