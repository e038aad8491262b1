"""The charts of a trained model, each with the table behind it: the test it had to pass, and every day since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from crm.words import number, percent
from scoring.models import ModelCheck, TrainedModel

Option = dict[str, Any]


@dataclass(frozen=True)
class Curve:
    """A chart with the table behind it. ``said``: what it shows, for who does not see it."""

    key: str
    title: str
    note: str
    said: str
    option: Option
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]

    @property
    def script_id(self) -> str:
        return f"{self.key}-data"


def curves_of(model: TrainedModel, checks: Sequence[ModelCheck]) -> list[Curve]:
    drawn = [reliability(model.metrics), tenths(model.metrics), *rolling(checks)]
    return [curve for curve in drawn if curve]


PERCENT_AXIS = {
    "type": "value",
    "min": 0,
    "axisLabel": {"formatter": "{value} %", "color": "var(--t-ink-2)", "fontSize": 12, "hideOverlap": True},
}


def reliability(metrics: Mapping[str, Any]) -> Curve | None:
    """Foretold against true, with 95 % of where the true share may lie."""
    bins = metrics.get("reliability") or []
    if not bins:
        return None
    most = min(100, 10 * (int(10 * max(max(one["predicted"], one["high"]) for one in bins)) + 1))
    whiskers = [whisker(one) for one in bins]
    told = {
        "type": "line", "name": "Came true", "lineStyle": {"width": 2}, "symbolSize": 8, "showAllSymbol": True,
        "data": [[in_percent(one["predicted"]), in_percent(one["observed"])] for one in bins], "z": 3,
    }  # fmt: skip
    right = {
        "type": "line", "name": "As foretold", "showSymbol": False, "silent": True, "data": [[0, 0], [most, most]],
        "lineStyle": {"type": "dashed", "width": 1, "color": "var(--t-ink-2)"},
        "itemStyle": {"color": "var(--t-ink-2)"},
    }  # fmt: skip
    return Curve(
        "reliability",
        "Does it come true?",
        "Leads in groups by what was foretold; a point on the dashed line came true exactly as foretold",
        "Share that came true against the share foretold, in groups of leads; the table below has the numbers",
        {
            "tooltip": {"trigger": "item"},
            "legend": {"data": ["Came true", "As foretold"]},
            "xAxis": {**PERCENT_AXIS, "max": most, "name": "foretold", "nameLocation": "middle", "nameGap": 26},
            "yAxis": {**PERCENT_AXIS, "max": most},
            "grid": {"bottom": 26},
            "series": [told, right, *whiskers],
        },
        ("Leads", "Foretold", "Came true", "Likely between"),
        [
            (number(one["rows"]), percent(one["predicted"]), percent(one["observed"]), span(one["low"], one["high"]))
            for one in bins
        ],
    )


def whisker(one: Mapping[str, Any]) -> Option:
    """The interval of one group: a thin upright line."""
    at = in_percent(one["predicted"])
    return {
        "type": "line", "silent": True, "showSymbol": False, "lineStyle": {"width": 1.5, "color": "var(--t-brand)"},
        "data": [[at, in_percent(one["low"])], [at, in_percent(one["high"])]], "tooltip": {"show": False},
    }  # fmt: skip


def tenths(metrics: Mapping[str, Any]) -> Curve | None:
    """What share of all successes each tenth of the leads holds, the likeliest tenth first, beside the rules."""
    ours, rules = (by_tenth(metrics.get(name) or []) for name in ("gain", "rules_gain"))
    if not ours:
        return None
    labels = [ordinal(place) for place in range(1, 11)]
    series: list[Option] = [
        {"type": "bar", "name": "This model", "data": list(map(in_percent, ours)), "barMaxWidth": 22},
        {"type": "bar", "name": "The rules", "data": list(map(in_percent, rules)), "barMaxWidth": 22,
         "itemStyle": {"color": "var(--t-line-strong)"}},
    ]  # fmt: skip
    series[0]["markLine"] = {
        "silent": True, "symbol": "none", "data": [{"yAxis": 10}], "label": {"show": False},
        "lineStyle": {"color": "var(--t-ink-2)", "type": "dotted"},
    }  # fmt: skip
    return Curve(
        "tenths",
        "Where are the successes?",
        "The tested leads in ten equal groups, the likeliest first; by chance each holds 10 %",
        "Share of the successes in each tenth of the leads; the table below has the numbers",
        {"xAxis": {"type": "category", "data": labels}, "yAxis": PERCENT_AXIS, "series": series},
        ("Tenth", "This model", "The rules"),
        [
            (label, percent(mine), percent(rules[place] if rules else None))
            for place, (label, mine) in enumerate(zip(labels, ours, strict=True))
        ],
    )


def by_tenth(gain: Sequence[Sequence[float]]) -> list[float]:
    """From [share of leads, share of successes] along the way the share in each tenth; ten numbers, or none."""
    if not gain:
        return []
    reached = [found_by(gain, tenth / 10) for tenth in range(11)]
    return [max(0.0, later - earlier) for earlier, later in pairwise(reached)]


def found_by(gain: Sequence[Sequence[float]], taken: float) -> float:
    return next(share for at, share in gain if at >= taken - 1e-9)


def rolling(checks: Sequence[ModelCheck]) -> list[Curve]:
    """How the model did since, on outcomes that became known, from the second day on; oldest check first."""
    judged = [check for check in reversed(checks) if check.figures.get("auc") is not None]
    return [ranked_rightly(judged), came_true(judged)] if len(judged) > 1 else []


def ranked_rightly(judged: Sequence[ModelCheck]) -> Curve:
    lines = {
        "This model": [in_percent(check.figures["auc"]) for check in judged],
        "The rules": [in_percent(check.figures.get("rules_auc")) for check in judged],
    }
    return Curve(
        "rolling",
        "Still better than the rules?",
        "Pairs of newer leads ranked rightly, day by day",
        "Pairs ranked rightly by the model and by the rules, by day; the table below has the numbers",
        over_days(judged, lines, low=40),
        ("Day", "Leads", "This model", "The rules"),
        [
            (f"{check.day:%-d %b %Y}", number(check.figures.get("rows")), percent(check.figures["auc"]),
             percent(check.figures.get("rules_auc")))
            for check in reversed(judged)
        ],
    )  # fmt: skip


def came_true(judged: Sequence[ModelCheck]) -> Curve:
    lines = {
        "Foretold": [in_percent(check.figures.get("predicted")) for check in judged],
        "Came true": [in_percent(check.figures.get("observed")) for check in judged],
    }
    return Curve(
        "calibration",
        "Are its chances still right?",
        "Average chance foretold for newer leads, and what came of them",
        "Average share foretold and share that came true, by day; the table below has the numbers",
        over_days(judged, lines),
        ("Day", "Foretold", "Came true", "Slope (1 is right)"),
        [
            (f"{check.day:%-d %b %Y}", percent(check.figures.get("predicted")), percent(check.figures.get("observed")),
             "–" if check.figures.get("slope") is None else f"{check.figures['slope']:.2f}")
            for check in reversed(judged)
        ],
    )  # fmt: skip


def over_days(judged: Sequence[ModelCheck], lines: Mapping[str, list[float | None]], *, low: int = 0) -> Option:
    return {
        "xAxis": {"type": "category", "data": [f"{check.day:%-d %b}" for check in judged]},
        "yAxis": {**PERCENT_AXIS, "min": low},
        "series": [
            {"type": "line", "name": name, "data": values, "showSymbol": len(judged) < 15}
            for name, values in lines.items()
        ],
    }


def in_percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def span(low: float, high: float) -> str:
    return f"{round(100 * low)}–{round(100 * high)} %"


def ordinal(place: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(place, "th")
    return f"{place}{ending}"
