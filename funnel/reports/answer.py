"""What a report is, and what it answers: the one shape that page, API and CSV share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from funnel.reports.question import Question

Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """A column of a report: its name for programs, its title for people, its unit, and how it is computed."""

    name: str
    title: str
    unit: str = ""  # count, ratio, days, text
    how: str = ""


@dataclass(frozen=True)
class Report:
    """One entry of the registry. ``rows`` and ``notes`` answer a question; ``how`` explains the whole to people."""

    name: str
    title: str
    how: str
    columns: Sequence[Column]
    rows: Callable[[Question], list[Row]]
    notes: Callable[[Question], list[str]]


@dataclass(frozen=True)
class Answer:
    """A report's answer to one question."""

    report: Report
    question: Question
    zone: str
    computed_at: datetime | None
    definition_versions: list[int]
    notes: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """As the API gives it; `to` is the day after the last."""
        asked = self.question
        return {
            "report": self.report.name,
            "period": {"from": asked.start, "to": asked.end, "basis": asked.basis, "zone": self.zone},
            "computed_at": self.computed_at,
            "definition_versions": self.definition_versions,
            "notes": self.notes,
            "rows": self.rows,
        }
