"""The report *velocity*: how long leads took, in each stage, on each side's clock, and from end to end."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import Aggregate, Count, F, FloatField, Func, Q, QuerySet
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.db.models.lookups import LessThan

from funnel.models import LeadFact
from funnel.reports.answer import Column, Report, Row, Told
from funnel.reports.counts import fact_key
from funnel.reports.labels import labels
from funnel.reports.question import BASES, DIMENSIONS, MISSING, UNITS, Question, choice, read
from funnel.selection import facts_of, in_cohort, with_way, within
from leads.lifecycle import Clock, Stage

MICROSECONDS_A_DAY = 86_400_000_000


@dataclass(frozen=True)
class Measure:
    """A duration of an episode in microseconds, and which episodes have it."""

    name: str
    title: str
    how: str
    microseconds: Combinable
    has_it: Q


@dataclass(frozen=True)
class Velocity:
    """One measure over the episodes of one key; ``negative``: how many of them are dated backwards."""

    key: str | None
    measure: str
    n: int
    negative: int
    median_days: float | None
    p75_days: float | None
    p90_days: float | None


class Percentiles(Aggregate):
    """Median, 75th and 90th percentile, interpolated (METRICS V2)."""

    function = "percentile_cont"
    template = "%(function)s(ARRAY[0.5, 0.75, 0.9]) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = ArrayField(FloatField())


def between(start: Combinable, end: Combinable) -> Func:
    """From start to end in microseconds."""
    return Func(end, start, template="(extract(epoch FROM %(expressions)s) * 1000000)::bigint", arg_joiner=" - ")


def in_stage(stage: Stage) -> Measure:
    visits = f"{stage}_us"
    how = "Time in the stage over all finished visits of the episode; a visit that still runs is not included."
    return Measure(stage.value, str(stage.label), how, F(visits), Q(**{f"{visits}__isnull": False}))


def on_clock(clock: Clock, stages: Iterable[Stage]) -> Measure:
    """Episodes that were on this clock and are off it: a clock that still runs would shorten the figure."""
    been = Q()
    for stage in stages:
        been |= Q(**{f"{stage}_us__isnull": False})
    how = "Time on this side's clock; episodes on which it still runs are not included."
    return Measure(clock.value, str(clock.label), how, F(f"{clock}_us"), been & ~Q(open_clock=clock))


ON_A_CLOCK = (
    Stage.INQUIRY, Stage.NURTURE, Stage.MQL, Stage.OFFERED, Stage.ACCEPTED, Stage.QUALIFIED, Stage.OPPORTUNITY,
)  # fmt: skip
MEASURES = {
    measure.name: measure
    for measure in (
        *map(in_stage, ON_A_CLOCK),
        on_clock(Clock.MARKETING, ON_A_CLOCK[:3]),
        on_clock(Clock.WAITING, ON_A_CLOCK[3:4]),
        on_clock(Clock.SALES, ON_A_CLOCK[4:]),
        Measure(
            "total",
            "Total",
            "Marketing, waiting and sales together; episodes that have ended.",
            F("marketing_us") + F("waiting_us") + F("sales_us"),
            Q(open_clock=""),
        ),
        Measure(
            "captured_to_won",
            "Captured to won",
            "From the beginning of the episode (capture, the first time round) to its first won deal.",
            between(F("began_at"), F("customer_at")),
            Q(customer_at__isnull=False),
        ),
        Measure(
            "opportunity_to_close",
            "Opportunity to close",
            "From becoming an opportunity to won or lost.",
            between(F("opportunity_at"), Coalesce("customer_at", "lost_at")),
            Q(opportunity_at__isnull=False) & (Q(customer_at__isnull=False) | Q(lost_at__isnull=False)),
        ),
    )
}


def velocities(question: Question, measures: Iterable[str] = tuple(MEASURES)) -> list[Velocity]:
    """Exact percentiles of each measure, by key; keys in their own order, measures as given."""
    names = list(measures)
    keyed = episodes(question).annotate(of=fact_key(question, "began_on")).values("of").order_by("of")
    found = keyed.annotate(**{name: figure for measure in names for name, figure in aggregates(MEASURES[measure])})
    return [velocity(row, name) for row in kept(question, found) for name in names]


def episodes(question: Question) -> QuerySet[LeadFact]:
    """By cohort: begun in these days. By period: won, lost, or otherwise off the path in these days."""
    by_day = within(question, "outcome_on") if question.basis == "period" else in_cohort(question)
    return facts_of(question).filter(by_day)


def kept(question: Question, found: Iterable[Any]) -> list[dict[str, Any]]:
    """The rows asked for; without a dimension always one, even of nothing."""
    rows = [row for row in found if question.key is None or row["of"] == question.key]
    return rows or ([] if question.dimension else [{"of": None}])


def aggregates(measure: Measure) -> Iterator[tuple[str, Aggregate]]:
    """What is computed of a measure, under names that no column has."""
    yield f"n_{measure.name}", Count("lead_id", filter=measure.has_it)
    yield f"percentiles_{measure.name}", Percentiles(measure.microseconds, filter=measure.has_it)
    yield f"negative_{measure.name}", Count("lead_id", filter=measure.has_it & Q(LessThan(measure.microseconds, 0)))


def velocity(row: dict[str, Any], name: str) -> Velocity:
    days = [at / MICROSECONDS_A_DAY for at in row.get(f"percentiles_{name}") or ()] or [None] * 3
    return Velocity(row["of"], name, row.get(f"n_{name}", 0), row.get(f"negative_{name}", 0), *days)


@dataclass(frozen=True)
class Lasted:
    """The episodes that one measure is made of."""

    question: Question
    measure: str

    def query(self) -> str:
        return self.question.query(measure=self.measure)

    def facts(self, *, at: datetime) -> QuerySet[LeadFact]:
        return with_way(episodes(self.question).filter(MEASURES[self.measure].has_it), at=at)


def read_lasted(parameters: Mapping[str, str], *, today: date) -> Lasted:
    """The measure and the question that a drill-down address names. Raises BadQuestion."""
    question = read(parameters, today=today)
    return Lasted(question.at_key(question.key), choice(parameters, "measure", tuple(MEASURES)))


def tell(question: Question, at: datetime) -> Told:
    return Told(rows(question), notes(question))


def rows(question: Question) -> list[Row]:
    found = velocities(question)
    names = labels(question.dimension, {row.key for row in found})
    return [
        {
            "key": MISSING if row.key == "" else row.key,
            "label": names[row.key],
            "measure": row.measure,
            "title": MEASURES[row.measure].title,
            "n": row.n,
            "negative": row.negative,
            "median_days": row.median_days,
            "p75_days": row.p75_days,
            "p90_days": row.p90_days,
        }
        for row in found
    ]


def notes(question: Question) -> list[str]:
    """What the figures leave out, and what in them is dated backwards."""
    running = episodes(question).exclude(open_clock="").count()
    left_out = [f"{running} still run; visits and clocks that have not ended are not included."] if running else []
    negative: Counter[str] = Counter()
    for row in velocities(question, ("captured_to_won", "opportunity_to_close")):
        negative[MEASURES[row.measure].title] += row.negative
    backwards = [f"{title}: {n} dated backwards, included as negative times." for title, n in negative.items() if n]
    return left_out + backwards


VELOCITY = Report(
    name="velocity",
    title="Velocity",
    how=(
        "Medians and percentiles are exact (interpolated between neighbours) and made of finished stays only. By "
        "cohort: leads that began in these days; by period: those that were won, lost or left the path in them. Time "
        "for sales' verdict is neither side's: it is “waiting”. Marketing, waiting and sales add up to the total."
    ),
    columns=(
        Column("key", "Key", "text"),
        Column("label", "Name", "text"),
        Column("measure", "Measure", "text", "; ".join(f"{m.title}: {m.how}" for m in MEASURES.values())),
        Column("title", "Shown as", "text"),
        Column("n", "Episodes", "count", "How many the percentiles are made of."),
        Column("negative", "Dated backwards", "count", "Of these, how many end before they begin."),
        Column("median_days", "Median", "days"),
        Column("p75_days", "P75", "days"),
        Column("p90_days", "P90", "days"),
    ),
    tell=tell,
    dimensions=DIMENSIONS,
    bases=BASES,
    units=UNITS,
    identity=("key", "measure"),
)
