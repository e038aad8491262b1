from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from crm.models import HolidayCalendar, Organisation
from crm.working_time import (
    HORIZON,
    Schedule,
    add_working_time,
    schedule_of,
    schedules_for,
    windows_of,
    working_time,
)
from tests.factories import make_team, make_user

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = windows_of({day: ["09:00", "17:00"] for day in ("mon", "tue", "wed", "thu", "fri")})
UTC_OFFICE = Schedule(zone=ZoneInfo("UTC"), windows=OFFICE)


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


# Known answers (METRICS S4, 1.5)


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("2026-03-06T16:30", "2026-03-09T09:45", 75),
        ("2026-03-07T10:00", "2026-03-09T09:20", 20),
        ("2026-03-02T09:00", "2026-03-02T09:00", 0),
        ("2026-03-09T09:45", "2026-03-06T16:30", 0),
        ("2026-03-02T00:00", "2026-03-30T00:00", 4 * 5 * 8 * 60),
    ],
)
def test_s4_working_time_counts_what_lies_in_the_hours(start, end, minutes):
    utc = ZoneInfo("UTC")
    assert working_time(at(start, utc), at(end, utc), UTC_OFFICE) == minutes * MINUTE


def test_round_the_clock_a_day_of_the_changing_clock_has_23_or_25_hours():
    always = Schedule(zone=BERLIN, holidays=frozenset({date(2020, 1, 1)}))

    assert working_time(at("2025-03-29T12:00"), at("2025-03-30T12:00"), always) == 23 * HOUR
    assert working_time(at("2025-10-25T12:00"), at("2025-10-26T12:00"), always) == 25 * HOUR
    assert add_working_time(at("2025-03-29T12:00"), 23 * HOUR, always) == at("2025-03-30T12:00")


def test_hours_in_the_night_of_the_change_count_as_they_pass():
    night = Schedule(zone=BERLIN, windows=windows_of({"sun": ["01:00", "05:00"]}))

    assert working_time(at("2025-03-30T00:00"), at("2025-03-31T00:00"), night) == 3 * HOUR
    assert working_time(at("2025-10-26T00:00"), at("2025-10-27T00:00"), night) == 5 * HOUR


def test_hours_that_begin_in_the_hour_left_out_begin_when_it_is_over():
    odd = Schedule(zone=BERLIN, windows=windows_of({"sun": ["02:20", "04:00"]}))
    inside = Schedule(zone=BERLIN, windows=windows_of({"sun": ["02:10", "02:50"]}))

    assert odd.span(date(2025, 3, 30)) == (at("2025-03-30T03:00"), at("2025-03-30T04:00"))
    assert working_time(at("2025-03-30T00:00"), at("2025-03-31T00:00"), inside) == timedelta(0)


def test_a_day_that_a_country_left_out_has_no_work():
    samoa = Schedule(zone=ZoneInfo("Pacific/Apia"), windows=OFFICE)

    start, end = samoa.span(date(2011, 12, 30))
    assert start == end
    assert samoa.span(date(2011, 12, 29))[1] < start < samoa.span(date(2012, 1, 2))[0]


def test_due_times_skip_nights_weekends_and_holidays():
    holidays = frozenset({date(2026, 4, 3), date(2026, 4, 6)})  # Good Friday, Easter Monday
    office = Schedule(zone=BERLIN, windows=OFFICE, holidays=holidays)

    assert add_working_time(at("2026-04-02T16:00"), 4 * HOUR, office) == at("2026-04-07T12:00")
    assert add_working_time(at("2026-04-04T10:00"), HOUR, office) == at("2026-04-07T10:00")
    assert add_working_time(at("2026-04-02T09:00"), 8 * HOUR, office) == at("2026-04-02T17:00"), "not Tuesday at nine"
    assert add_working_time(at("2026-04-04T10:00"), timedelta(0), office) == at("2026-04-04T10:00")


def test_a_second_is_a_second():
    start = at("2026-03-06T16:59:59")
    office = Schedule(zone=BERLIN, windows=OFFICE)

    assert add_working_time(start, timedelta(seconds=2), office) == at("2026-03-09T09:00:01")
    assert working_time(start, at("2026-03-09T09:00:01"), office) == timedelta(seconds=2)


# Never for ever


def test_nobody_waits_longer_than_ten_years():
    start = at("2026-03-02T09:00")
    mondays = frozenset(date(2026, 3, 2) + n * timedelta(days=7) for n in range(2_000))
    only_mondays = Schedule(zone=BERLIN, windows=windows_of({"mon": ["09:00", "09:01"]}))
    never = Schedule(zone=BERLIN, windows=only_mondays.windows, holidays=mondays)

    assert add_working_time(start, HOUR, never) == start + HORIZON
    assert add_working_time(start, 32_767 * HOUR, only_mondays) == start + HORIZON
    assert add_working_time(start, 1_000_000 * HOUR, Schedule(zone=BERLIN)) == start + HORIZON
    assert working_time(start, start + HORIZON, never) == timedelta(0)


def test_weeks_are_jumped(monkeypatch):
    days = []
    real = Schedule.span
    monkeypatch.setattr(Schedule, "span", lambda self, day: days.append(day) or real(self, day))

    due = add_working_time(at("2026-03-02T09:00"), 9 * 52 * 40 * HOUR, Schedule(zone=BERLIN, windows=OFFICE))

    assert due.year == 2035
    assert len(days) < 9 * 2 * 7 + 14, "days are looked at one by one only where the clocks change, and at the ends"


# Properties


def schedules():
    clock = st.integers(0, 23 * 60 + 58)
    span = st.tuples(clock, clock).filter(lambda pair: pair[0] < pair[1])
    spelled = span.map(lambda pair: [f"{minute // 60:02}:{minute % 60:02}" for minute in pair])
    hours = st.dictionaries(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), spelled)
    zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Africa/Cairo", "Asia/Beirut"])
    days = st.frozensets(st.dates(date(2025, 12, 20), date(2027, 1, 10)), max_size=12)
    return st.builds(Schedule, zone=zones.map(ZoneInfo), windows=hours.map(windows_of), holidays=days)


def moments():
    return st.integers(0, 366 * 86_400).map(
        lambda seconds: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    )


def lengths(most: timedelta):
    return st.integers(0, int(most.total_seconds())).map(lambda seconds: timedelta(seconds=seconds))


@given(schedule=schedules(), start=moments(), length=lengths(200 * HOUR))
@settings(max_examples=300, deadline=None)
def test_what_is_added_is_measured(schedule, start, length):
    due = add_working_time(start, length, schedule)
    assume(due < start + HORIZON)

    assert working_time(start, due, schedule) == length
    if length:
        assert working_time(start, due - timedelta(seconds=1), schedule) == length - timedelta(seconds=1), "the first"


@given(schedule=schedules(), start=moments(), first=lengths(60 * HOUR), then=lengths(60 * HOUR))
@settings(max_examples=300, deadline=None)
def test_lengths_add_up(schedule, start, first, then):
    at_once = add_working_time(start, first + then, schedule)
    assume(at_once < start + HORIZON)

    assert add_working_time(add_working_time(start, first, schedule), then, schedule) == at_once


@given(schedule=schedules(), ends=st.tuples(moments(), moments(), moments()).map(sorted))
@settings(max_examples=300, deadline=None)
def test_spans_add_up(schedule, ends):
    start, middle, end = ends

    whole = working_time(start, end, schedule)
    assert whole == working_time(start, middle, schedule) + working_time(middle, end, schedule)
    assert timedelta(0) <= whole <= end - start


def walked(start: datetime, end: datetime, schedule: Schedule) -> timedelta:
    """Minute by minute: does somebody at the place, looking at calendar and clock, work now?"""
    total, minute = timedelta(0), start
    while minute < end:
        here = minute.astimezone(schedule.zone)
        window = schedule.windows[here.weekday()]
        since_midnight = timedelta(hours=here.hour, minutes=here.minute)
        works = window and here.date() not in schedule.holidays and window[0] <= since_midnight < window[1]
        total += MINUTE if works else timedelta(0)
        minute += MINUTE
    return total


@given(schedule=schedules(), start=moments(), minutes=st.integers(0, 16 * 24 * 60))
@settings(max_examples=60, deadline=None)
def test_it_is_what_walking_minute_by_minute_finds(schedule, start, minutes):
    start = start.replace(second=0)
    end = start + minutes * MINUTE
    days = {(start + n * DAY).astimezone(schedule.zone).date() for n in range(minutes // 1440 + 2)}
    # In autumn an hour comes twice: who begins or ends within it works on through it, which a look at the clock denies.
    assume(all(offset_stays(schedule.zone, day) or schedule.windows[day.weekday()] in WHOLE_OR_FREE for day in days))

    assert working_time(start, end, schedule) == walked(start, end, schedule)


WHOLE_OR_FREE = ((timedelta(0), DAY), None)


def offset_stays(zone: ZoneInfo, day: date) -> bool:
    begin, end = (datetime.combine(each, datetime.min.time(), zone) for each in (day, day + DAY))
    return begin.utcoffset() <= end.utcoffset()


# Whose hours


def test_the_persons_hours_and_zone_come_before_those_of_the_team(db):
    Organisation.objects.update_or_create(pk=1, defaults={"time_zone": "Europe/Berlin"})
    north = make_team("North", working_hours={"mon": ["08:00", "12:00"]}, time_zone="Europe/London")
    rob = make_user("rob", team=north, working_hours={"tue": ["10:00", "11:00"]}, time_zone="Asia/Kolkata")
    rosa, nobody = make_user("rosa", team=north), make_user("lone")

    assert schedule_of(rob, None) == Schedule(
        zone=ZoneInfo("Asia/Kolkata"), windows=windows_of({"tue": ["10:00", "11:00"]})
    )
    hers = Schedule(zone=ZoneInfo("Europe/London"), windows=windows_of({"mon": ["08:00", "12:00"]}))
    assert (schedule_of(rosa, None), schedule_of(None, north)) == (hers, hers)
    assert schedule_of(nobody, None) == Schedule(zone=ZoneInfo("Europe/Berlin")), "round the clock"
    assert schedule_of(nobody, None).never_rests


def test_a_calendar_of_the_team_takes_the_place_of_the_organisations(db):
    bavaria, saxony = HolidayCalendar.objects.create(name="Bavaria"), HolidayCalendar.objects.create(name="Saxony")
    epiphany, repentance = date(2026, 1, 6), date(2026, 11, 18)
    bavaria.holidays.create(day=epiphany)
    saxony.holidays.create(day=repentance)
    Organisation.objects.update_or_create(pk=1, defaults={"holidays": bavaria})
    north, south = make_team("North", holidays=saxony), make_team("South")

    assert schedule_of(None, north).holidays == {repentance}
    assert schedule_of(make_user("sue", team=south), None).holidays == {epiphany}


def test_hours_that_make_no_sense_are_no_hours(db):
    lost = make_team("Lost", working_hours={"mon": ["17:00", "09:00"], "tue": None, "wed": "x", "noday": ["1", "2"]})

    assert schedule_of(None, lost).never_rests


def test_many_schedules_cost_what_one_costs(db, django_assert_num_queries):
    bavaria = HolidayCalendar.objects.create(name="Bavaria")
    Organisation.objects.update_or_create(pk=1, defaults={"holidays": bavaria})
    teams = [make_team(f"Team {n}") for n in range(3)]
    people = [make_user(f"rep{n}", team=teams[n % 3]) for n in range(6)]

    for pairs in ([(people[0].pk, teams[1].pk)], [(rep.pk, None) for rep in people] + [(None, t.pk) for t in teams]):
        with django_assert_num_queries(4):
            assert set(schedules_for(pairs)) == set(pairs)
