"""The report *forecast*: will we make the quarter? By category and rolled up, with how right earlier forecasts were."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from crm.fiscal import Span, week_in
from crm.models import Organisation
from crm.periods import own_day
from crm.words import number, percent
from funnel.deals.accuracy import Accuracy, Track, accuracy, is_kept, track
from funnel.deals.chances import chances
from funnel.deals.chosen import IN_FORECAST, ROLL_UPS, Behind, Chosen, count_behind, opportunities_behind
from funnel.deals.connected import Connected, connected
from funnel.deals.forecasting import Forecast, forecast, rolled_up
from funnel.deals.outlook import Outlook, outlook, quarter_of, working_days
from funnel.deals.relation import held, is_past, last_day, money_notes, source, values_of
from funnel.reports.answer import Column, Report, Row, Told
from funnel.reports.labels import labels
from funnel.reports.question import DEAL_DIMENSIONS, Question
from funnel.reports.rows import key_of_row, money
from leads.models import ForecastCategory

TITLES = {
    **{value: str(label) for value, label in ForecastCategory.choices},
    "open_pipeline": "All open",
    "best_case_forecast": "Best case forecast",
    "most_likely_forecast": "Most likely forecast",
    "commit_forecast": "Commit forecast",
    "likely": "All but omitted",
}
MOST_SLIPPED = 5


@dataclass(frozen=True)
class Slipped:
    """Of the deals that were forecast for the quarter since it began, those whose close was moved out of it (P8).

    ``first``: the most valuable of them.
    """

    forecast: int
    pushed: int
    value: Decimal
    href: str
    first: tuple[Behind, ...] = ()

    @property
    def rate(self) -> float | None:
        return self.pushed / self.forecast if self.forecast else None


@dataclass(frozen=True)
class Page:
    """What the page shows beside the rows. ``rolled``: categories and roll-ups of all keys together; ``working_days``:
    so many are left."""

    quarter: Span
    on: date
    working_days: int
    rolled: dict[str, Forecast]
    outlook: Outlook
    slipped: Slipped
    track: list[Track]
    accuracy: list[Accuracy]
    connected: Connected | None
    currency: str
    past: bool

    @property
    def week(self) -> int:
        return week_in(self.quarter, self.on)


def tell(question: Question, at: datetime) -> Told:
    quarter = quarter_of(question, own_day(at))
    on = min(last_day(question, at=at), quarter.last_day)
    learnt = chances(on, at=at)
    found = forecast(quarter, on, at=at, by=(question.dimension,), held=held(question.held), learnt=learnt)
    whole = rolled_up(together(found.values()))
    by_key: dict[str | None, dict[str, Forecast]] = {None: whole}
    if question.dimension:
        by_key = {key: rolled_up(by_category) for (key,), by_category in found.items()}
    page = Page(
        quarter=quarter,
        on=on,
        working_days=working_days(on, quarter.last_day),
        rolled=whole,
        outlook=outlook(question, quarter, on, at=at),
        slipped=slipped(question, quarter, on, at=at),
        track=track(question, quarter, on),
        accuracy=accuracy(question, at=at),
        connected=connected(question, at=at),
        currency=Organisation.get().currency,
        past=is_past(on, at=at),
    )
    said = [*untold(question, quarter, on, at=at), learnt.note, *slipped_note(page), *accuracy_note(question, page)]
    if page.past:
        said.append(f"As the opportunities stood at the end of {on:%-d %b %Y}, by their history.")
    return Told(told_rows(question, quarter, by_key, on if page.past else None), said, page)


def together(found: Iterable[Mapping[str, Forecast]]) -> dict[str, Forecast]:
    every: dict[str, Forecast] = {}
    for by_category in found:
        for category, said in by_category.items():
            every[category] = every.get(category, Forecast()) + said
    return every


def told_rows(
    question: Question, quarter: Span, by_key: Mapping[str | None, Mapping[str, Forecast]], then: date | None
) -> list[Row]:
    """For each key, the one with most to be expected first, every category and roll-up."""
    names, currency = labels(question.dimension, by_key), Organisation.get().currency
    of_quarter = replace(question, start=quarter.start, end=quarter.end, options=())
    return [
        {
            "key": key_of_row(key),
            "label": names[key],
            "category": category,
            "title": TITLES[category],
            "kind": "roll-up" if category in ROLL_UPS else "category",
            **figures(said, currency),
            "deals_url": Chosen(of_quarter.at_key(key), on=then, forecast=category).address,
        }
        for key, rolled in sorted(by_key.items(), key=lambda pair: (-pair[1]["likely"].weighted, str(pair[0])))
        for category, said in rolled.items()
    ]


def figures(said: Forecast, currency: str) -> Row:
    low, high = said.bounds
    return {
        "deals": said.deals,
        "value": money(said.value, currency),
        "weighted": money(said.weighted, currency),
        "low": money(low, currency),
        "high": money(high, currency),
    }


def slipped(question: Question, quarter: Span, on: date, *, at: datetime) -> Slipped:
    then = on if is_past(on, at=at) else None
    of_quarter = replace(question, dimension="", key=None, filters=tuple(question.held.items()), options=())
    of_quarter = replace(of_quarter, start=quarter.start, end=quarter.end)
    every, moved = (Chosen(of_quarter, on=then, only=only) for only in ("forecast", "pushed"))
    pushed = opportunities_behind(moved, at=at, size=MOST_SLIPPED)
    return Slipped(count_behind(every, at=at), pushed.total, pushed.value, moved.address, tuple(pushed.rows))


def untold(question: Question, quarter: Span, on: date, *, at: datetime) -> list[str]:
    """What the values leave out."""
    conditions, values = held(question.held)
    values |= {**values_of(on), "start": quarter.start, "end": quarter.end}
    return money_notes(source(on, at=at), [*conditions, IN_FORECAST], values)


def slipped_note(page: Page) -> list[str]:
    if page.slipped.rate is None:
        return []
    of = f"{number(page.slipped.pushed)} of {number(page.slipped.forecast)}"
    share = percent(page.slipped.rate)
    return [f"Slipped: {of} opportunities that were forecast for {page.quarter.label} were moved out of it ({share})."]


def accuracy_note(question: Question, page: Page) -> list[str]:
    """How right forecasts of this week of the quarter were."""
    if not is_kept(question):
        return ["Forecasts are kept by owner and team: cut by anything else, nothing is told of earlier ones."]
    week = page.week
    if not (made := [one for one in page.accuracy if one.week == week]):
        return ["No forecast of an earlier quarter was kept yet: how right they are is told from the next quarter on."]
    [one] = made
    way = "too high" if one.bias > 0 else "too low"
    said = f"Forecasts of week {week} were {percent(one.accuracy)} right on average"
    return [f"{said}, {percent(abs(one.bias))} {way} ({number(one.quarters)} quarters)."]


FORECAST = Report(
    name="forecast",
    title="Forecast",
    how=(
        "Of one fiscal quarter: that of today where the days asked for include it, else that of their last day. In it "
        "stand opportunities that are open and expected to close in it, by the category set on them, and what was won "
        "in it; lost ones stand nowhere. What is likely weighs each open amount by the chance that it is won until the "
        "quarter is over, told from how opportunities of the same stage and age ended: (F(a+Δ)−F(a))/S(a), Δ the days "
        "left. Low and high hold 95 of 100 outcomes if opportunities are decided independently of each other. Each "
        "night the forecasts of this quarter and the next are kept, by owner and team, never rewritten; accuracy is "
        "1−|F−A|/A of the likely forecast against what was won, bias (F−A)/A, by week of the quarter, over the last "
        "eight quarters. Slipped: of those forecast for the quarter since it began, the ones whose expected close was "
        "moved out of it and that were not closed in it."
    ),
    columns=(
        Column("key", "Key", "text", shown=False),
        Column("label", "Name", "text"),
        Column("category", "Category", "text", ", ".join(TITLES), shown=False),
        Column("title", "Category", "text"),
        Column("kind", "Kind", "text", "category, or roll-up: a sum of categories", shown=False),
        Column("deals", "Opportunities", "count", link="deals_url"),
        Column(
            "value",
            "Value",
            "money",
            "What they are worth together. All open: Pipeline + Best case + Most likely + Commit. Best case forecast: "
            "Best case + Most likely + Commit + Closed. Most likely forecast: Most likely + Commit + Closed. Commit "
            "forecast: Commit + Closed.",
        ),
        Column("weighted", "Likely", "money", "Sum of amount x chance of being won in the quarter; closed in full."),
        Column("low", "Low", "money", "Likely − 1.96 standard deviations, √Σa²p(1−p); never below what is won."),
        Column("high", "High", "money", "Likely + 1.96 standard deviations; never above the value."),
        Column("deals_url", "Opportunities", "text", "The opportunities behind the row.", shown=False),
    ),
    tell=tell,
    dimensions=DEAL_DIMENSIONS,
    by_month=False,
    identity=("key", "category"),
    span="quarter",
)
