"""The page *forecast*: will we make the quarter?"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from math import erf, sqrt

from crm.words import about_money, number, percent
from funnel.deals.accuracy import Accuracy
from funnel.deals.chosen import Chosen
from funnel.deals.forecasting import Forecast
from funnel.pages.charts import MONEY, RATIO, Chart, Mark, Series
from funnel.pages.face import Face
from funnel.pages.figures import Figure
from funnel.reports.answer import Answer
from funnel.reports.forecast import TITLES, Page
from funnel.reports.question import Question

# In the order in which a quarter is made.
BARS = ("closed", "commit", "most_likely", "best_case", "pipeline")
LIKELY_MADE, LIKELY_MISSED = 0.75, 0.25


def face(answer: Answer, before: Answer | None) -> Face:
    shown: Page = answer.told.page
    more = {
        "figures": list(figures(answer.question, shown)),
        "slipped": shown.slipped,
        "quarter": shown.quarter,
        "currency": shown.currency,
        "connected": shown.connected,
    }
    if not shown.rolled["likely"].deals and not shown.rolled["omitted"].deals:
        missing = f"No opportunity is expected to close in {shown.quarter.label}, and none was won in it."
        return Face(missing=missing, rows=(), charts=charts(answer.question, shown), more=more)
    return Face(sentence(shown), charts(answer.question, shown), more=more)


def sentence(shown: Page) -> str:
    """ "Q4 is close: commit is €410k of €600k; likely €430k–560k; 22 working days left."."""
    quota, currency = shown.outlook.quota, shown.currency
    commit, (low, high) = shown.rolled["commit_forecast"], shown.rolled["likely"].bounds
    asked = f" of {about_money(quota, currency)}" if quota else ""
    likely = spread(low, high, currency)
    left = "the quarter is over" if is_over(shown) else f"{number(shown.working_days)} working days left"
    said = f"Commit is {about_money(commit.value, currency)}{asked}; {likely}; {left}."
    return f"{verdict(shown)}{said[0].lower() if verdict(shown) else said[0]}{said[1:]}"


def spread(low: float, high: float, currency: str) -> str:
    first, last = about_money(low, currency), about_money(high, currency)
    return f"likely {first}" if first == last else f"likely {first} to {last}"


def verdict(shown: Page) -> str:
    """In front of the figures, whether the quarter will be made; "" without a quota."""
    name, quota = shown.quarter.label, shown.outlook.quota
    if not quota:
        return ""
    if shown.outlook.booked >= quota:
        return f"{name} is made: "
    if is_over(shown):
        return f"{name} was missed: "
    chance = chance_of(float(quota), shown.rolled["likely"])
    if chance >= LIKELY_MADE:
        return f"{name} will probably be made: "
    return f"{name} will probably be missed: " if chance <= LIKELY_MISSED else f"{name} is open: "


def chance_of(quota: float, likely: Forecast) -> float:
    """That at least ``quota`` comes in, as the normal curve has it."""
    spread = sqrt(likely.variance)
    if not spread:
        return float(likely.weighted >= quota)
    return (1 - erf((quota - likely.weighted) / (spread * sqrt(2)))) / 2


def is_over(shown: Page) -> bool:
    return shown.on >= shown.quarter.last_day


def figures(question: Question, shown: Page) -> Iterator[Figure]:
    currency, outlook, rolled = shown.currency, shown.outlook, shown.rolled
    whole = of_quarter(question, shown)
    yield Figure(
        "Booked",
        about_money(outlook.booked, currency),
        "no quota is set" if outlook.quota is None else f"of {about_money(outlook.quota, currency)}",
        Chosen(whole, on=then_of(shown), forecast="closed").address if rolled["closed"].deals else "",
    )
    yield Figure(
        "Commit forecast",
        about_money(rolled["commit_forecast"].value, currency),
        of_quota(rolled["commit_forecast"], shown),
        Chosen(whole, on=then_of(shown), forecast="commit_forecast").address,
    )
    low, high = rolled["likely"].bounds
    yield Figure(
        "Likely",
        about_money(rolled["likely"].weighted, currency),
        f"{about_money(low, currency)} to {about_money(high, currency)}",
        Chosen(whole, on=then_of(shown), forecast="likely").address,
    )
    if outlook.quota and not is_over(shown):
        yield Figure(
            "Chance to make it", percent(chance_of(float(outlook.quota), rolled["likely"])), "if nothing new comes in"
        )
    yield Figure(
        "Slipped",
        "–" if shown.slipped.rate is None else percent(shown.slipped.rate),
        f"{number(shown.slipped.pushed)} of {number(shown.slipped.forecast)} were moved out",
        shown.slipped.href if shown.slipped.pushed else "",
    )


def of_quota(said: Forecast, shown: Page) -> str:
    quota = shown.outlook.quota
    return f"{percent(said.value / quota)} of the quota" if quota else "closed and commit"


def of_quarter(question: Question, shown: Page) -> Question:
    asked = replace(question, dimension="", key=None, filters=tuple(question.held.items()), options=())
    return replace(asked, start=shown.quarter.start, end=shown.quarter.end)


def then_of(shown: Page) -> date | None:
    return shown.on if shown.past else None


def charts(question: Question, shown: Page) -> list[Chart]:
    drawn = [by_category(question, shown)]
    if len(shown.track) > 1:
        drawn.insert(0, over_time(shown))
    if shown.accuracy:
        drawn.append(how_right(shown.accuracy, shown))
    return drawn


def over_time(shown: Page) -> Chart:
    """What was booked, committed and likely on each day of the quarter that was kept."""
    days, quota = shown.track, shown.outlook.quota
    lines = [
        Series(
            "Likely",
            [one.likely for one in days],
            "var(--t-brand)",
            [one.low for one in days],
            [one.high for one in days],
        ),
        Series("Commit", [one.commit for one in days], "var(--stage-opportunity)"),
        Series("Booked", [one.booked for one in days], "var(--stage-customer)"),
    ]
    if quota:
        lines.append(Series("Quota", [float(quota)] * len(days), "var(--t-ink-2)", dashed=True))
    first, last = days[0], days[-1]
    started, ended = about_money(first.likely, shown.currency), about_money(last.likely, shown.currency)
    return Chart(
        id="track",
        title=f"How the forecast of {shown.quarter.label} moved",
        says=f"What is likely went from {started} on {first.day:%-d %b} to {ended} on {last.day:%-d %b}.",
        categories=[f"{one.day:%-d %b}" for one in days],
        series=lines,
        kind="line",
        unit=MONEY,
        currency=shown.currency,
        note="as it stood each night",
        days=[one.day for one in days],
        wide=True,
    )


def by_category(question: Question, shown: Page) -> Chart:
    whole = of_quarter(question, shown)
    said = [shown.rolled[name] for name in BARS]
    hrefs = [Chosen(whole, on=then_of(shown), forecast=name).address for name in BARS]
    return Chart(
        id="categories",
        title="By category",
        says=f"Value and likely value of {shown.quarter.label} by forecast category.",
        categories=[TITLES[name] for name in BARS],
        series=(
            Series(
                "Value",
                [float(one.value) for one in said],
                "color-mix(in oklab, var(--stage-opportunity) 30%, transparent)",
                hrefs=hrefs,
            ),
            Series("Likely", [one.weighted for one in said], "var(--stage-opportunity)", hrefs=hrefs),
        ),
        unit=MONEY,
        currency=shown.currency,
        horizontal=True,
        wide=not shown.accuracy,
    )


def how_right(accuracy: list[Accuracy], shown: Page) -> Chart:
    weeks = [str(one.week) for one in accuracy]
    now = str(shown.week)
    return Chart(
        id="accuracy",
        title="How right earlier forecasts were",
        says="Share by which forecasts met what was won, by the week of the quarter they were made in.",
        categories=weeks,
        series=(
            Series("Likely", [one.accuracy for one in accuracy], "var(--t-brand)"),
            Series("Commit", [one.commit_accuracy for one in accuracy], "var(--stage-opportunity)"),
        ),
        kind="line",
        unit=RATIO,
        axis="Week of the quarter",
        marks=[Mark(now, "now")] if now in weeks and not is_over(shown) else (),
        note=f"{number(max(one.quarters for one in accuracy))} quarters",
    )
