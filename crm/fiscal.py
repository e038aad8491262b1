"""Fiscal years, quarters, months and weeks, as the organisation cuts them; every quarter of the product is cut here.

By months, a year begins on the first of the month `fiscal_year_starts`. By weeks (4-4-5, 4-5-4, 5-4-4) it begins on
the Monday nearest to that day; its twelve months have so many weeks, and a 53rd week joins the last one. With January
that is the year of ISO weeks.

A year is called by the calendar year it begins in when it begins in January ("2026", "Q3 2026"), else by the one it
ends in ("FY27", "FY27 Q1"), as the companies do that have such years. Months keep the name of the calendar month they
stand for.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate, pairwise

from crm.models import FiscalCalendar, Organisation
from crm.periods import add_months

WEEK = timedelta(days=7)
JANUARY = 1
QUARTERS_A_YEAR, MONTHS_A_QUARTER = 4, 3
WEEKS_A_QUARTER = 13


@dataclass(frozen=True, order=True)
class Span:
    """Days ``start`` to ``end`` (not included) with what people call them: "Q3 2026"."""

    start: date
    end: date
    label: str = ""

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def last_day(self) -> date:
        return self.end - timedelta(days=1)


@dataclass(frozen=True)
class Calendar:
    """How years are cut: by ``kind`` (FiscalCalendar), from the month ``year_starts``. Pure arithmetic.

    A year's number is the calendar year of the first of that month; by weeks it may begin up to three days earlier.
    """

    kind: str = FiscalCalendar.MONTHS
    year_starts: int = JANUARY

    @property
    def by_weeks(self) -> bool:
        return self.kind != FiscalCalendar.MONTHS

    def begins(self, year: int) -> date:
        """The first day of a year."""
        first = date(year, self.year_starts, 1)
        if not self.by_weeks:
            return first
        weekday = first.weekday()
        return first + timedelta(days=-weekday if weekday <= 3 else 7 - weekday)

    def year_of(self, day: date) -> int:
        """The number of the year that ``day`` belongs to."""
        year = day.year
        if day < self.begins(year):
            return year - 1
        return year + 1 if day >= self.begins(year + 1) else year

    def months(self, year: int) -> list[Span]:
        """The twelve months of a year."""
        bounds = [*self._month_starts(year), self.begins(year + 1)]
        return [
            Span(start, end, f"{add_months(date(year, self.year_starts, 1), number):%b %Y}")
            for number, (start, end) in enumerate(pairwise(bounds))
        ]

    def _month_starts(self, year: int) -> list[date]:
        first = self.begins(year)
        if not self.by_weeks:
            return [add_months(first, number) for number in range(12)]
        weeks = [int(digit) for digit in self.kind] * QUARTERS_A_YEAR
        return [first + count * WEEK for count in accumulate(weeks[:-1], initial=0)]

    def quarters(self, year: int) -> list[Span]:
        """The four quarters of a year."""
        months = self.months(year)
        return [
            Span(months[first].start, months[first + MONTHS_A_QUARTER - 1].end, self._quarter_name(year, number))
            for number, first in enumerate(range(0, 12, MONTHS_A_QUARTER), start=1)
        ]

    def year(self, day: date) -> Span:
        number = self.year_of(day)
        return Span(self.begins(number), self.begins(number + 1), self._year_name(number))

    def quarter(self, day: date) -> Span:
        return next(quarter for quarter in self.quarters(self.year_of(day)) if day in quarter)

    def month(self, day: date) -> Span:
        return next(month for month in self.months(self.year_of(day)) if day in month)

    def _year_name(self, year: int) -> str:
        return str(year) if self.year_starts == JANUARY else f"FY{(year + 1) % 100:02}"

    def _quarter_name(self, year: int, number: int) -> str:
        return f"Q{number} {year}" if self.year_starts == JANUARY else f"{self._year_name(year)} Q{number}"


def calendar() -> Calendar:
    """The organisation's."""
    organisation = Organisation.get()
    return Calendar(organisation.fiscal_calendar, organisation.fiscal_year_starts)


def fiscal_year(day: date) -> Span:
    return calendar().year(day)


def fiscal_quarter(day: date) -> Span:
    return calendar().quarter(day)


def fiscal_month(day: date) -> Span:
    return calendar().month(day)


def previous(quarter: Span) -> Span:
    """The quarter before."""
    return fiscal_quarter(quarter.start - timedelta(days=1))


def following(quarter: Span) -> Span:
    """The quarter after."""
    return fiscal_quarter(quarter.end)


def same_quarter_last_year(quarter: Span) -> Span:
    cut = calendar()
    year = cut.year_of(quarter.start)
    number = cut.quarters(year).index(cut.quarter(quarter.start))
    return cut.quarters(year - 1)[number]


def quarters_between(start: date, end: date) -> list[Span]:
    """The quarters that have a day from ``start`` to ``end`` (not included), in order."""
    return list(_quarters_from(start, end)) if start < end else []


def _quarters_from(start: date, end: date) -> Iterator[Span]:
    cut = calendar()
    quarter = cut.quarter(start)
    while quarter.start < end:
        yield quarter
        quarter = cut.quarter(quarter.end)


def last_full_quarters(count: int, day: date) -> list[Span]:
    """The ``count`` quarters that were over before ``day``, in order."""
    found = [fiscal_quarter(day)]
    for _quarter in range(count):
        found.insert(0, previous(found[0]))
    return found[:-1]


def months_of(span: Span) -> list[Span]:
    """The fiscal months of a quarter or a year."""
    cut = calendar()
    years = range(cut.year_of(span.start), cut.year_of(span.last_day) + 1)
    return [month for year in years for month in cut.months(year) if span.start <= month.start < span.end]


def week_of_quarter(day: date) -> int:
    return week_in(fiscal_quarter(day), day)


def week_in(quarter: Span, day: date) -> int:
    """Weeks are counted back from the quarter's last day, so that the last ones, which tell most, are whole.

    A quarter of months has 90 to 92 days: its first week has six to eight. By weeks every quarter has 13, the last one
    of a long year 14.
    """
    return max(weeks_in(quarter) - (quarter.last_day - day) // WEEK, 1)


def weeks_in(quarter: Span) -> int:
    return max(WEEKS_A_QUARTER, quarter.days // 7)
