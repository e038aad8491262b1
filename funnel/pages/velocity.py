"""The page of velocity: whose time it was, how long leads stay in each stage, and where they stand still."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import NamedTuple

from crm.intervals import ENOUGH
from crm.words import measured, number, percent
from funnel.models import FigureSettings
from funnel.pages.charts import DAYS, Chart, Series
from funnel.pages.face import Face
from funnel.reports.answer import Answer, Row
from funnel.times.first_touches import TITLES
from funnel.times.lengths import CLOCKS, STAGES_IN_ORDER, TO_CLOSE, TO_WON, TOTAL, Length
from leads.lifecycle import Clock, Stage

MOST_KEYS = 14
MOST_STEPS = 90
ON_THE_PATH = [stage for stage in STAGES_IN_ORDER if stage != Stage.NURTURE]


class Stay(NamedTuple):
    """A stage's line: places on a scale from 0 to 100, None where the curve does not get there."""

    row: Row
    is_thin: bool
    median: float | None
    low: float | None
    high: float | None
    p75: float | None
    p90: float | None
    words: str


def face(answer: Answer, before: Answer | None) -> Face:
    if answer.question.dimension:
        return by_key(answer)
    rows = {row["measure"]: row for row in answer.rows}
    total = rows[TOTAL]
    more = {
        "sides": [spoken(rows[clock]) for clock in CLOCKS],
        "side_times": [timedelta(days=max(rows[clock]["total_days"], 0)) for clock in CLOCKS],
        "stays": list(stays([rows[stage] for stage in ON_THE_PATH])),
        "ways": [spoken(rows[name]) for name in (TOTAL, TO_WON, TO_CLOSE)],
        "touches": [spoken(rows[name]) for name in TITLES],
        "few": ENOUGH,
    }
    if total["n"] < ENOUGH:
        return Face(missing=f"{number(total['n'])} of {ENOUGH} leads began in these days.", rows=[], more=more)
    found: Sequence[Length] = answer.told.page
    return Face(sentence(rows), charts=list(charts(found)), rows=[], more=more)


# The sentence


def sentence(rows: dict[str, Row]) -> str:
    """Whose time most of it was, the stage that takes longest, and how many stand still."""
    side = max((rows[clock] for clock in CLOCKS), key=lambda row: row["share"] or 0)
    said = f"{percent(side['share'])} of the time is {whose(side['measure'])}"
    of_stages = [rows[stage] for stage in ON_THE_PATH]
    known = [row for row in of_stages if row["median_days"] is not None and row["n"] >= ENOUGH]
    if known:
        slowest = max(known, key=lambda row: row["median_days"])
        said += f"; half of the leads spend {days(slowest['median_days'])} or more in {slowest['title']}"
    return f"{said}.{standing_still(rows)}"


def whose(clock: str) -> str:
    return {"marketing": "marketing’s", "waiting": "waiting for sales", "sales": "sales’"}[clock]


def standing_still(rows: dict[str, Row]) -> str:
    stalled = {stage: rows[stage]["stalled"] for stage in ON_THE_PATH if rows[stage]["stalled"]}
    if not stalled:
        return ""
    worst = max(stalled, key=lambda stage: stalled[stage])
    total = sum(stalled.values())
    title = rows[worst]["title"]
    most = f", {number(stalled[worst])} of them in {title}" if len(stalled) > 1 else f" in {title}"
    leads = "1 lead stands" if total == 1 else f"{number(total)} leads stand"
    return f" {leads} still{most}: longer than nine in ten won ones did."


def days(length: float | None) -> str:
    return measured(None if length is None else timedelta(days=length))


# Stays with whiskers


def stays(rows: Sequence[Row]) -> Iterator[Stay]:
    names = ("median_days", "median_low", "median_high", "p75_days", "p90_days")
    ends = [row[name] for row in rows if row["n"] >= ENOUGH for name in (names[0], *names[3:]) if row[name]]
    scale = max(ends, default=0)

    def place(length: float | None) -> float | None:
        return None if length is None or not scale else round(min(max(length / scale, 0), 1) * 100, 1)

    for row in rows:
        thin = row["n"] < ENOUGH
        median, low, high, p75, p90 = (None if thin else place(row[name]) for name in names)
        yield Stay(spoken(row), thin, median, low, high, p75, p90, words(row))


def spoken(row: Row) -> Row:
    """The row with its lengths in words."""
    return {
        **row,
        "median": days(row["median_days"]),
        "p90": days(row["p90_days"]),
        "stalled_after": days(row["stalled_after_days"]),
    }


def words(row: Row) -> str:
    return (
        f"{row['title']}: median {days(row['median_days'])}, three in four within {days(row['p75_days'])}, nine in ten "
        f"within {days(row['p90_days'])}"
    )


# Charts


def charts(found: Sequence[Length]) -> Iterator[Chart]:
    """What share has left each stage by each age, where enough have been there."""
    shown = [one for one in found if one.measure in ON_THE_PATH and one.curve is not None and one.n >= ENOUGH]
    if not shown:
        return
    last = max(1, round(max(min(one.curve.trusted_until, 4 * (one.p75_days or 90)) for one in shown if one.curve)))
    ages = range(0, last + 1, max(1, -(-last // MOST_STEPS)))
    yield Chart(
        id="through-by-age",
        title="Through the stage by age",
        says="The share of leads that have left each stage after so many days in it; those still there are counted.",
        categories=[str(age) for age in ages],
        series=[through(one, ages) for one in shown],
        kind="step",
        unit="ratio",
        axis="Days in the stage",
        wide=True,
    )


def through(one: Length, ages: Sequence[float]) -> Series:
    curve = one.curve
    assert curve is not None
    told = [None if age > curve.trusted_until else float(1 - curve.at(age)) for age in ages]
    return Series(str(Stage(one.measure).label), told, colour=f"var(--stage-{one.measure})")


# Cut by a dimension the table has these of each key; all are in the file.
OF_A_KEY = (*CLOCKS, TOTAL, TO_WON, TO_CLOSE)


def by_key(answer: Answer) -> Face:
    """Cut by a dimension: whose time it was of each key, and who waits longest for sales."""
    totals = [row for row in answer.rows if row["measure"] == TOTAL and row["n"] >= ENOUGH]
    shown = sorted(totals, key=lambda row: -row["n"])[:MOST_KEYS]
    if not shown:
        most = max((row["n"] for row in answer.rows), default=0)
        return Face(missing=f"{number(most)} of {ENOUGH} leads began under one key.")
    series = [
        Series(title, [value_of(answer, row["key"], clock) for row in shown], colour=f"var(--side-{clock})")
        for clock, title in zip(CLOCKS, ("Marketing", "Waiting", "Sales"), strict=True)
    ]
    chart = Chart(
        id="by-key",
        title="Days a lead, by whose time it was",
        says="Days a lead on average on each side’s clock.",
        categories=[row["label"] for row in shown],
        series=series,
        unit=DAYS,
        stacked=True,
        horizontal=True,
        wide=True,
    )
    table = [row for row in answer.rows if row["measure"] in OF_A_KEY and row["n"]]
    return Face(sentence_by_key(answer), charts=[chart], rows=table)


def sentence_by_key(answer: Answer) -> str:
    """Where leads wait longest for sales, if that is no chance; people are put in no order unless one wants that."""
    waits = [row for row in answer.rows if row["measure"] == Clock.WAITING and row["n"] >= ENOUGH and has_median(row)]
    if len(waits) < 2 or is_ranking(answer):
        return ""
    ordered = sorted(waits, key=lambda row: row["median_days"])
    shortest, longest = ordered[0], ordered[-1]
    if longest["median_low"] <= shortest["median_high"]:
        return f"Leads of all {number(len(waits))} wait about as long for sales: differences are no more than chance."
    return (
        f"Leads of {longest['label']} wait longest for sales, at the median {days(longest['median_days'])}; those of "
        f"{shortest['label']} {days(shortest['median_days'])}."
    )


def has_median(row: Row) -> bool:
    return all(row[name] is not None for name in ("median_days", "median_low", "median_high"))


def is_ranking(answer: Answer) -> bool:
    return answer.question.dimension == "owner" and not FigureSettings.get().ranks_people


def value_of(answer: Answer, key: str | None, clock: str) -> float | None:
    """Days a lead; means, as only they add up."""
    rows = {row["measure"]: row for row in answer.rows if row["key"] == key}
    n = rows[TOTAL]["n"]
    return round(rows[clock]["total_days"] / n, 2) if n else None
