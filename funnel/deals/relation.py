"""Deals as reports read them: one row an opportunity with every dimension, its money and its local days.

    conditions, values = held(question.held)
    rows(f"SELECT {key_of(question.dimension)} AS key, count(*) AS deals, sum(d.amount) AS value
           FROM {source(on, at=at)} d WHERE {all_of(conditions)} GROUP BY 1", values | values_of(on))

The relation is flattened into the query around it, which so joins and
computes only what it names.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from crm.currencies import converted, without_rate
from crm.fetching import reading_cursor
from crm.fiscal import quarters_between
from crm.models import Organisation
from crm.periods import own_day, start_of_day
from funnel.facts.sql import FACT, day
from funnel.reports.question import NUMBERED, QUARTER, YEARS, Question

Values = dict[str, Any]
FIRST_DAY, LAST_DAY = date(YEARS[0], 1, 1), date(YEARS[-1], 12, 31)
# What became of a deal `d`.
IS_OPEN, IS_CLOSED, IS_WON, IS_LOST = "d.outcome = ''", "d.outcome <> ''", "d.outcome = 'won'", "d.outcome = 'lost'"
# What people change of a deal; its history tells what it was.
CHANGING = (
    "name", "owner_id", "team_id", "stage", "outcome", "reason_id", "competitor", "kind", "product", "amount",
    "currency", "probability", "forecast_category", "expected_close", "closed_at",
)  # fmt: skip


def deal(told_by: str, history: str = "") -> str:
    """The relation; the row ``told_by`` tells what people change of a deal.

    A deal is there from the day it was opened, and closed from the day it was closed. What comes from its lead is that
    of the lead that stays of merged ones, "" without a lead: then the deal was found by sales. Where it comes from
    several (the deal, its company, its lead), the first that says something counts. ``amount`` is in the
    organisation's currency, by the rate of the day it was closed, else of the report's; NULL without an amount or rate.
    """
    v = told_by
    closed = f"{v}.closed_at < %(until)s"
    closed_on = day(f"CASE WHEN {closed} THEN {v}.closed_at END")
    not_known = f"{v}.closed_at >= %(until)s"
    return f"""(
        SELECT o.id, l.id AS lead_id, {v}.name, o.company_id, {v}.owner_id AS owner, t.id AS team,
        t.manager_id AS manager, l.campaign_id AS campaign, coalesce(l.channel, '') AS channel,
        coalesce(l.source, '') AS source, coalesce(l.segment, '') AS segment,
        coalesce(nullif(c.country, ''), l.country, '') AS country,
        coalesce(nullif({v}.product, ''), l.product_interest, '') AS product,
        coalesce(nullif(c.industry, ''), lc.industry, '') AS industry,
        coalesce(nullif(t.region, ''), nullif(c.region, ''), '') AS region,
        coalesce({FACT["origin"]}, 'sales') AS origin,
        (SELECT f.definition_version FROM funnel_leadfact f
            WHERE f.lead_id = l.id AND (f.began_at <= o.opened_at OR f.episode = 1)
            ORDER BY f.episode DESC LIMIT 1) AS definition_version,
        CASE WHEN {not_known} THEN '' ELSE {v}.forecast_category END AS forecast_category,
        CASE WHEN {not_known} THEN o.stage_before_close ELSE {v}.stage END AS stage,
        CASE WHEN {closed} THEN {v}.outcome ELSE '' END AS outcome,
        CASE WHEN {closed} THEN coalesce(reason.code, '') ELSE '' END AS reason,
        {v}.competitor, {v}.kind, {v}.probability,
        {converted(f"{v}.amount", f"{v}.currency", f"coalesce({closed_on}, %(on)s::date)")} AS amount,
        {v}.amount AS raw_amount, {v}.currency,
        o.opened_at, CASE WHEN {closed} THEN {v}.closed_at END AS closed_at, {v}.expected_close,
        {day("o.opened_at")} AS opened_on, {closed_on} AS closed_on,
        {closed_on} - {day("o.opened_at")} AS days_to_close, %(on)s::date - {day("o.opened_at")} AS age_days,
        o.created_at, o.stage_since, o.last_activity_at, o.next_step_at
        FROM leads_opportunity o {history}
        LEFT JOIN leads_lead named ON named.id = o.lead_id
        LEFT JOIN leads_lead l ON l.id = coalesce(named.merged_into_id, named.id)
        LEFT JOIN leads_company c ON c.id = o.company_id
        LEFT JOIN leads_company lc ON lc.id = l.company_id
        LEFT JOIN crm_user u ON u.id = {v}.owner_id
        LEFT JOIN crm_team t ON t.id = coalesce({v}.team_id, u.team_id)
        LEFT JOIN leads_reason reason ON reason.id = {v}.reason_id
        WHERE least(coalesce(o.opened_at, o.created_at), o.closed_at) < %(until)s
    )"""


# As they stand now.
DEAL = deal("o")
# As they stood at the end of an earlier day: each as the first change after that day found it. What was written down
# later stands as it was first written; where a deal stood that was written down closed is then not known.
DEAL_THEN = deal(
    "v",
    f"""LEFT JOIN LATERAL (
            SELECT event.* FROM leads_opportunityevent event
            WHERE event.pgh_obj_id = o.id AND event.pgh_label = 'update' AND event.pgh_created_at >= %(until)s
            ORDER BY event.pgh_id LIMIT 1
        ) was ON true
        CROSS JOIN LATERAL (
            SELECT {", ".join(f"CASE WHEN was.pgh_id IS NULL THEN o.{c} ELSE was.{c} END AS {c}" for c in CHANGING)}
        ) v""",
)


def last_day(question: Question, *, at: datetime) -> date:
    """The day the report is of: today, or the last one asked for when that is over."""
    return min(question.end - timedelta(days=1), own_day(at))


def source(on: date, *, at: datetime) -> str:
    """The relation of deals as they stood at the end of the day ``on``."""
    return DEAL_THEN if is_past(on, at=at) else DEAL


def is_past(on: date, *, at: datetime) -> bool:
    """Whether the end of that day is over: deals then stand as their history tells."""
    return on < own_day(at)


def values_of(on: date) -> Values:
    """What the relation takes."""
    organisation = Organisation.get()
    until = start_of_day(on + timedelta(days=1), organisation.zone)
    return {"zone": organisation.time_zone, "currency": organisation.currency, "on": on, "until": until}


def held(dimensions: Mapping[str, str]) -> tuple[list[str], Values]:
    """Conditions on deals ``d`` held at one key of some dimensions ("" is a missing value), and what they take."""
    conditions, values = [], {}
    for dimension, key in dimensions.items():
        if dimension in NUMBERED and not key:
            conditions.append(f"d.{dimension} IS NULL")
        else:
            conditions.append(f"d.{dimension} = %(held_{dimension})s")
            values[f"held_{dimension}"] = int(key) if dimension in NUMBERED else key
    return conditions, values


def in_days(column: str) -> str:
    """That a day of deals ``d`` is one of those from %(start)s to %(end)s (not included)."""
    return f"d.{column} >= %(start)s AND d.{column} < %(end)s"


WON_IN_DAYS = f"{IS_WON} AND {in_days('closed_on')}"


def all_of(conditions: Iterable[str]) -> str:
    """SQL that all of these hold; of none, always."""
    return " AND ".join(conditions) or "true"


def key_of(dimension: str, month_of: str = "closed_on") -> str:
    """The key of deals ``d`` as text: "" for a missing value, NULL without a dimension.

    Months ("2026-03") and fiscal quarters (their first day) are those of the day ``month_of``; a quarter takes
    %(quarters)s, the days that `quarter_starts` gives.
    """
    if not dimension:
        return "NULL::text"
    if dimension == "month":
        return f"coalesce(to_char(d.{month_of}, 'YYYY-MM'), '')"
    if dimension == QUARTER:
        return f"coalesce((%(quarters)s::date[])[width_bucket(d.{month_of}, %(quarters)s::date[])]::text, '')"
    return f"coalesce(d.{dimension}::text, '')" if dimension in NUMBERED else f"d.{dimension}"


def quarter_starts(first: date, last: date) -> list[date]:
    """The first days of the fiscal quarters from that of ``first`` to that of ``last``.

    Of days that nobody can ask for ("never" is written as 9999-12-31) the nearest that one can.
    """
    first, last = (min(max(day, FIRST_DAY), LAST_DAY) for day in (first, last))
    return [quarter.start for quarter in quarters_between(first, last + timedelta(days=1))]


def quarter_values(conditions: Iterable[str], values: Values, column: str, *, at: datetime) -> Values:
    """%(quarters)s for the quarters that these deals have days of ``column`` in."""
    deals, where = source(values["on"], at=at), all_of(conditions)
    [found] = rows(f"SELECT min(d.{column}) AS first, max(d.{column}) AS last FROM {deals} d WHERE {where}", values)
    return {"quarters": quarter_starts(found["first"], found["last"]) if found["first"] else []}


def rows(statement: str, values: Values) -> list[dict[str, Any]]:
    """What the statement finds, each row by the names of its columns; from where figures are read."""
    with reading_cursor() as cursor:
        cursor.execute(statement, values)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


# Of the deals a figure is made of: how many have no amount, and how many one that could not be converted.
UNTOLD = """SELECT d.currency, count(*) FILTER (WHERE d.raw_amount IS NULL) AS empty,
    count(*) FILTER (WHERE d.raw_amount IS NOT NULL AND d.amount IS NULL) AS unconverted
    FROM {deals} d WHERE {where} AND d.amount IS NULL GROUP BY 1"""


def money_notes(deals: str, conditions: Iterable[str], values: Values) -> list[str]:
    """What the values of these deals leave out."""
    found = rows(UNTOLD.format(deals=deals, where=all_of(conditions)), values)
    empty = sum(row["empty"] for row in found)
    said = []
    if empty:
        said.append(
            "1 opportunity has no amount: it is counted, with value 0."
            if empty == 1
            else f"{empty:,} opportunities have no amount: they are counted, with value 0."
        )
    return said + without_rate({row["currency"]: row["unconverted"] for row in found})
