"""The report *velocity*: whose time it was, how long leads stay in each stage, where they stall, end to end."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db.models import QuerySet

from funnel.models import LeadFact
from funnel.reports.answer import Column, Report, Row, Told
from funnel.reports.labels import labels
from funnel.reports.question import BASES, DIMENSIONS, UNITS, Parameter, Question, choice, read
from funnel.reports.rows import key_of_row
from funnel.selection import DRILLDOWN, with_way
from funnel.times.first_touches import TITLES, Approach, approaches
from funnel.times.lengths import (
    CLOCKS,
    MEASURES,
    MICROSECONDS_A_DAY,
    STAGES_IN_ORDER,
    TO_CLOSE,
    TO_WON,
    TOTAL,
    Length,
    episodes,
    velocities,
)  # fmt: skip
from funnel.times.selling_pace import lead_pace, pipeline_pace
from funnel.times.stalling import Standing, longest_stays, stalled, standing

VISITS = Parameter("visits", "Time in stage", (("all", "all visits together"), ("latest", "latest visit")))
STALLED = "stalled"


@dataclass(frozen=True)
class Lasted:
    """The episodes that one measure is made of, or of those in a stage the stalled ones."""

    question: Question
    measure: str
    which: str = ""

    def query(self) -> str:
        return self.question.query(measure=self.measure, which=self.which)

    def facts(self, *, at: datetime) -> QuerySet[LeadFact]:
        facts = episodes(self.question)
        if self.which == STALLED:
            return with_way(stalled(facts, self.measure, at=at), at=at)
        return with_way(facts.filter(MEASURES[self.measure].has_it), at=at)


def read_lasted(parameters: Mapping[str, str], *, today: date) -> Lasted:
    """The measure and the question that a drill-down address names. Raises BadQuestion."""
    question = read(parameters, today=today)
    measure = choice(parameters, "measure", tuple(MEASURES))
    return Lasted(question.at_key(question.key), measure, choice(parameters, "which", ("", STALLED)))


def tell(question: Question, at: datetime) -> Told:
    found = velocities(question, at=at, latest=question.option("visits") == "latest")
    return Told(rows(question, found, at=at), notes(question, found, at=at), page=found)


def rows(question: Question, found: list[Length], *, at: datetime) -> list[Row]:
    """A row a key and measure: stages, clocks and ways, then the ways to a hand-raise and to MQL."""
    longest = longest_stays()
    standing_now = standing(question, longest, at=at)
    totals = {row.key: row.total_us for row in found if row.measure == TOTAL}
    lasted = [
        length_row(question, row, totals[row.key])
        | standing_row(question, row, longest, standing_now.get((row.key, row.measure), Standing()))
        for row in found
    ]
    told = [*lasted, *map(approach_row, approaches(question))]
    names = labels(question.dimension, {row["key"] for row in told})
    return [{**EMPTY, **row, "key": key_of_row(row["key"]), "label": names[row["key"]]} for row in told]


def length_row(question: Question, row: Length, total_us: int) -> Row:
    on_clock = row.measure in (*CLOCKS, TOTAL)
    return {
        "key": row.key,
        "measure": row.measure,
        "title": MEASURES[row.measure].title,
        "n": row.n,
        "running": row.running,
        "negative": row.negative,
        "median_days": row.median_days,
        "median_low": row.median_low,
        "median_high": row.median_high,
        "p75_days": row.p75_days,
        "p90_days": row.p90_days,
        "total_days": row.total_us / MICROSECONDS_A_DAY,
        "share": row.total_us / total_us if on_clock and total_us else None,
        "leads_url": f"{DRILLDOWN}?{Lasted(at_key(question, row.key), row.measure).query()}",
    }


def standing_row(question: Question, row: Length, longest: dict[str, float], now: Standing) -> Row:
    """Who stands in the stage at this moment; of clocks and ways there is nothing to say."""
    if row.measure not in STAGES_IN_ORDER:
        return {}
    if row.measure not in longest:
        return {"now": now.now}
    return {
        "now": now.now,
        "stalled": now.stalled,
        "stalled_after_days": longest[row.measure] / MICROSECONDS_A_DAY,
        "stalled_url": f"{DRILLDOWN}?{Lasted(at_key(question, row.key), row.measure, STALLED).query()}",
    }


def at_key(question: Question, key: str | None) -> Question:
    """The question about one key, without what only this report asks."""
    return replace(question.at_key(key), options=())


def approach_row(row: Approach) -> Row:
    return {
        "key": row.key,
        "measure": row.measure,
        "title": TITLES[row.measure],
        "n": row.n,
        "running": 0,
        "negative": row.negative,
        **dict(zip(("median_days", "p75_days", "p90_days"), row.days, strict=True)),
        **dict(zip(("median_touches", "p75_touches", "p90_touches"), row.touches, strict=True)),
    }


def notes(question: Question, found: list[Length], *, at: datetime) -> list[str]:
    """How fast pipeline and leads move; what still runs, and what is dated backwards."""
    told = [pipeline_pace(question, at=at).said, lead_pace(question, at=at).said]
    running = sum(row.running for row in found if row.measure == TOTAL)
    if running:
        told.append(f"{running:,} still run: their stays count as at least as long as they are by now.")
    negative: Counter[str] = Counter()
    for row in found:
        if row.measure in (TO_WON, TO_CLOSE):
            negative[MEASURES[row.measure].title] += row.negative
    return told + [f"{title}: {n} dated backwards, included as negative times." for title, n in negative.items() if n]


VELOCITY = Report(
    name="velocity",
    title="Velocity",
    how=(
        "Time in a stage and on a clock comes from the Kaplan–Meier curve of all stays: one that still runs counts as "
        "at least as long as it is, as stays that are over would alone be too short. Where a curve does not come down "
        "to a half, a quarter or a tenth, that percentile is not known yet. Ways from end to end are of completed ones "
        "only, exact (interpolated between neighbours), negative where they are dated backwards; of more than 100,000 "
        "they are told within one percent. By cohort: leads that began in these days; by period: those that were won, "
        "lost or left the path in them. Time for sales’ verdict is neither side’s: it is “waiting”. Marketing, waiting "
        "and sales add up to the total of every lead, to the microsecond. A lead is stalled that stands in its stage "
        "longer than nine in ten won leads did. Pipeline velocity = open opportunities × win rate × average won ÷ "
        "median days to win, of those closed in the last 365 days; lead velocity = MQLs of the last whole month "
        "against the month before."
    ),
    columns=(
        Column("key", "Key", "text"),
        Column("label", "Name", "text"),
        Column("measure", "Measure", "text", "; ".join(f"{m.title}: {m.how}" for m in MEASURES.values()), shown=False),
        Column("title", "Time", "text"),
        Column("n", "Leads", "count", "How many the percentiles are made of, running ones included.", link="leads_url"),
        Column("running", "Still running", "count", "Of these, how many are not over yet."),
        Column("negative", "Dated backwards", "count", "Of these, how many end before they begin.", shown=False),
        Column("median_days", "Median", "days", "Half were over by then."),
        Column("median_low", "Median, low", "days", "Lower bound of its 95 % interval, of stays.", shown=False),
        Column("median_high", "Median, high", "days", "Upper bound of its 95 % interval, of stays.", shown=False),
        Column("p75_days", "P75", "days", "Three in four were over by then."),
        Column("p90_days", "P90", "days", "Nine in ten were over by then."),
        Column("total_days", "All together", "days", "Days of all of them added up, as far as they have come."),
        Column("share", "Share", "ratio", "Of the total time, whose it was."),
        Column("now", "There now", "count", "How many stand in the stage at this moment."),
        Column("stalled", "Stalled", "count", "Of these, longer than nine in ten won leads.", link="stalled_url"),
        Column("stalled_after_days", "Stalled after", "days", "P90 of the stays of won leads; from ten of them on."),
        Column("median_touches", "Touches", "number", "Median of the buyer’s touches up to there.", shown=False),
        Column("p75_touches", "Touches, P75", "number", shown=False),
        Column("p90_touches", "Touches, P90", "number", shown=False),
        Column("leads_url", "Leads", "text", "The leads behind “n”.", shown=False),
        Column("stalled_url", "Stalled leads", "text", "The leads behind “stalled”.", shown=False),
    ),
    tell=tell,
    dimensions=DIMENSIONS,
    bases=BASES,
    units=UNITS,
    parameters=(VISITS,),
    identity=("key", "measure"),
    span="year",
)
EMPTY: Row = {column.name: None for column in VELOCITY.columns}
