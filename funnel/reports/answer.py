"""What a report is, and what it answers: the one shape that page, API and CSV share."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from funnel.reports.question import MONTH, Parameter, Question

Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """A column of a report: its name for programs, its title for people, its unit, and how it is computed.

    ``unit``: count, ratio (0–1), percent, days, hours, money ({"amount", "currency"}), number or text. ``link``: the
    column that holds the address of what is behind the figure. The page leaves out what is not ``shown``.
    """

    name: str
    title: str
    unit: str = ""
    how: str = ""
    link: str = ""
    shown: bool = True


@dataclass(frozen=True)
class Told:
    """What a report tells: rows for everybody, notes on what they leave out, and ``page``, what only its page shows."""

    rows: list[Row]
    notes: list[str] = field(default_factory=list)
    page: Any = None


@dataclass(frozen=True)
class Report:
    """One entry of the registry; page, API and CSV are made of it.

    ``tell(question, at)`` answers; ``how`` explains the whole to people. ``dimensions``: what it can be cut by and
    narrowed to, and ``by_month`` whether months can be told apart, too; ``bases``: how it can count, its own first
    (none: it has no choice); ``parameters``: what it asks beside that. ``identity``: the columns that name a row, to
    find it again in another span of days. ``span``: the days its page begins with (quarter, year, or all); ``cut``:
    the dimension.
    """

    name: str
    title: str
    how: str
    columns: Sequence[Column]
    tell: Callable[[Question, datetime], Told]
    dimensions: Sequence[str] = ()
    by_month: bool = True
    bases: Sequence[str] = ()
    units: Sequence[str] = ()
    parameters: Sequence[Parameter] = ()
    identity: Sequence[str] = ("key",)
    span: str = "all"
    cut: str = ""

    @property
    def cuts(self) -> tuple[str, ...]:
        """What one row can stand for: a key of a dimension, or a month."""
        return (*self.dimensions, MONTH) if self.dimensions and self.by_month else tuple(self.dimensions)


@dataclass(frozen=True)
class Answer:
    """A report's answer to one question. ``counted_at``: when these rows were counted, ``computed_at``: up to when the
    figures of the room are complete; ``is_recounted``: newer rows are on their way."""

    report: Report
    question: Question
    zone: str
    computed_at: datetime | None
    counted_at: datetime
    definition_versions: list[int]
    told: Told
    is_recounted: bool = False

    @property
    def rows(self) -> list[Row]:
        return self.told.rows

    @property
    def notes(self) -> list[str]:
        return self.told.notes

    def as_dict(self) -> dict[str, Any]:
        """As the API gives it; `to` is the day after the last."""
        asked = self.question
        return {
            "report": self.report.name,
            "period": {"from": asked.start, "to": asked.end, "basis": asked.basis, "zone": self.zone},
            "computed_at": self.computed_at,
            "counted_at": self.counted_at,
            "definition_versions": self.definition_versions,
            "notes": self.notes,
            "rows": self.rows,
        }
