"""What the page of a report shows beside its table: one sentence, its charts, and what its own template needs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from funnel.pages.charts import Chart
from funnel.reports.answer import Answer, Row


@dataclass(frozen=True)
class Face:
    """``sentence``: what a manager should know, "" when there is too little to say it of; ``missing``: what it takes
    until there is. ``rows``: those of the table, where they are not all of the answer's; ``columns``: the names of the
    shown ones, where they are not all that are for people. ``thin``: the column that says of how many a row tells;
    under ten it is grey. ``more``: whatever templates/funnel/<name>.html shows beside that."""

    sentence: str = ""
    charts: Sequence[Chart] = ()
    missing: str = ""
    rows: Sequence[Row] | None = None
    columns: Sequence[str] = ()
    thin: str = "n"
    more: dict[str, Any] = field(default_factory=dict)


# Answer, and the same of the span of days before where the reader compares.
Draw = Callable[[Answer, Answer | None], Face]


def plain(answer: Answer, before: Answer | None) -> Face:
    """Of a report that has no face of its own: the table."""
    return Face()
