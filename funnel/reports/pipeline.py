"""The report *pipeline*: which opportunities are open, what they are worth, and what of it is to be expected."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from crm.fiscal import Span, fiscal_quarter
from crm.intervals import ENOUGH
from crm.models import Organisation
from crm.periods import add_months
from crm.words import percent
from funnel.deals.chances import CHANCE, VARIANCE, WEIGHTED, chances, likely
from funnel.deals.chosen import MARKS, Chosen
from funnel.deals.connected import Connected, connected
from funnel.deals.outlook import Outlook, outlook
from funnel.deals.relation import (
    IS_OPEN,
    QUARTER,
    Values,
    all_of,
    held,
    in_days,
    is_past,
    key_of,
    last_day,
    money_notes,
    quarter_values,
    rows,
    source,
    values_of,
)
from funnel.reports.answer import Column, Report, Row, Told
from funnel.reports.labels import labels
from funnel.reports.question import DEAL_DIMENSIONS, MISSING, Question
from funnel.reports.rows import key_of_row, money
from leads.models import PipelineStage
from leads.pipeline import pipeline
from leads.stalled import QUIET_AFTER

CUTS = (*DEAL_DIMENSIONS, QUARTER)
# Months and quarters are those in which deals are expected to close.
BY_TIME = ("month", QUARTER)
CLOSE = "expected_close"
OPEN = f"""SELECT {{key}} AS key, d.stage, count(*) AS deals, coalesce(sum(d.amount), 0) AS value,
        {WEIGHTED} AS weighted, {VARIANCE} AS variance,
        percentile_cont(0.5) WITHIN GROUP (ORDER BY d.age_days) AS median_age,
        {{marks}}
    FROM {{deals}} d {CHANCE} WHERE {{where}} GROUP BY 1, 2"""
# Told of the present: no history keeps since when a deal stood in its stage, and what was planned for it.
OF_NOW = ("stalled", "quiet")
TOLD_MARKS = ("overdue", "undated", *OF_NOW)
# What was opened in these days against what was won or lost in them (METRICS P9).
FLOW = f"""SELECT coalesce(sum(d.amount) FILTER (WHERE {in_days("opened_on")}), 0) AS created,
        coalesce(sum(d.amount) FILTER (WHERE {in_days("closed_on")}), 0) AS closed
    FROM {{deals}} d WHERE {{where}}"""


@dataclass(frozen=True)
class Flow:
    """What was opened in the days asked for, and what was won or lost in them."""

    created: Decimal
    closed: Decimal

    @property
    def balance(self) -> float | None:
        """METRICS P9: over 1 the pipeline grows; None when nothing closed."""
        return float(self.created / self.closed) if self.closed else None


@dataclass(frozen=True)
class Page:
    """What the page shows beside the rows; ``total``: a row of all that is open."""

    on: date
    total: Row
    outlook: Outlook
    flow: Flow
    connected: Connected | None
    past: bool


def tell(question: Question, at: datetime) -> Told:
    on = last_day(question, at=at)
    learnt = chances(on, at=at)
    deals, (conditions, values) = source(on, at=at), asked(question, on, at=at)
    values |= learnt.values()
    found = open_deals(question, deals, conditions, values)
    quarter = outlook(question, fiscal_quarter(on), on, at=at)
    page = Page(
        on=on,
        total=total_of(found),
        outlook=quarter,
        flow=flow(question, deals, values),
        connected=connected(question, at=at),
        past=is_past(on, at=at),
    )
    said = [
        *money_notes(deals, conditions, values),
        learnt.note,
        *coverage_note(quarter),
        *then_note(deals, values, page),
    ]
    return Told(told_rows(question, found, on, at=at), said, page)


def asked(question: Question, on: date, *, at: datetime) -> tuple[list[str], Values]:
    """Conditions on the open deals of the question, and the values of every statement about them."""
    conditions, values = held(question.held)
    values |= {**values_of(on), "at": at, "quiet_after": QUIET_AFTER, "start": question.start, "end": question.end}
    conditions.append(IS_OPEN)
    if question.dimension in BY_TIME:
        values |= quarter_values(conditions, values, CLOSE, at=at)
        if question.key is not None:
            conditions.append(f"{key_of(question.dimension, CLOSE)} = %(key)s")
            values["key"] = question.key
    return conditions, values


def open_deals(question: Question, deals: str, conditions: Iterable[str], values: Values) -> list[dict[str, Any]]:
    marks = ", ".join(f"count(*) FILTER (WHERE {MARKS[name]}) AS {name}" for name in TOLD_MARKS)
    key = key_of(question.dimension, CLOSE)
    return rows(OPEN.format(key=key, marks=marks, deals=deals, where=all_of(conditions)), values)


def told_rows(question: Question, found: list[dict[str, Any]], on: date, *, at: datetime) -> list[Row]:
    """A row a key and stage; the most valuable key first, months and quarters in order, stages in theirs.

    Without a dimension every stage in use has a row.
    """
    stages = pipeline()
    worth: dict[Any, Decimal] = {}
    for row in found:
        worth[row["key"]] = worth.get(row["key"], Decimal(0)) + row["value"]
    if not question.dimension:
        found = found + [nothing_in(stage) for stage in unseen(stages.values(), found)]
        worth.setdefault(None, Decimal(0))
    names = labels(question.dimension, worth)
    in_order = sorted(
        worth, key=lambda key: (not key, key) if question.dimension in BY_TIME else (-worth[key], str(key))
    )
    place = {key: number for number, key in enumerate(in_order)}
    position = {stage.stage: stage.position for stage in stages.values()}
    found.sort(key=lambda row: (place[row["key"]], position.get(row["stage"], -1)))
    past, currency = is_past(on, at=at), Organisation.get().currency
    return [
        {
            "key": key_of_row(row["key"]),
            "label": names[row["key"]],
            "stage": row["stage"] or MISSING,
            "title": stages[row["stage"]].label if row["stage"] in stages else "Not known",
            **figures(row, currency, past=past),
            "deals_url": replace(chosen(question, row["key"]), stage=row["stage"], on=on if past else None).address,
        }
        for row in found
    ]


def unseen(stages: Iterable[PipelineStage], found: list[dict[str, Any]]) -> list[PipelineStage]:
    seen = {row["stage"] for row in found}
    return [stage for stage in stages if stage.is_open and not stage.retired and stage.stage not in seen]


def nothing_in(stage: PipelineStage) -> dict[str, Any]:
    nothing = dict.fromkeys(("deals", "weighted", "variance", *TOLD_MARKS), 0)
    return {"key": None, "stage": stage.stage, "value": Decimal(0), "median_age": None, **nothing}


def figures(row: dict[str, Any], currency: str, *, past: bool = False) -> Row:
    low, high = likely(row["weighted"], row["variance"], least=0.0, most=float(row["value"]))
    return {
        "deals": row["deals"],
        "value": money(row["value"], currency),
        "weighted": money(row["weighted"], currency),
        "low": money(low, currency),
        "high": money(high, currency),
        "median_age_days": row["median_age"],
        **{name: None if past and name in OF_NOW else row[name] for name in TOLD_MARKS},
    }


def total_of(found: list[dict[str, Any]]) -> Row:
    """All rows as one; chances add up, and so do variances of deals that decide for themselves."""
    summed = {name: sum(row[name] for row in found) for name in ("deals", "value", "weighted", "variance", *TOLD_MARKS)}
    return figures({**summed, "median_age": None}, Organisation.get().currency)


def chosen(question: Question, key: str | None) -> Chosen:
    """The open deals of one key."""
    if question.dimension not in BY_TIME:
        return Chosen(question.at_key(key), state="open")
    whole = replace(question, dimension="", key=None)
    if not key:
        return Chosen(whole, state="open", only="undated")
    days = days_of(question.dimension, key)
    return Chosen(replace(whole, start=days.start, end=days.end), state="open", by="expected")


def days_of(dimension: str, key: str) -> Span:
    if dimension == QUARTER:
        return fiscal_quarter(date.fromisoformat(key))
    month = date.fromisoformat(f"{key}-01")
    return Span(month, add_months(month, 1))


def flow(question: Question, deals: str, values: Values) -> Flow:
    conditions, _values = held(question.held)
    [found] = rows(FLOW.format(deals=deals, where=all_of(conditions)), values)
    return Flow(**found)


def coverage_note(quarter: Outlook) -> list[str]:
    """Coverage in words, for who reads rows."""
    told, name = quarter.coverage, quarter.quarter.label
    if quarter.quota is None:
        return [f"No revenue quota is set for {name}, so coverage is not told."]
    if told.coverage is None:
        return [f"The quota of {name} is booked."]
    said = f"{name}: what is open and due covers {told.coverage:.1f} times what is still to be booked"
    if told.required is None or told.gap_share is None:
        return [f"{said}; {quarter.closed} of {ENOUGH} closed opportunities tell no win rate yet."]
    expected = f"so {percent(told.gap_share)} of it is to be expected"
    return [f"{said}; at our win rate it takes {told.required:.1f} times, {expected}."]


LATER = "SELECT count(*) AS many FROM {deals} d WHERE d.created_at >= %(until)s"


def then_note(deals: str, values: Values, page: Page) -> list[str]:
    """Of an earlier day: what nobody had written down by then."""
    if not page.past:
        return []
    [found] = rows(LATER.format(deals=deals), values)
    said = f"As the opportunities stood at the end of {page.on:%-d %b %Y}, by their history."
    if not found["many"]:
        return [said]
    return [f"{said} {found['many']:,} were written down later and stand as they were first written."]


PIPELINE = Report(
    name="pipeline",
    title="Pipeline",
    how=(
        "Opportunities that are open on the last day asked for (today, unless it is over: then as their history tells "
        "they stood at its end), archived ones included. Amounts in other currencies by the rate of that day. What is "
        "likely weighs each amount by the chance that it is won, told from how opportunities that stood in the same "
        "stage at the same age ended (cumulative incidence by Aalen and Johansen, with those still open watched up to "
        "their age); where too few ended, of all stages together, and where these are too few, by the probability set "
        "on it. Low and high hold 95 of 100 outcomes if opportunities are decided independently of each other. "
        "Months and quarters are those of the expected close."
    ),
    columns=(
        Column("key", "Key", "text", shown=False),
        Column("label", "Name", "text"),
        Column("stage", "Stage", "text", "discovery, solution, proof, proposal, negotiation", shown=False),
        Column("title", "Stage", "text"),
        Column("deals", "Open", "count", "Open opportunities.", link="deals_url"),
        Column("value", "Value", "money", "What they are worth together; one without an amount counts with 0."),
        Column("weighted", "Likely", "money", "Sum of amount x chance of being won, P(win | stage, age)."),
        Column("low", "Low", "money", "Likely − 1.96 standard deviations, √Σa²p(1−p); never below 0."),
        Column("high", "High", "money", "Likely + 1.96 standard deviations; never above the value."),
        Column("median_age_days", "Median age", "days", "Days since they were opened."),
        Column("overdue", "Overdue", "count", "Their expected close has passed."),
        Column("undated", "No date", "count", "Without an expected close."),
        Column("stalled", "Stalled", "count", "Longer in their stage than nine in ten of those that were won."),
        Column("quiet", "Quiet", "count", "Nothing done for 14 days and nothing planned."),
        Column("deals_url", "Opportunities", "text", "The opportunities behind the row.", shown=False),
    ),
    tell=tell,
    dimensions=CUTS,
    identity=("key", "stage"),
    span="quarter",
)
