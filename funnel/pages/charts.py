"""Charts of the reports, as ECharts options, each with the table of its numbers (templates/funnel/chart.html).

Colours are names of static/css/tokens.css; static/js/chart.js resolves them in the theme of the reader, and writes
axes and tooltips in the words that come along as ``told``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any

from crm.words import duration, money, number, percent

RATIO, COUNT, DAYS, HOURS, MONEY = "ratio", "count", "days", "hours", "money"
SECONDS = {DAYS: 86_400, HOURS: 3_600}
PALE = "var(--t-line-strong)"
# Series without a colour of their own, in their order.
PALETTE = (
    "var(--t-brand)", "var(--side-marketing)", "var(--side-sales)", "var(--side-waiting)", "var(--stage-customer)",
    "var(--stage-lost)",
)  # fmt: skip
# Bars of what still runs: hatched, as in the funnel.
HATCHED = {
    "symbol": "rect",
    "dashArrayX": [1, 0],
    "dashArrayY": [2, 4],
    "rotation": -0.785,
    "color": "var(--t-surface)",
}


@dataclass(frozen=True)
class Series:
    """One line, or one set of bars: a value (None: a gap) for each category. ``low`` and ``high``: its band.

    ``dashed``: all of it is a guess or a goal. ``running_from``: from this category on it is not over yet, drawn dashed
    or hatched; ``thin_from``: from this one on too few stand behind it, drawn grey.
    """

    name: str
    values: Sequence[float | None]
    colour: str = ""
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()
    hrefs: Sequence[str] = ()
    dashed: bool = False
    running_from: int | None = None
    thin_from: int | None = None


@dataclass(frozen=True)
class Mark:
    """Something that happened at a category: a campaign that began, a definition that came into force.

    ``is_break``: what stands before and after it counts different things.
    """

    at: str
    label: str
    is_break: bool = False


@dataclass(frozen=True)
class Chart:
    """A chart with a heading, what it shows in words for who cannot see it, and the table behind it.

    ``days``: the first day of each category where they are spans of time; what happened in them is then marked by
    itself (funnel/pages/annotations.py). ``wide``: it takes a row of the page alone.
    """

    id: str
    title: str
    says: str
    categories: Sequence[str]
    series: Sequence[Series]
    kind: str = "bar"  # bar, line, or step
    unit: str = COUNT
    stacked: bool = False
    horizontal: bool = False
    axis: str = ""  # what the categories are: "Age in days"
    marks: Sequence[Mark] = field(default_factory=tuple)
    note: str = ""
    currency: str = ""
    days: Sequence[date] = ()
    wide: bool = False

    @property
    def option_id(self) -> str:
        return f"{self.id}-option"

    @property
    def option(self) -> dict[str, Any]:
        """As ECharts takes it, with ``told`` beside it: the unit of the axis, and the numbers in words."""
        categories: dict[str, Any] = {"type": "category", "data": list(self.categories)}
        if self.axis and not self.horizontal:
            categories |= {"name": self.axis, "nameLocation": "middle", "nameGap": 28}
        values: dict[str, Any] = {"type": "value"} | ({"minInterval": 1} if self.unit == COUNT else {})
        x, y = (values, categories | {"inverse": True}) if self.horizontal else (categories, values)
        return {
            "xAxis": x, "yAxis": y, "grid": {"bottom": 28 if self.axis and not self.horizontal else 8},
            "series": [one for series in self.series for one in self._drawn(series)], "told": self.told,
        }  # fmt: skip

    @property
    def told(self) -> dict[str, Any]:
        return {
            "unit": self.unit,
            "currency": self.currency,
            "names": [one.name for one in self.series],
            "texts": [[self._words(one, index) for one in self.series] for index in range(len(self.categories))],
        }

    def _drawn(self, series: Series) -> Iterator[dict[str, Any]]:
        colour = series.colour or PALETTE[self.series.index(series) % len(PALETTE)]
        yield from band(series, self.kind, colour)
        parts = [self._bars(series, colour)] if self.kind == "bar" else list(self._lines(series, colour))
        if series is self.series[0] and self.marks:
            parts[0]["markLine"] = mark_line(self.marks)
        yield from parts

    def _bars(self, series: Series, colour: str) -> dict[str, Any]:
        return {
            "name": series.name, "type": "bar", "data": bar_points(series), "itemStyle": {"color": colour},
            **({"stack": "all"} if self.stacked else {}),
        }  # fmt: skip

    def _lines(self, series: Series, colour: str) -> Iterator[dict[str, Any]]:
        """One for each stretch that is drawn alike; they meet where the one ends and the next begins."""
        points_ = points(series)
        for start, end in stretches(series):
            is_thin = series.thin_from is not None and start >= series.thin_from
            is_running = series.running_from is not None and start >= series.running_from
            first = max(start - 1, 0)
            yield {
                "name": series.name, "type": "line", "z": 3, "connectNulls": False,
                "data": [None] * first + points_[first:end] + [None] * (len(points_) - end),
                "showSymbol": end - first == 1, "step": "end" if self.kind == "step" else False,
                "lineStyle": {"width": 2, "type": "dashed" if series.dashed or is_running else "solid"},
                "itemStyle": {"color": PALE if is_thin else colour},
                **({"stack": "all", "areaStyle": {"opacity": 0.18}} if self.stacked else {}),
            }  # fmt: skip

    @property
    def legend(self) -> str:
        """What the look of a line or a bar says, where it differs."""
        is_bar = self.kind == "bar"
        running = any(one.running_from is not None for one in self.series)
        thin = any(one.thin_from is not None for one in self.series)
        said_ = [f"{'Hatched' if is_bar else 'Dashed'}: still running."] if running else []
        said_ += ["Grey: fewer than 10."] if thin else []
        said_ += ["Pale area: where it probably lies."] if not is_bar and any(one.low for one in self.series) else []
        return " ".join(said_)

    @property
    def heads(self) -> list[str]:
        """Columns of the table: a bound beside its series where there are bounds."""
        return [self.axis, *(name for one in self.series for name in ([one.name, "likely"] if one.low else [one.name]))]

    @property
    def table(self) -> list[list[str]]:
        """The numbers in words, a row a category."""
        return [
            [str(category), *(text for one in self.series for text in self._told(one, index))]
            for index, category in enumerate(self.categories)
        ]

    def _told(self, series: Series, index: int) -> list[str]:
        told = [said(series.values[index], self.unit, self.currency)]
        return [*told, self._likely(series, index)] if series.low else told

    def _likely(self, series: Series, index: int) -> str:
        low, high = series.low[index], series.high[index]
        if low is None or high is None:
            return ""
        return f"{said(low, self.unit, self.currency)} to {said(high, self.unit, self.currency)}"

    def _words(self, series: Series, index: int) -> str:
        """As a tooltip says it: "38 % (likely 29 % to 50 %)"; "" for a gap."""
        if series.values[index] is None:
            return ""
        likely = self._likely(series, index) if series.low else ""
        return f"{said(series.values[index], self.unit, self.currency)}{f' (likely {likely})' if likely else ''}"


def stretches(series: Series) -> list[tuple[int, int]]:
    """The categories, half open, that a line is drawn alike over."""
    count = len(series.values)
    cuts = {cut for cut in (series.running_from, series.thin_from) if cut is not None and 0 < cut < count}
    bounds = [0, *sorted(cuts), count]
    return list(pairwise(bounds))


def points(series: Series) -> list[Any]:
    if not series.hrefs:
        return list(series.values)
    return [{"value": value, "href": href} for value, href in zip(series.values, series.hrefs, strict=True)]


def bar_points(series: Series) -> list[Any]:
    """Points, those that still run or are thin with a look of their own."""
    drawn = points(series)
    for cut, look in ((series.running_from, {"opacity": 0.75, "decal": HATCHED}), (series.thin_from, {"color": PALE})):
        if cut is not None:
            drawn[cut:] = [with_look(point, look) for point in drawn[cut:]]
    return drawn


def with_look(point: Any, look: dict[str, Any]) -> dict[str, Any]:
    point = point if isinstance(point, dict) else {"value": point}
    return {**point, "itemStyle": {**point.get("itemStyle", {}), **look}}


def band(series: Series, kind: str, colour: str) -> list[dict[str, Any]]:
    """The interval as a pale area below the line, between two lines that are not drawn themselves."""
    if not series.low or kind == "bar":
        return []
    width = [
        None if low is None or high is None else high - low for low, high in zip(series.low, series.high, strict=True)
    ]
    common: dict[str, Any] = {
        "type": "line", "stack": f"{series.name} band", "stackStrategy": "all", "symbol": "none", "silent": True,
        "lineStyle": {"opacity": 0}, "step": "end" if kind == "step" else False, "z": 1, "name": "",
    }  # fmt: skip
    area = {"areaStyle": {"color": colour, "opacity": 0.14}}
    return [{**common, "data": list(series.low)}, {**common, **area, "data": width}]


def mark_line(marks: Sequence[Mark]) -> dict[str, Any]:
    """Thin lines with short labels over the chart."""
    return {
        "symbol": "none",
        "silent": True,
        "animation": False,
        "label": {"position": "end", "distance": 7, "fontSize": 11, "color": "var(--t-ink-2)"},
        "lineStyle": {"type": [2, 3], "width": 1, "color": "var(--t-ink-2)", "opacity": 0.6},
        "data": [
            {"xAxis": mark.at, "label": {"formatter": mark.label}}
            | ({"lineStyle": {"type": "solid", "color": "var(--t-ink)", "opacity": 0.8}} if mark.is_break else {})
            for mark in marks
        ],
    }


def said(value: float | None, unit: str, currency: str = "") -> str:
    """A value in words; lengths of time in the unit that matters."""
    if value is None:
        return "–"
    match unit:
        case "ratio":
            return percent(value).replace("-", "−")
        case "money":
            return money(value, currency)
        case "days" | "hours":
            return length(value, unit)
    return number(round(value, 2) if isinstance(value, float) else value).replace("-", "−")


def length(value: float, unit: str) -> str:
    """A tenth of a day from two days on: "14.7 d"; hours and minutes below."""
    if not value:
        return f"0 {unit[0]}"
    if unit == DAYS and abs(value) >= 2:
        return f"{number(round(value, 1))} d".replace("-", "−")
    return duration(value * SECONDS[unit])
