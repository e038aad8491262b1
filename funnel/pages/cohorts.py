"""The page of the cohorts: curves of what is won by age, and below them every cohort at every age."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from crm.words import interval, number, percent
from funnel.models import FigureSettings
from funnel.pages.charts import RATIO, Chart, Series
from funnel.pages.face import Face
from funnel.reports.answer import Answer
from funnel.reports.cohorts import AGES, in_time
from funnel.reports.question import MISSING
from funnel.statistics.survival import ENOUGH_AT_RISK, OPEN
from funnel.times.cohorts import Cohort, Point, latest_pair, same_age

# More curves than these cannot be told apart; of a dimension more lines than these are for the CSV.
MOST_CURVES, MOST_LINES = 6, 24
# So many steps a curve has at most.
MOST_STEPS = 120
SHADES = 5
PEOPLE = ("owner",)


class Shade(NamedTuple):
    """A cell: its share in words, how dark it is (0: nothing to tell), and all of it in words."""

    text: str
    shade: int
    words: str


@dataclass(frozen=True)
class Line:
    """A cohort in the table below."""

    label: str
    href: str
    size: int
    cells: list[Shade]
    running: float
    in_the_end: str


def face(answer: Answer, before: Answer | None) -> Face:
    found: Sequence[Cohort] = answer.told.page
    names = {row["cohort"]: (row["label"], row["leads_url"]) for row in answer.rows}
    largest = max((one.size for one in found), default=0)
    if largest < ENOUGH_AT_RISK:
        return Face(missing=f"{number(largest)} of {ENOUGH_AT_RISK} leads in a cohort.", rows=[])
    shown = found[-MOST_LINES:] if in_time(answer.question) else found[:MOST_LINES]
    ages = [age for age in AGES if age and age <= max(one.told_until for one in shown)]
    return Face(
        sentence=sentence(answer, shown, names),
        charts=list(charts(answer, shown, names)),
        rows=[],
        more={"ages": ages, "lines": list(lines(shown, ages, names)), "left_out": len(found) - len(shown)},
    )


Names = Mapping[str, tuple[str, str]]


def name_of(one: Cohort, names: Names) -> str:
    return names[cohort_key(one)][0]


def cohort_key(one: Cohort) -> str:
    """As the rows have it."""
    return MISSING if one.key == "" else one.key or "all"


# The sentence: like with like


def sentence(answer: Answer, shown: Sequence[Cohort], names: Names) -> str:
    """ "At 90 days, leads of Q3 2026 have won 9 % (likely 6–13 %), those of Q2 2026 had 12 %."."""
    age, comparable = compared(answer, shown)
    if not age:
        one = max(shown, key=lambda cohort: cohort.told_until)
        return f"At {days(one.told_until)}, {won_words(one.at(one.told_until))} of the leads {of(one, names)}are won."
    if in_time(answer.question):
        earlier, latest = comparable
        return (
            f"At {days(age)}, leads of {name_of(latest, names)} have won {won_words(latest.at(age))}, those of "
            f"{name_of(earlier, names)} had {percent(earlier.at(age).won)}."
        )
    return between_keys(answer, comparable, names, age)


def compared(answer: Answer, shown: Sequence[Cohort]) -> tuple[int, list[Cohort]]:
    """What the sentence compares, and at which age."""
    return (latest_pair if in_time(answer.question) else same_age)(shown, AGES[1:])


def between_keys(answer: Answer, comparable: Sequence[Cohort], names: Names, age: int) -> str:
    """The most and the least, where the difference is no chance; people are put in no order unless one wants that."""
    ordered = sorted(comparable, key=lambda one: one.at(age).won or 0)
    least, most = ordered[0], ordered[-1]
    if answer.question.dimension in PEOPLE and not FigureSettings.get().ranks_people:
        return f"At {days(age)}, {number(len(comparable))} can be compared; nobody is put in an order."
    low, high = most.at(age).low, least.at(age).high
    if low is None or high is None or low <= high:
        return f"At {days(age)}, the {number(len(comparable))} that can be compared differ no more than by chance."
    return (
        f"At {days(age)}, leads of {name_of(most, names)} have won {won_words(most.at(age))}, those of "
        f"{name_of(least, names)} {won_words(least.at(age))}."
    )


def of(one: Cohort, names: Names) -> str:
    return f"of {name_of(one, names)} " if one.key is not None else ""


def won_words(point: Point) -> str:
    likely = interval(point.low, point.high)
    return f"{percent(point.won)} ({likely})" if likely else percent(point.won)


def days(age: int) -> str:
    return "1 day" if age == 1 else f"{number(age)} days"


# Curves


def charts(answer: Answer, shown: Sequence[Cohort], names: Names) -> Iterator[Chart]:
    told = [one for one in shown if one.told_until > 0]
    curves = told[-MOST_CURVES:] if in_time(answer.question) else told[:MOST_CURVES]
    if not curves:
        return
    banded = compared(answer, shown)[1][-2:] if len(curves) > 2 else curves
    last = max(one.told_until for one in curves)
    ages = range(0, last + 1, max(1, -(-last // MOST_STEPS)))
    yield Chart(
        id="won-by-age",
        title="Won by age",
        says=f"The share of each cohort won by each age, up to {days(last)}; a curve ends where too few are left.",
        categories=[str(age) for age in ages],
        series=[curve(one, ages, names, with_band=one in banded) for one in curves],
        kind="step",
        unit=RATIO,
        axis="Age in days",
        note=f"ends where fewer than {ENOUGH_AT_RISK} are left",
        wide=True,
    )


def curve(one: Cohort, ages: Sequence[int], names: Names, *, with_band: bool) -> Series:
    points = [one.at(age) for age in ages]
    banded = points if with_band else []
    return Series(
        name_of(one, names),
        [point.won for point in points],
        low=[point.low for point in banded],
        high=[point.high for point in banded],
    )


# The table


def lines(shown: Sequence[Cohort], ages: Sequence[int], names: Names) -> Iterator[Line]:
    most = max((one.at(age).won or 0 for one in shown for age in ages), default=0)
    for one in shown:
        label, href = names[cohort_key(one)]
        yield Line(
            label=label,
            href=href,
            size=one.size,
            cells=[shade(label, age, one.at(age), most) for age in ages],
            running=one.number(OPEN) / one.size,
            in_the_end=in_the_end(one),
        )


def shade(label: str, age: int, point: Point, most: float) -> Shade:
    if point.won is None:
        return Shade("", 0, f"{label} at {days(age)}: {number(point.at_risk)} left, too few to tell")
    words = f"{label} at {days(age)}: won {won_words(point)}, {number(point.at_risk)} at risk"
    return Shade(percent(point.won), max(1, round(SHADES * point.won / most)) if most else 1, words)


def in_the_end(one: Cohort) -> str:
    """The plateau in words, or what it takes to tell it."""
    end = one.in_the_end
    if end:
        return f"{percent(end.share)} ({interval(end.low, end.high)})"
    return one.missing or "not settled yet"
