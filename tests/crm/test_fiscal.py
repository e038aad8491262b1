"""Fiscal years, quarters, months and weeks."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm import fiscal
from crm.fiscal import Calendar, Span
from crm.models import FiscalCalendar, Organisation

DAY = timedelta(days=1)
WEEKS = [FiscalCalendar.WEEKS_445, FiscalCalendar.WEEKS_454, FiscalCalendar.WEEKS_544]
days = st.dates(date(1990, 1, 1), date(2090, 12, 31))
months = st.integers(1, 12)
any_calendar = st.builds(Calendar, st.sampled_from(FiscalCalendar.values), months)
by_weeks = st.builds(Calendar, st.sampled_from(WEEKS), months)


def abut(spans: list[Span]) -> bool:
    return all(one.end == other.start for one, other in pairwise(spans))


@given(any_calendar, days)
def test_every_day_belongs_to_one_year_quarter_and_month(cut: Calendar, day: date) -> None:
    year = cut.year_of(day)
    around = [number for number in (year - 1, year, year + 1) if cut.begins(number) <= day < cut.begins(number + 1)]

    assert around == [year]
    assert [quarter for quarter in cut.quarters(year) if day in quarter] == [cut.quarter(day)]
    assert [month for month in cut.months(year) if day in month] == [cut.month(day)]
    assert cut.quarter(day).start <= cut.month(day).start < cut.month(day).end <= cut.quarter(day).end


@given(any_calendar, days)
def test_quarters_and_months_fill_the_year_without_a_gap(cut: Calendar, day: date) -> None:
    year, number = cut.year(day), cut.year_of(day)
    for parts in (cut.quarters(number), cut.months(number)):
        assert (parts[0].start, parts[-1].end) == (year.start, year.end)
        assert abut(parts)
    assert cut.quarters(number)[-1].end == cut.quarters(number + 1)[0].start


@given(by_weeks, days)
def test_by_weeks_a_quarter_has_13_and_the_last_of_a_long_year_14(cut: Calendar, day: date) -> None:
    number = cut.year_of(day)
    weeks = [quarter.days / 7 for quarter in cut.quarters(number)]
    pattern = [int(digit) for digit in cut.kind] * 4

    assert weeks in ([13, 13, 13, 13], [13, 13, 13, 14])
    assert [month.days / 7 for month in cut.months(number)] in (pattern, [*pattern[:-1], pattern[-1] + 1])
    assert all(quarter.start.weekday() == 0 for quarter in cut.quarters(number))


@given(by_weeks, days)
def test_by_weeks_a_year_begins_on_the_monday_nearest_to_the_first(cut: Calendar, day: date) -> None:
    first = date(day.year, cut.year_starts, 1)
    nearest = min(
        (first + n * DAY for n in range(-6, 7) if (first + n * DAY).weekday() == 0), key=lambda d: abs(d - first)
    )

    assert cut.begins(day.year) == nearest


@given(days)
def test_445_from_january_is_the_year_of_iso_weeks(day: date) -> None:
    assert Calendar(FiscalCalendar.WEEKS_445).year_of(day) == day.isocalendar().year


def test_labels() -> None:
    assert Calendar().quarter(date(2026, 9, 30)) == Span(date(2026, 7, 1), date(2026, 10, 1), "Q3 2026")
    assert Calendar().year(date(2026, 9, 30)).label == "2026"
    february = Calendar(year_starts=2)
    assert february.quarter(date(2026, 3, 5)) == Span(date(2026, 2, 1), date(2026, 5, 1), "FY27 Q1")
    assert february.quarter(date(2026, 1, 31)) == Span(date(2025, 11, 1), date(2026, 2, 1), "FY26 Q4")
    assert february.year(date(2026, 1, 31)).label == "FY26"
    assert february.month(date(2026, 1, 31)).label == "Jan 2026"


def test_long_year_of_4_4_5() -> None:
    cut = Calendar(FiscalCalendar.WEEKS_445)

    assert cut.year(date(2026, 6, 1)) == Span(date(2025, 12, 29), date(2027, 1, 4), "2026")
    assert cut.quarters(2026)[3] == Span(date(2026, 9, 28), date(2027, 1, 4), "Q4 2026")
    assert cut.months(2026)[-1] == Span(date(2026, 11, 23), date(2027, 1, 4), "Dec 2026")
    assert cut.months(2026)[0] == Span(date(2025, 12, 29), date(2026, 1, 26), "Jan 2026")


@pytest.fixture
def by_445(db: None) -> None:
    organisation = Organisation.get()
    organisation.fiscal_calendar = FiscalCalendar.WEEKS_445
    organisation.save()


@pytest.mark.django_db
def test_quarters_follow_one_another() -> None:
    second = fiscal.fiscal_quarter(date(2026, 5, 5))

    assert fiscal.previous(second) == Span(date(2026, 1, 1), date(2026, 4, 1), "Q1 2026")
    assert fiscal.following(second) == Span(date(2026, 7, 1), date(2026, 10, 1), "Q3 2026")
    assert fiscal.same_quarter_last_year(second) == Span(date(2025, 4, 1), date(2025, 7, 1), "Q2 2025")
    assert [q.label for q in fiscal.quarters_between(date(2026, 3, 31), date(2026, 7, 1))] == ["Q1 2026", "Q2 2026"]
    assert fiscal.quarters_between(date(2026, 3, 31), date(2026, 3, 31)) == []
    assert [q.label for q in fiscal.last_full_quarters(4, date(2026, 5, 5))] == [
        "Q2 2025", "Q3 2025", "Q4 2025", "Q1 2026",
    ]  # fmt: skip
    assert [month.label for month in fiscal.months_of(second)] == ["Apr 2026", "May 2026", "Jun 2026"]


@pytest.mark.django_db
def test_weeks_of_a_quarter_of_months_are_13() -> None:
    quarter = fiscal.fiscal_quarter(date(2026, 10, 1))

    assert quarter.days == 92
    assert [fiscal.week_of_quarter(quarter.end - n * DAY) for n in (92, 85, 84, 15, 14, 8, 7, 1)] == [
        1, 1, 2, 11, 12, 12, 13, 13,
    ]  # fmt: skip


@pytest.mark.usefixtures("by_445")
def test_the_organisation_calendar_counts() -> None:
    assert fiscal.fiscal_quarter(date(2025, 12, 30)).label == "Q1 2026"
    assert fiscal.week_of_quarter(date(2027, 1, 3)) == 14
    assert fiscal.fiscal_year(date(2026, 1, 1)).start == date(2025, 12, 29)
    assert fiscal.same_quarter_last_year(fiscal.fiscal_quarter(date(2026, 12, 30))) == Span(
        date(2025, 9, 29), date(2025, 12, 29), "Q4 2025"
    )
    assert len(fiscal.months_of(fiscal.fiscal_year(date(2026, 6, 1)))) == 12


@pytest.mark.usefixtures("by_445")
@given(days)
def test_weeks_count_up_through_a_quarter(day: date) -> None:
    quarter = fiscal.fiscal_quarter(day)

    assert fiscal.week_of_quarter(day) == (day - quarter.start).days // 7 + 1
    assert day in quarter
    assert fiscal.previous(quarter).end == quarter.start
    assert fiscal.following(quarter).start == quarter.end
