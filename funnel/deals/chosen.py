"""The opportunities behind a figure of deals: the conditions that count it, read back from its address."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from crm.periods import own_day, start_of_day, zone
from funnel.deals.of_leads import REACHED, reached
from funnel.deals.relation import (
    IS_CLOSED,
    IS_LOST,
    IS_OPEN,
    IS_WON,
    WON_IN_DAYS,
    Values,
    all_of,
    held,
    in_days,
    rows,
    source,
    values_of,
)
from funnel.reports.labels import held_names
from funnel.reports.question import DEAL_DIMENSIONS, MISSING, Question, choice, day_of, read
from leads.models import DealStage, ForecastCategory, Opportunity
from leads.stalled import QUIET_AFTER

# The page that shows them.
OPPORTUNITIES = "/dashboards/opportunities/"
PAGE_SIZE = 50
# The amount of the last row of a page, and its id.
POSITION = re.compile(r"(-?[0-9]{1,40}(?:\.[0-9]+)?)~([0-9]{1,18})")
STATES = {"open": IS_OPEN, "won": IS_WON, "lost": IS_LOST, "closed": IS_CLOSED}
# Which of a deal's days is among those asked for.
DAYS = {"opened": "opened_on", "closed": "closed_on", "expected": "expected_close"}
# What open opportunities stand out by. Stalled and quiet are those of leads/stalled.py.
MARKS = {
    "undated": "d.expected_close IS NULL",
    "overdue": "d.expected_close < %(on)s::date",
    "empty": "d.raw_amount IS NULL",
    "stalled": """EXISTS (SELECT FROM leads_pipelinestage standing
        WHERE standing.stage = d.stage AND d.stage_since < %(at)s - standing.stay_p90)""",
    "quiet": """d.next_step_at IS NULL
        AND coalesce(d.last_activity_at, d.opened_at, d.created_at) < %(at)s - %(quiet_after)s""",
}
# Forecast for the days asked for (a quarter) at any time since they began, and what became of them: moved out of them.
FORECAST = """d.opened_on < %(end)s AND coalesce(d.closed_on >= %(start)s, true) AND (
    d.expected_close >= %(start)s AND d.expected_close < %(end)s
    OR d.id IN (
        SELECT was.pgh_obj_id FROM leads_opportunityevent was WHERE was.pgh_label = 'update' AND was.outcome = ''
            AND was.expected_close >= %(start)s AND was.expected_close < %(end)s
            AND was.pgh_created_at >= %(begins)s AND was.pgh_created_at < %(until)s
    ))"""
PUSHED = """(d.closed_on IS NULL OR d.closed_on >= %(end)s)
    AND (d.expected_close IS NULL OR d.expected_close < %(start)s OR d.expected_close >= %(end)s)"""
FORECASTS = {"forecast": FORECAST, "pushed": f"{FORECAST} AND {PUSHED}"}
# In the forecast of the days asked for (a quarter): expected in them and open, or won in them.
IN_FORECAST = f"({IS_OPEN} AND {in_days('expected_close')} OR {WON_IN_DAYS})"
# What is won is closed, whatever was said of it before; what is open is not, and of what nobody knows is pipeline.
CATEGORY = f"""CASE WHEN {IS_WON} THEN 'closed' WHEN d.forecast_category = '' THEN 'pipeline'
        WHEN d.forecast_category = 'closed' THEN 'commit' ELSE d.forecast_category END"""
# METRICS P2; each holds those after it. `likely` is all that is not omitted.
ROLL_UPS = {
    "open_pipeline": ("pipeline", "best_case", "most_likely", "commit"),
    "best_case_forecast": ("best_case", "most_likely", "commit", "closed"),
    "most_likely_forecast": ("most_likely", "commit", "closed"),
    "commit_forecast": ("commit", "closed"),
    "likely": ("pipeline", "best_case", "most_likely", "commit", "closed"),
}
# Words of a deal that are held at one value, beside the dimensions; "" is a missing one.
WORDS = ("reason", "competitor", "kind")


@dataclass(frozen=True)
class Chosen:
    """What stands behind one figure: deals held at the question's dimensions, and further narrowed.

    ``on``: as they stood at the end of that day; None: as they stand now. ``state``: one of STATES, "" for all.
    ``by``: which of their days (DAYS) is one of the question's, "" where none need be. ``only``: one of MARKS; or of
    FORECASTS, about the quarter that the question's days are. ``words``: pairs of one of WORDS and its value.
    ``of_mqls``: one of the three official reports; the question is then about leads, and these are the deals of its
    MQLs that stand in that report. ``forecast``: a category or roll-up of the forecast of the question's days.
    """

    question: Question
    state: str = ""
    by: str = ""
    on: date | None = None
    stage: str | None = None
    only: str = ""
    words: tuple[tuple[str, str], ...] = ()
    of_mqls: str = ""
    forecast: str = ""

    @property
    def address(self) -> str:
        """The page that lists them."""
        return f"{OPPORTUNITIES}?{self.query()}"

    def query(self) -> str:
        asked = replace(self.question, dimension="", key=None, filters=tuple(self.question.held.items()), options=())
        words = {name: value or MISSING for name, value in self.words}
        stage = None if self.stage is None else self.stage or MISSING
        return asked.query(
            state=self.state,
            by=self.by,
            on=self.on or "",
            stage=stage,
            only=self.only,
            of_mqls=self.of_mqls,
            forecast=self.forecast,
            **words,
        )

    def conditions(self, *, at: datetime) -> tuple[list[str], Values]:
        """On deals ``d``, and the values they and the relation take."""
        asked = self.question
        conditions, values = self._whose(at=at)
        values |= values_of(self.day(at=at))
        values |= {"at": at, "quiet_after": QUIET_AFTER, "start": asked.start, "end": asked.end}
        values |= {"begins": start_of_day(asked.start, zone()), **dict(self.words), "stage": self.stage}
        conditions += [STATES[self.state]] if self.state else []
        conditions += [in_days(DAYS[self.by])] if self.by else []
        conditions += ["d.stage = %(stage)s"] if self.stage is not None else []
        conditions += [(MARKS | FORECASTS)[self.only]] if self.only else []
        if self.forecast:
            conditions += [IN_FORECAST, f"{CATEGORY} = ANY(%(categories)s)"]
            values["categories"] = list(ROLL_UPS.get(self.forecast, (self.forecast,)))
        conditions += [f"d.{name} = %({name})s" for name, _value in self.words]
        return conditions, values

    def _whose(self, *, at: datetime) -> tuple[list[str], Values]:
        if not self.of_mqls:
            return held(self.question.held)
        condition, values = reached(self.question, self.of_mqls, self.day(at=at))
        return [condition], values

    def day(self, *, at: datetime) -> date:
        return self.on or own_day(at)


def read_chosen(parameters: Mapping[str, str], *, today: date) -> Chosen:
    """What the address of a figure names. Raises BadQuestion."""
    stage = choice(parameters, "stage", ("", MISSING, *DealStage.values))
    return Chosen(
        question=read(parameters, today=today, basis="period", dimensions=DEAL_DIMENSIONS),
        state=choice(parameters, "state", ("", *STATES)),
        by=choice(parameters, "by", ("", *DAYS)),
        on=day_of(parameters, "on"),
        stage=stage.replace(MISSING, "") if stage else None,
        only=choice(parameters, "only", ("", *MARKS, *FORECASTS)),
        of_mqls=choice(parameters, "of_mqls", ("", *REACHED)),
        forecast=choice(parameters, "forecast", ("", *ForecastCategory.values, *ROLL_UPS)),
        words=tuple((name, text_of(parameters[name])) for name in WORDS if parameters.get(name)),
    )


def text_of(value: str) -> str:
    return "" if value == MISSING else value.replace("\0", "")


@dataclass(frozen=True)
class Behind:
    """An opportunity with what its row tells: its amount in the organisation's currency, its stage and days then."""

    opportunity: Opportunity
    amount: Decimal | None
    stage: str
    expected_close: date | None
    closed_on: date | None
    age_days: int | None


@dataclass(frozen=True)
class OpportunitiesPage:
    """A page of those behind a figure, the most valuable first. ``next`` goes into the address as `after`."""

    rows: list[Behind]
    total: int
    value: Decimal
    next: str


TOTAL = "SELECT count(*) AS total, coalesce(sum(d.amount), 0) AS value FROM {deals} d WHERE {where}"
# Without an amount comes last.
SORTED_BY = "coalesce(d.amount, -1)"
SOME = f"""SELECT d.id, d.amount, d.stage, d.expected_close, d.closed_on, d.age_days, {SORTED_BY} AS place
    FROM {{deals}} d WHERE {{where}} ORDER BY {SORTED_BY} DESC, d.id DESC LIMIT %(limit)s"""


def opportunities_behind(chosen: Chosen, *, at: datetime, after: str = "", size: int = PAGE_SIZE) -> OpportunitiesPage:
    """Exactly the opportunities that one figure counts."""
    conditions, values = chosen.conditions(at=at)
    deals = source(chosen.day(at=at), at=at)
    all_of_them = in_all(chosen, at=at)
    if position := read_position(after):
        conditions = [*conditions, f"({SORTED_BY}, d.id) < (%(after_amount)s, %(after_id)s)"]
        values |= {"after_amount": position[0], "after_id": position[1]}
    found = rows(SOME.format(deals=deals, where=all_of(conditions)), values | {"limit": size + 1})
    shown = found[:size]
    records = Opportunity.objects.select_related("company", "owner", "team").in_bulk([row["id"] for row in shown])
    more = f"{shown[-1]['place']}~{shown[-1]['id']}" if len(found) > size else ""
    return OpportunitiesPage(
        [behind(records[row["id"]], row) for row in shown if row["id"] in records], **all_of_them, next=more
    )


def in_all(chosen: Chosen, *, at: datetime) -> dict[str, Any]:
    """How many there are, and what they are worth together."""
    conditions, values = chosen.conditions(at=at)
    [found] = rows(TOTAL.format(deals=source(chosen.day(at=at), at=at), where=all_of(conditions)), values)
    return found


def count_behind(chosen: Chosen, *, at: datetime) -> int:
    return int(in_all(chosen, at=at)["total"])


def behind(opportunity: Opportunity, row: Mapping[str, Any]) -> Behind:
    told = {name: row[name] for name in ("amount", "stage", "expected_close", "closed_on", "age_days")}
    return Behind(opportunity, **told)


def read_position(text: str) -> tuple[Decimal, int] | None:
    """Where a page goes on ("1200.00~7"); anything else begins at the beginning."""
    found = POSITION.fullmatch(text)
    return (Decimal(found[1]), int(found[2])) if found else None


HEADINGS = {"": "Opportunities", "open": "Open opportunities", "won": "Won", "lost": "Lost", "closed": "Closed"}
DAY_WORDS = {"opened": "opened", "closed": "closed", "expected": "expected to close"}
MARK_WORDS = {
    "undated": "without an expected close",
    "overdue": "past their expected close",
    "empty": "without an amount",
    "stalled": "stalled in their stage",
    "quiet": "gone quiet",
    "forecast": "forecast for",
    "pushed": "moved out of",
}


def heading_of(chosen: Chosen, stages: Mapping[str, str]) -> str:
    """What the opportunities have in common; ``stages``: what the organisation calls them."""
    heading = HEADINGS[chosen.state]
    if chosen.stage is None or chosen.stage == chosen.state:
        return heading
    return f"{heading} in {stages.get(chosen.stage, chosen.stage) or 'a stage that is not known'}"


def words_of(chosen: Chosen) -> list[str]:
    """The days they are about and what is held, in words."""
    asked = chosen.question
    days = f"{asked.start:%-d %b %Y} to {asked.end - timedelta(days=1):%-d %b %Y}"
    said = [f"of leads that became MQL {days}"] if chosen.of_mqls else []
    said += [f"{DAY_WORDS[chosen.by]} {days}"] if chosen.by else []
    if chosen.only:
        said.append(f"{MARK_WORDS[chosen.only]} {days}" if chosen.only in FORECASTS else MARK_WORDS[chosen.only])
    if chosen.forecast:
        said.append(f"{chosen.forecast.replace('_', ' ')} of {days}")
    said += [f"as of {chosen.on:%-d %b %Y}"] if chosen.on else []
    said += [f"{name}: {(value or MISSING).replace('_', ' ')}" for name, value in chosen.words]
    return [*said, *held_names(asked.held.items())]
