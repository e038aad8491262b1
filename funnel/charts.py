"""Charts of the reports, as ECharts options, each with the table of its numbers (templates/funnel/chart.html).

Colours are names of static/css/tokens.css; static/js/chart.js resolves them in the theme of the reader.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from crm.words import number, percent

RATIO, COUNT, DAYS, HOURS = "ratio", "count", "days", "hours"


@dataclass(frozen=True)
class Series:
    """One line, or one set of bars: a value (None: a gap) for each category. ``low`` and ``high``: its band."""

    name: str
    values: Sequence[float | None]
    colour: str = ""
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()
    hrefs: Sequence[str] = ()
    dashed: bool = False


@dataclass(frozen=True)
class Mark:
    """Something that happened at a category: a campaign that began, a definition that came into force."""

    at: str
    label: str


@dataclass(frozen=True)
class Chart:
    """A chart with a heading, what it shows in words for who cannot see it, and the table behind it."""

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

    @property
    def option_id(self) -> str:
        return f"{self.id}-option"

    @property
    def option(self) -> dict[str, Any]:
        """As ECharts takes it."""
        categories = {
            "type": "category",
            "data": list(self.categories),
            "name": self.axis,
            "nameLocation": "middle",
            "nameGap": 28,
        }
        values: dict[str, Any] = {"type": "value"} | ({"minInterval": 1} if self.unit == COUNT else {})
        x, y = (values, categories | {"inverse": True}) if self.horizontal else (categories, values)
        return {
            "xAxis": x, "yAxis": y, "unit": self.unit, "grid": {"bottom": 28 if self.axis else 8},
            "series": [one for series in self.series for one in self._drawn(series)],
        }  # fmt: skip

    def _drawn(self, series: Series) -> list[dict[str, Any]]:
        line: dict[str, Any] = {
            "name": series.name,
            "type": "bar" if self.kind == "bar" else "line",
            "data": points(series),
        }
        if self.kind == "step":
            line["step"] = "end"
        if self.kind != "bar":
            line["showSymbol"] = len(self.categories) == 1
        if self.stacked:
            line["stack"] = "all"
        if series.dashed:
            line["lineStyle"] = {"type": "dashed"}
        if series.colour:
            line["itemStyle"] = {"color": series.colour}
        if series is self.series[0] and self.marks:
            line["markLine"] = {"symbol": "none", "silent": True, "lineStyle": {"type": "dotted"}, "data": [
                {"xAxis": mark.at, "label": {"formatter": mark.label}} for mark in self.marks
            ]}  # fmt: skip
        return [*band(series, self.kind), line]

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
        told = [said(series.values[index], self.unit)]
        if series.low:
            low, high = series.low[index], series.high[index]
            told.append("" if low is None or high is None else f"{said(low, self.unit)} to {said(high, self.unit)}")
        return told


def points(series: Series) -> list[Any]:
    if not series.hrefs:
        return list(series.values)
    return [{"value": value, "href": href} for value, href in zip(series.values, series.hrefs, strict=True)]


def band(series: Series, kind: str) -> list[dict[str, Any]]:
    """The interval as a pale area between two lines that are not drawn themselves."""
    if not series.low or kind == "bar":
        return []
    width = [
        None if low is None or high is None else high - low for low, high in zip(series.low, series.high, strict=True)
    ]
    common: dict[str, Any] = {
        "type": "line", "stack": f"{series.name} band", "symbol": "none", "silent": True, "lineStyle": {"opacity": 0},
        "tooltip": {"show": False}, "step": "end" if kind == "step" else False,
    }  # fmt: skip
    area = {"areaStyle": {"color": series.colour or "var(--t-brand)", "opacity": 0.14}}
    return [{**common, "name": "", "data": list(series.low)}, {**common, **area, "name": "", "data": width}]


def said(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    if unit == RATIO:
        return percent(value)
    return number(round(value, 1) if unit in (DAYS, HOURS) else value)
