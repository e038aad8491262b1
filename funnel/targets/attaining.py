"""What was booked against quotas: by person, team and organisation, with its pace (METRICS P5, P6).

What a person brought in counts for the team they were a member of on that day. Deals are their owner's, accepted leads
their owner's, meetings of who held them; MQLs and revenue sourced are of who owns the campaign.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Q

from crm.fiscal import Span, last_full_quarters
from crm.models import TeamMembership
from crm.periods import own_day
from funnel.attribution.sourcing import sourcing_of
from funnel.deals.relation import IS_WON, WON_IN_DAYS, in_days, rows, source, values_of
from funnel.facts.sql import day
from funnel.models import FigureSettings, Quota, QuotaMeasure
from funnel.statistics.planning import Pace
from funnel.targets.quotas import MONEY, asked, quotas_in
from leads.lifecycle import RANK, Stage

# With fewer in the last four quarters nothing is said of how a quarter usually goes.
ENOUGH_BOOKED = 30
QUARTERS_LOOKED_AT = 4

OF_DEALS = """
    SELECT d.owner AS person, d.{day} AS day, {value} AS value, count(*) AS many
    FROM {{deals}} d WHERE {within} {only} GROUP BY 1, 2
"""
# Counted cells, whose key is a person or a campaign.
OF_CELLS = """
    SELECT {person} AS person, m.day, sum(m.{counter}) AS value, sum(m.{counter}) AS many
    FROM funnel_stagemetric m {owner}
    WHERE m.dimension = '{dimension}' AND m.grain = 'day' AND m.stage = {stage}
        AND m.day >= %(start)s AND m.day < %(end)s
    GROUP BY 1, 2
"""
OF_CAMPAIGN = "LEFT JOIN campaigns_campaign c ON c.id = nullif(m.key, '')::bigint"
SOURCED = f"""
    WITH {sourcing_of("{deals}", WON_IN_DAYS)}
    SELECT c.owner_id AS person, sourced.closed_on AS day, coalesce(sum(sourced.amount), 0) AS value, count(*) AS many
    FROM sourced LEFT JOIN campaigns_campaign c ON c.id = sourced.campaign
    WHERE sourced.definition = %(definition)s GROUP BY 1, 2
"""
MEETINGS = f"""
    SELECT a.by_id AS person, {day("a.at")} AS day, count(*) AS value, count(*) AS many
    FROM leads_activity a
    WHERE a.kind = 'meeting' AND a.outcome = 'held' AND a.at >= %(start)s::timestamp AT TIME ZONE %(zone)s
        AND a.at < %(end)s::timestamp AT TIME ZONE %(zone)s
    GROUP BY 1, 2
"""


def of_deals(value: str, of_day: str, only: str = "") -> str:
    return OF_DEALS.format(day=of_day, value=value, within=in_days(of_day), only=only)


STATEMENTS = {
    QuotaMeasure.REVENUE: of_deals("coalesce(sum(d.amount), 0)", "closed_on", f"AND {IS_WON}"),
    QuotaMeasure.DEALS_WON: of_deals("count(*)", "closed_on", f"AND {IS_WON}"),
    QuotaMeasure.PIPELINE: of_deals("coalesce(sum(d.amount), 0)", "opened_on"),
    QuotaMeasure.OPPORTUNITIES: of_deals("count(*)", "opened_on"),
    QuotaMeasure.REVENUE_SOURCED: SOURCED,
    QuotaMeasure.MQLS: OF_CELLS.format(
        person="c.owner_id", owner=OF_CAMPAIGN, dimension="campaign", stage=RANK[Stage.MQL], counter="entered_first"
    ),
    QuotaMeasure.ACCEPTED: OF_CELLS.format(
        person="nullif(m.key, '')::bigint", owner="", dimension="owner", stage=RANK[Stage.ACCEPTED], counter="entered"
    ),
    QuotaMeasure.MEETINGS: MEETINGS,
}


class Booked(NamedTuple):
    """What one person (None: nobody) brought in on one day; ``value`` in the organisation's currency, or a count."""

    person: int | None
    day: date
    value: Decimal
    many: int


@dataclass(frozen=True)
class Attained:
    """A quota beside what came of it. ``wanted``: what it asks for these days; None: its currency has no rate."""

    quota: Quota
    wanted: Decimal | None
    booked: Decimal
    span: Span
    pace: Pace | None

    @property
    def is_money(self) -> bool:
        return self.quota.measure in MONEY

    @property
    def state(self) -> str:
        """none, behind, pace or ahead, by the usual course of a quarter where it is known, else by its days."""
        pace = self.pace
        speed = None if pace is None else (pace.linear if pace.seasonal is None else pace.seasonal)
        if pace is None or speed is None:
            return "none"
        if (pace.attainment or 0) >= 1 or speed > 1.03:
            return "ahead"
        return "behind" if speed < 0.97 else "pace"


def booked(measure: str, start: date, end: date, *, at: datetime) -> list[Booked]:
    """What was brought in on days from ``start`` to ``end`` (not included), by person and day, in order of days."""
    today = own_day(at)
    values = {**values_of(today), "start": start, "end": end, "definition": FigureSettings.get().marketing_sourced}
    statement = STATEMENTS[QuotaMeasure(measure)].format(deals=source(today, at=at))
    found = [Booked(row["person"], row["day"], Decimal(row["value"]), row["many"]) for row in rows(statement, values)]
    return sorted(found, key=lambda one: one.day)


def attainments(span: Span, *, at: datetime, quotas: Iterable[Quota] | None = None) -> list[Attained]:
    """Every quota of these days (or of ``quotas``) beside what was booked until now; a few queries for each measure."""
    held = quotas_in(span) if quotas is None else list(quotas)
    members = memberships(span) if any(one.team_id for one in held) else {}
    today = own_day(at)
    told = []
    for measure in dict.fromkeys(one.measure for one in held):
        found, share = booked(measure, span.start, span.end, at=at), usual_share(measure, span, today, at=at)
        told += [attained(one, span, found, members, share, today) for one in held if one.measure == measure]
    return told


def attained(
    quota: Quota, span: Span, found: Sequence[Booked], members: "Members", share: float | None, today: date
) -> Attained:
    own = overlap(quota, span)
    counts = whose(quota, members)
    value = sum((one.value for one in found if one.day in own and counts(one)), Decimal(0))
    wanted = asked(quota, span)
    # The usual course is that of whole quarters.
    usual = share if own.days == span.days else None
    pace = None if wanted is None else pace_of(float(wanted), float(value), own, today, usual)
    return Attained(quota, wanted, value, own, pace)


def overlap(quota: Quota, span: Span) -> Span:
    last = min(quota.ends_on, span.last_day)
    return Span(max(quota.starts_on, span.start), last + timedelta(days=1), span.label)


def pace_of(wanted: float, value: float, span: Span, today: date, usual: float | None) -> Pace:
    """Today counts as a day that has passed."""
    passed = min(max((today - span.start).days + 1, 0), span.days)
    return Pace(wanted, value, passed, span.days, usual)


# The days on which somebody was a member of a team: {(user, team): [(first, last or None)]}.
Members = dict[tuple[int, int], list[tuple[date, date | None]]]


def memberships(span: Span) -> Members:
    """Who was a member of which team on some day of ``span``."""
    found: Members = {}
    there = TeamMembership.objects.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=span.start), starts_on__lt=span.end)
    for user, team, first, last in there.values_list("user", "team", "starts_on", "ends_on"):
        found.setdefault((user, team), []).append((first, last))
    return found


def whose(quota: Quota, members: Members) -> Callable[[Booked], bool]:
    """Whether something counts for the person, team or organisation of a quota."""
    user, team = quota.user_id, quota.team_id
    if user is not None:
        return lambda one: one.person == user
    if team is None:
        return lambda one: True
    return lambda one: (
        one.person is not None
        and any(
            first <= one.day and (last is None or one.day <= last)
            for first, last in members.get((one.person, team), ())
        )
    )


def usual_share(measure: str, span: Span, today: date, *, at: datetime) -> float | None:
    """P6: which share of a quarter was booked by the same part of it, over the last four full quarters together; None
    where less than 30 were."""
    if not span.start <= today < span.end:
        return None
    quarters = last_full_quarters(QUARTERS_LOOKED_AT, span.start)
    found = booked(measure, quarters[0].start, quarters[-1].end, at=at)
    whole = sum(one.value for one in found)
    if sum(one.many for one in found) < ENOUGH_BOOKED or not whole:
        return None
    part = ((today - span.start).days + 1) / span.days
    by_then = sum(one.value for one in found if is_by(part, one.day, quarters))
    return float(by_then / whole)


def is_by(part: float, of_day: date, quarters: Sequence[Span]) -> bool:
    """Whether a day lies in the first ``part`` of its quarter."""
    quarter = next(one for one in quarters if of_day in one)
    return (of_day - quarter.start).days < part * quarter.days
