from contextlib import suppress
from datetime import date
from time import monotonic

import pytest

from crm.ics import MOST_BYTES, BadCalendar, read_free_days

TODAY = date(2026, 11, 22)


def file(*events: str) -> bytes:
    body = "".join(f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\n{body}END:VCALENDAR\n".encode()


def event(name: str, start: str, *more: str) -> str:
    return "\n".join([f"UID:{name}@test", f"SUMMARY:{name}", f"DTSTART;VALUE=DATE:{start}", *more])


def found(*events: str) -> dict[date, str]:
    return read_free_days(file(*events), today=TODAY).days


def test_single_days_and_days_in_a_row():
    assert found(
        event("New Year", "20270101"),
        event("Christmas", "20261225", "DTEND;VALUE=DATE:20261227"),
        event("Bridge", "20260515", "DURATION:P2D"),
    ) == {
        date(2026, 5, 15): "Bridge", date(2026, 5, 16): "Bridge",
        date(2026, 12, 25): "Christmas", date(2026, 12, 26): "Christmas", date(2027, 1, 1): "New Year",
    }  # fmt: skip


def test_what_repeats_is_there_from_last_year_to_five_years_ahead():
    days = found(event("Labour Day", "19900501", "RRULE:FREQ=YEARLY"))
    assert sorted(days) == [date(year, 5, 1) for year in range(2025, 2032)]


def test_rules_of_months_and_weekdays_and_ends_and_exceptions():
    thanksgiving = event("Thanksgiving", "20201126", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH")
    ended = event("Ended", "20200601", "RRULE:FREQ=YEARLY;UNTIL=20260601T000000Z")
    counted = event("Counted", "20240701", "RRULE:FREQ=YEARLY;COUNT=3")
    skipped = event("Skipped", "20250801", "RRULE:FREQ=YEARLY;COUNT=3", "EXDATE;VALUE=DATE:20260801")
    extra = event("Extra", "20250901", "RDATE;VALUE=DATE:20260902")

    by_name: dict[str, list[str]] = {}
    for day, name in found(thanksgiving, ended, counted, skipped, extra).items():
        by_name.setdefault(name, []).append(day.isoformat())

    assert by_name["Thanksgiving"][:2] == ["2025-11-27", "2026-11-26"]
    assert by_name["Ended"] == ["2025-06-01", "2026-06-01"]
    assert by_name["Counted"] == ["2025-07-01", "2026-07-01"]
    assert by_name["Skipped"] == ["2025-08-01", "2027-08-01"]
    assert by_name["Extra"] == ["2025-09-01", "2026-09-02"]


def test_a_single_time_that_was_moved_stands_where_it_was_moved_to():
    every = "UID:x\nSUMMARY:Founders\nDTSTART;VALUE=DATE:20250310\nRRULE:FREQ=YEARLY;COUNT=2"
    moved = "UID:x\nSUMMARY:Founders, moved\nRECURRENCE-ID;VALUE=DATE:20260310\nDTSTART;VALUE=DATE:20260312"
    assert found(every, moved) == {date(2025, 3, 10): "Founders", date(2026, 3, 12): "Founders, moved"}


def test_cancelled_and_timed_entries_are_no_free_days_and_midnights_are():
    party = "UID:p\nSUMMARY:Party\nDTSTART:20261211T160000Z\nDTEND:20261211T200000Z"
    shut = "UID:s\nSUMMARY:Shut\nDTSTART:20261228T000000\nDTEND:20261230T000000"
    gone = event("Gone", "20261001", "STATUS:CANCELLED")

    answer = read_free_days(file(party, shut, gone), today=TODAY)

    assert (list(answer.days), answer.timed) == ([date(2026, 12, 28), date(2026, 12, 29)], 1)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no calendar file"),
        (b"name,day\nXmas,2026-12-25", "no calendar file"),
        (b"PK\x03\x04\xff\xfe", "not written in UTF-8"),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:Half", "cut off"),
        (b"BEGIN:VCALENDAR\nEND:VEVENT\nEND:VCALENDAR", "damaged"),
        (file(event("Old", "19990101")), "no free day in it from 2025 to 2031"),
        (file("UID:1\nSUMMARY:No date"), "“No date”: its dates make no sense"),
        (file(event("Odd", "20269999")), "“Odd”: its DTSTART makes no sense"),
        (file(event("Back", "20260105", "DTEND;VALUE=DATE:20260101")), "“Back”"),
        (file(event("Long", "20260105", "DTEND;VALUE=DATE:20290101")), "“Long” lasts longer than a year"),
        (file(event("Tick", "20260105", "RRULE:FREQ=SECONDLY")), "“Tick” repeats secondly"),
        (file(event("Daily", "20260105", "RRULE:FREQ=DAILY")), "“Daily” repeats daily"),
        (file(event("Hours", "20260105", "RRULE:FREQ=YEARLY;BYHOUR=1,2,3")), "“Hours” repeats within a day"),
        (file(event("Bad", "20260105", "RRULE:FREQ=YEARLY;INTERVAL=x")), "“Bad”: its RRULE"),
        (file(event("Garbage", "20260105", "EXDATE:garbage")), "“Garbage”: its EXDATE"),
        (b"BEGIN:VCALENDAR\n" + b"X" * MOST_BYTES, "larger than 1 MB"),
    ],
)
def test_a_bad_file_is_refused_and_says_why(content, says):
    with pytest.raises(BadCalendar, match=says):
        read_free_days(content, today=TODAY)


@pytest.mark.parametrize(
    "events",
    [
        [event(f"Never {n}", "19000101", "RRULE:FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30") for n in range(300)],
        [event(f"Old {n}", "00010101", "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU") for n in range(300)],
        [event(f"Many {n}", "20260101", "DTEND;VALUE=DATE:20261231") for n in range(4_000)],
        [event(f"Count {n}", "20260101", "RRULE:FREQ=WEEKLY;COUNT=999999999") for n in range(300)],
        [event(f"Far {n}", "99991230", "RRULE:FREQ=YEARLY") for n in range(3_000)],
        [event("x", "20260101") for _ in range(6_000)],
    ],
)
def test_no_file_keeps_anybody_waiting(events):
    begun = monotonic()
    with suppress(BadCalendar):
        assert read_free_days(file(*events), today=TODAY).days
    assert monotonic() - begun < 20


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("RRULE:FREQ=YEARLY;INTERVAL=0", "nought"),
        ("RDATE;VALUE=PERIOD:20260101T000000Z/PT1H", "RDATE makes no sense"),
        ("RRULE:FREQ=YEARLY;UNTIL=120000", "makes no sense"),
    ],
)
def test_what_would_never_end_or_is_no_day_is_refused(more, says):
    with pytest.raises(BadCalendar, match=says):
        found(event("Odd", "20260101", more))


def test_a_name_holds_what_a_database_keeps():
    assert found(event("New\0Year", "20270101")) == {date(2027, 1, 1): "New Year"}
