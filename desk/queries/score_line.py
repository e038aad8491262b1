"""The score of a lead over its life, drawn as a line with the table behind it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leads.lifecycle import Stage
from leads.models import Lead
from scoring.history import History, Point, history_of

# Rows of the table, the newest first; the line shows all points.
MOST_ROWS = 60


@dataclass(frozen=True)
class Row:
    """What the table says of one moment. ``what``: what happened then, "" for a touch or the end of a month.

    ``score`` of a move: the one it is stamped with, None where none was known.
    """

    at: datetime
    score: int | None
    grade: str
    version: int | None
    what: str


@dataclass(frozen=True)
class Line:
    """``option``: for static/js/chart.js; ``rows``: newest first; ``highest``: the point where it stood highest."""

    option: dict[str, Any]
    rows: list[Row]
    highest: Point


def line_of(lead: Lead, *, at: datetime) -> Line | None:
    """None while there is nothing to draw a line between."""
    history = history_of(lead, at=at)
    if len(history.points) < 2:
        return None
    rows = sorted(rows_of(history), key=lambda row: row.at, reverse=True)
    return Line(option_of(history), rows[:MOST_ROWS], max(history.points, key=lambda point: point.score))


def option_of(history: History) -> dict[str, Any]:
    marks = [mark_line(mark.at, "MQL", "var(--stage-mql)") for mark in history.marks if mark.stage == Stage.MQL]
    breaks = [mark_line(one.at, f"v{one.version}", "var(--t-ink-2)") for one in history.breaks]
    return {
        "grid": {"top": 24},
        "xAxis": {"type": "time"},
        "yAxis": {"type": "value", "min": 0, "max": 100, "interval": 25},
        "tooltip": {"axisPointer": {"type": "line"}},
        "series": [
            {
                "type": "line",
                "name": "Score",
                "showSymbol": False,
                "lineStyle": {"width": 2},
                "data": [[point.at.isoformat(), point.score] for point in history.points],
                "markLine": {"symbol": "none", "silent": True, "animation": False, "data": [*breaks, *marks]},
            }
        ],
    }


def mark_line(at: datetime, label: str, colour: str) -> dict[str, Any]:
    """An upright line at a moment."""
    return {
        "xAxis": at.isoformat(),
        "label": {"formatter": label, "color": colour, "fontSize": 11},
        "lineStyle": {"color": colour, "type": "dashed", "width": 1},
    }


def rows_of(history: History) -> Iterator[Row]:
    """The points, with a row of its own for every MQL and every change of the definition."""
    breaks = {one.at: one.version for one in history.breaks}
    for point in history.points:
        what = f"definition v{breaks[point.at]} comes into force" if point.at in breaks else ""
        yield Row(point.at, point.score, point.grade, point.version, "excluded" if point.excluded else what)
    for mark in history.marks:
        if mark.stage == Stage.MQL:
            yield Row(mark.at, mark.score, "", mark.version, "became MQL")
