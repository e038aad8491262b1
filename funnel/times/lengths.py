"""How long parts of an episode took: stays in a stage, time on each side's clock, and ways from one point to another.

A stay or a clock that still runs is censored at its present length: percentiles come from the Kaplan–Meier curve of
all, as completed ones alone would be too short (METRICS V1). Ways are told of completed ones only, exactly.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import log
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    Aggregate,
    BigIntegerField,
    BooleanField,
    Case,
    Count,
    ExpressionWrapper,
    F,
    FloatField,
    Func,
    IntegerField,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)  # fmt: skip
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import LessThan

from crm.fetching import fetch_rows, reading_cursor, statement_of
from funnel.facts.binary import read_numbers
from funnel.facts.sql import microseconds, visits
from funnel.grouping import room_to_group
from funnel.models import LeadFact
from funnel.reports.counts import fact_key
from funnel.reports.question import Question
from funnel.selection import facts_of, in_cohort, within
from funnel.statistics.sketch import EXACT_UP_TO, GAMMA, Sketch
from funnel.statistics.survival import Curve, kaplan_meier
from leads.lifecycle import CLOCK_OF, OPEN, Clock, Stage

MICROSECONDS_A_DAY = 86_400_000_000
SHARES = (0.5, 0.75, 0.9)
# Of more episodes than these each stay is told by a bucket of a sketch (V3) instead of its exact length.
MOST_EXACT = 20_000
# So many measures are read in one pass: of a million episodes some 100 MB.
READ_TOGETHER = 5
# The length of what an episode does not have.
NONE = -(2**63)


@dataclass(frozen=True)
class Measure:
    """A part of an episode: which episodes have it, and how long it took, in microseconds.

    ``runs``: those in which it is not over; ``microseconds`` are then those of what is over. None: a way from one point
    to another, which only completed ones have.
    """

    name: str
    title: str
    how: str
    microseconds: Combinable
    has_it: Q
    runs: Q | None = None


@dataclass(frozen=True)
class Length:
    """One measure over the episodes of one key: how many, of these still running, and dated backwards.

    Percentiles in days, None where the curve does not get there; ``median_low`` and ``median_high`` bound the median.
    ``total_us``: all of them together, as far as they have come.
    """

    key: str | None
    measure: str
    n: int = 0
    running: int = 0
    negative: int = 0
    median_days: float | None = None
    p75_days: float | None = None
    p90_days: float | None = None
    median_low: float | None = None
    median_high: float | None = None
    total_us: int = 0
    curve: Curve | None = field(default=None, compare=False, repr=False)


class Percentiles(Aggregate):
    """Median, 75th and 90th percentile, interpolated (METRICS V2)."""

    function = "percentile_cont"
    template = f"%(function)s(ARRAY{list(SHARES)}) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = ArrayField(FloatField())


def between(start: Combinable, end: Combinable) -> Func:
    """From start to end in microseconds."""
    template = "(extract(epoch FROM %(expressions)s) * 1000000)::bigint"
    return Func(end, start, template=template, arg_joiner=" - ", output_field=BigIntegerField())


def in_stage(stage: Stage) -> Measure:
    runs = Q(stage=stage) & ~Q(open_clock="")
    been = Q(**{f"{stage}_us__isnull": False})
    how = "Time in the stage over all visits of the episode, of one that still runs up to now."
    return Measure(stage.value, str(stage.label), how, Coalesce(f"{stage}_us", 0), been | runs, runs)


def on_clock(clock: Clock) -> Measure:
    runs = Q(open_clock=clock)
    been = runs
    for stage in OPEN:
        if CLOCK_OF[stage] == clock:
            been |= Q(**{f"{stage}_us__isnull": False})
    how = "Time on this side’s clock, of one that still runs up to now."
    return Measure(clock.value, str(clock.label), how, F(f"{clock}_us"), been, runs)


STAGES_IN_ORDER = (
    Stage.INQUIRY, Stage.NURTURE, Stage.MQL, Stage.OFFERED, Stage.ACCEPTED, Stage.QUALIFIED, Stage.OPPORTUNITY,
)  # fmt: skip
CLOCKS = (Clock.MARKETING, Clock.WAITING, Clock.SALES)
TOTAL, TO_WON, TO_CLOSE = "total", "captured_to_won", "opportunity_to_close"
MEASURES = {
    measure.name: measure
    for measure in (
        *map(in_stage, STAGES_IN_ORDER),
        *map(on_clock, CLOCKS),
        Measure(
            TOTAL,
            "Total",
            "Marketing, waiting and sales together; of an episode that still runs up to now.",
            F("marketing_us") + F("waiting_us") + F("sales_us"),
            Q(),
            ~Q(open_clock=""),
        ),
        Measure(
            TO_WON,
            "Captured to won",
            "From the beginning of the episode (capture, the first time round) to its first won deal; won ones only.",
            between(F("began_at"), F("customer_at")),
            Q(customer_at__isnull=False),
        ),
        Measure(
            TO_CLOSE,
            "Opportunity to close",
            "From becoming an opportunity to won or lost; closed ones only.",
            between(F("opportunity_at"), Coalesce("customer_at", "lost_at")),
            Q(opportunity_at__isnull=False) & (Q(customer_at__isnull=False) | Q(lost_at__isnull=False)),
        ),
    )
}


def episodes(question: Question) -> QuerySet[LeadFact]:
    """By cohort: begun in these days. By period: won, lost, or otherwise off the path in these days."""
    by_day = within(question, "outcome_on") if question.basis == "period" else in_cohort(question)
    return facts_of(question).filter(by_day)


def keyed(question: Question) -> QuerySet[Any, Any]:
    """The same by their key ``of``."""
    found: QuerySet[Any, Any] = episodes(question).annotate(of=fact_key(question, "began_on"))
    return (found if question.key is None else found.filter(of=question.key)).values("of").order_by("of")


def velocities(
    question: Question, measures: Iterable[str] = tuple(MEASURES), *, at: datetime, latest: bool = False
) -> list[Length]:
    """Each measure by key: keys in their own order, measures as given; without a dimension always one key.

    ``latest``: of each stage only the latest visit of an episode, instead of all its visits together.
    """
    names, found = list(measures), keyed(question)
    of_visits = set(STAGES_IN_ORDER).intersection(names) if latest else set()
    with room_to_group():
        sizes = dict(found.values_list("of").annotate(Count("lead_id")))
        many = sum(sizes.values())
        told: dict[str | None, dict[str, Length]] = defaultdict(dict)
        for length in lengths([name for name in names if name not in of_visits], found, many, at=at):
            told[length.key][length.measure] = length
        for length in latest_visits(question, exact=many <= MOST_EXACT, at=at) if of_visits else ():
            told[length.key][length.measure] = length
    keys = sizes if question.dimension else [None]
    return [told[key].get(name, Length(key, name)) for key in keys for name in names]


def lengths(names: Sequence[str], found: QuerySet[Any, Any], many: int, *, at: datetime) -> Iterator[Length]:
    """Stays by their curves; ways exactly, of too many to sort by a sketch."""
    exact_ways = [] if many > EXACT_UP_TO else [name for name in names if MEASURES[name].runs is None]
    for name in exact_ways:
        yield from ways(MEASURES[name], found)
    exact, others = many <= MOST_EXACT, [MEASURES[name] for name in names if name not in exact_ways]
    for (key, name), rows in grouped(others, found, exact=exact, at=at).items() if others else ():
        yield sketched_way(key, name, rows) if MEASURES[name].runs is None else stay(key, name, rows, exact=exact)


def grouped(
    measures: Sequence[Measure], found: QuerySet[Any, Any], *, exact: bool, at: datetime
) -> dict[tuple[str | None, str], list["Grouped"]]:
    """The lengths of these measures by key and measure, those of one length (or bucket) counted together.

    Read as plain numbers, some measures at a time, and counted in memory: PostgreSQL would take several times as long.
    """
    code = Coalesce(Func(F("of"), Value(0), function="hashtextextended"), Value(0), output_field=BigIntegerField())
    coded = found.annotate(code=code)
    keys = dict(coded.values_list("code", "of").order_by().distinct())
    by_key: dict[tuple[str | None, str], list[Grouped]] = defaultdict(list)
    for first in range(0, len(measures), READ_TOGETHER):
        some = measures[first : first + READ_TOGETHER]
        numbers = read_lengths(coded, some, at=at)
        for measure in some:
            us, runs = numbers[f"us_of_{measure.name}"], numbers[f"runs_{measure.name}"]
            there = us != NONE
            for number, row in counted(numbers["code"][there], runs[there], us[there], exact=exact):
                by_key[keys[number], measure.name].append(row)
    return by_key


def read_lengths(
    coded: QuerySet[Any, Any], measures: Sequence[Measure], *, at: datetime
) -> dict[str, npt.NDArray[np.int64]]:
    """By episode the code of its key, and of each measure how long it took (or NONE) and whether it runs."""
    kinds = {"code": "i8"}
    columns: dict[str, Any] = {}
    for measure in measures:
        us, runs = f"us_of_{measure.name}", f"runs_{measure.name}"
        columns |= {us: so_far(measure, at=at), runs: Cast(is_running(measure), IntegerField())}
        kinds |= {us: "i8", runs: "i4"}
    query, values = statement_of(coded.annotate(**columns).values(*kinds).order_by())
    with reading_cursor() as cursor:
        return read_numbers(cursor, cursor.mogrify(query, values).decode(), kinds)


def counted(code: Any, runs: Any, us: Any, *, exact: bool) -> Iterator[tuple[int, "Grouped"]]:
    """Each group with the code of its key; the totals are exact beyond what 64 bits hold."""
    codes, key = np.unique(code, return_inverse=True)
    sizes, size = np.unique(us if exact else buckets(us), return_inverse=True)
    groups, group, n = np.unique((key * 2 + runs) * len(sizes) + size, return_inverse=True, return_counts=True)
    high, low = (np.bincount(group, weights=half).tolist() for half in (us >> 32, us & 0xFFFFFFFF))
    for place, number in enumerate(groups.tolist()):
        of, which = divmod(number, len(sizes))
        total = (int(high[place]) << 32) + int(low[place])
        yield int(codes[of // 2]), Grouped(bool(of % 2), int(sizes[which]), int(n[place]), total)


def so_far(measure: Measure, *, at: datetime) -> Combinable:
    """How long it has taken by ``at``; NONE where an episode does not have it."""
    us = measure.microseconds
    if measure.runs is not None:
        since = Func(between(F("open_since"), Value(at)), Value(0), function="greatest")
        us = us + Case(When(measure.runs, then=since), default=Value(0), output_field=BigIntegerField())
    us = ExpressionWrapper(us, output_field=BigIntegerField())
    return Case(When(measure.has_it, then=us), default=Value(NONE)) if measure.has_it else us


def is_running(measure: Measure) -> Combinable:
    runs = Value(False) if measure.runs is None else measure.runs
    return ExpressionWrapper(runs, output_field=BooleanField())


OF_FACTS = "{lead} IN (SELECT lead_id FROM f)"
# The latest visit of each episode to each stage, as its own log tells it.
LATEST_VISITS = f"""
    WITH f AS ({{facts}}),
    {visits("own", OF_FACTS)},
    latest AS (
        SELECT DISTINCT ON (lead_id, episode, stage) lead_id, episode, stage, at, until
        FROM own ORDER BY lead_id, episode, stage, at DESC
    )
    SELECT of, stage, until IS NULL, {{size}}, count(*), sum(us)
    FROM f JOIN latest USING (lead_id, episode)
    CROSS JOIN LATERAL (SELECT {microseconds("at", "coalesce(until, greatest(%s, at))")}::bigint) length (us)
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2
"""


def latest_visits(question: Question, *, exact: bool, at: datetime) -> Iterator[Length]:
    sql, values = statement_of(keyed(question).values("lead_id", "episode", "of").order_by())
    statement = LATEST_VISITS.format(facts=sql, size="us" if exact else BUCKET)
    by_key: dict[tuple[str | None, str], list[Grouped]] = defaultdict(list)
    for key, stage, *row in fetch_rows(statement, [*values, at]):
        by_key[key, stage].append(Grouped(*row))
    for (key, stage), rows in by_key.items():
        if stage in STAGES_IN_ORDER:
            yield stay(key, stage, rows, exact=exact)


class Grouped(NamedTuple):
    """So many stays of one length (or bucket), all running or all over; ``total`` microseconds together."""

    running: bool
    size: int
    n: int
    total: int


def stay(key: str | None, measure: str, rows: Sequence[Grouped], *, exact: bool) -> Length:
    running, sizes, n = (np.array([row[place] for row in rows]) for place in range(3))
    us, total = sizes if exact else bucket_values(sizes), sum(int(row.total) for row in rows)
    curve = kaplan_meier(us / MICROSECONDS_A_DAY, ~running, counts=n)
    quantiles = [curve.quantile(share) for share in SHARES]
    median, p75, p90 = (known(one.age) for one in quantiles)
    return Length(
        key, measure, int(n.sum()), int(n[running].sum()), int(n[us < 0].sum()), median, p75, p90,
        known(quantiles[0].low), known(quantiles[0].high), total, curve,
    )  # fmt: skip


def known(days: float) -> float | None:
    return None if np.isnan(days) else float(days)


def buckets(us: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Keys of a sketch's buckets, negative for what is dated backwards; a microsecond and nothing are the same."""
    return (np.sign(us) * np.ceil(np.log(np.maximum(np.abs(us), 1)) / log(GAMMA))).astype(np.int64)


# The same in SQL, of the column `us`.
BUCKET = f"(sign(us) * ceil(ln(greatest(abs(us), 1)::float8) / {log(GAMMA)!r}))::int"


def bucket_values(keys: np.ndarray) -> np.ndarray:
    """As funnel.statistics.sketch.value_of, of many."""
    return np.sign(keys) * 2 * GAMMA ** np.abs(keys) / (GAMMA + 1)


def ways(measure: Measure, found: QuerySet[Any, Any]) -> Iterator[Length]:
    """Exact percentiles of completed ones; what is dated backwards is a negative time."""
    told = found.filter(measure.has_it).annotate(
        n=Count("lead_id"),
        negative=Count("lead_id", filter=Q(LessThan(measure.microseconds, 0))),
        percentiles=Percentiles(measure.microseconds),
        total=Sum(measure.microseconds),
    )
    for row in told.filter(n__gt=0):
        median, p75, p90 = (us / MICROSECONDS_A_DAY for us in row["percentiles"])
        n, negative, total = row["n"], row["negative"], int(row["total"])
        yield Length(row["of"], measure.name, n, 0, negative, median, p75, p90, total_us=total)


def sketched_way(key: str | None, measure: str, rows: Sequence[Grouped]) -> Length:
    """The same within one percent, where there are too many to sort."""
    sketch = Sketch({(int(np.sign(row.size)), abs(row.size)): row.n for row in rows})
    median, p75, p90 = ((sketch.quantile(share) or 0) / MICROSECONDS_A_DAY for share in SHARES)
    negative, total = sum(row.n for row in rows if row.size < 0), sum(int(row.total) for row in rows)
    return Length(key, measure, len(sketch), 0, negative, median, p75, p90, total_us=total)
