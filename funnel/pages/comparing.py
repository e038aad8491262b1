"""The days before, of the same kind: the quarter before a quarter, the year before a year, else as many days."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from crm.fiscal import Span, fiscal_month, fiscal_quarter, fiscal_year
from funnel.reports.question import Question


@dataclass(frozen=True)
class Before:
    """The same question about the days before. ``is_part``: these days still run, so that only as much of those before
    is compared as has passed of them."""

    question: Question
    is_part: bool

    @property
    def is_longer_ago(self) -> bool:
        """By cohort, those of the days before have had more time to get on: not all of a difference is a change."""
        return self.question.basis == "cohort"

    @property
    def words(self) -> str:
        """ "1 Jul to 22 Aug 2026, as far as these days have come"."""
        words = days_in_words(self.question.start, self.question.end)
        return f"{words}, as far as these days have come" if self.is_part else words


def before(question: Question, today: date) -> Before:
    earlier = span_before(question.start, question.end)
    passed = today + timedelta(days=1) - question.start
    is_part = timedelta(0) < passed < question.end - question.start
    end = min(earlier.end, earlier.start + passed) if is_part else earlier.end
    return Before(replace(question, start=earlier.start, end=end), is_part)


def span_before(start: date, end: date) -> Span:
    """The quarter, year or month before a whole one; as many days before any other days."""
    for cut in (fiscal_quarter, fiscal_year, fiscal_month):
        whole = cut(start)
        if (whole.start, whole.end) == (start, end):
            return cut(start - timedelta(days=1))
    return Span(start - (end - start), start)


def days_in_words(start: date, end: date) -> str:
    """Days ``start`` to ``end`` (not included): "1 Jul to 22 Aug 2026", "Q3 2026" for a whole quarter."""
    quarter = fiscal_quarter(start)
    if (quarter.start, quarter.end) == (start, end):
        return quarter.label
    last = max(start, end - timedelta(days=1))
    first = f"{start:%-d %b}" if start.year == last.year else f"{start:%-d %b %Y}"
    return f"{last:%-d %b %Y}" if start == last else f"{first} to {last:%-d %b %Y}"
