"""Free days out of a calendar file (.ics): all-day events, over several days, repeated by year, month or week.

Nothing in a file can make this work for long: its size, the number of its entries, what repeats and for how long one
looks at it are all bounded.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from time import monotonic
from typing import Any, NamedTuple

from dateutil.rrule import rrulestr
from icalendar import Calendar

from crm.errors import BusinessError

MOST_BYTES = 1_000_000
MOST_EVENTS = 5_000
MOST_DAYS = 2_000
LONGEST_EVENT = timedelta(days=366)
LONGEST_NAME = 120
# So many years from this one on are looked at, and the one before.
YEARS_AHEAD = 5
SECONDS = 5.0
DAY = timedelta(days=1)
DATES = {"DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID"}
# What repeats faster is no holiday.
REPEATS = {"YEARLY", "MONTHLY", "WEEKLY"}


class BadCalendar(BusinessError):
    """The file cannot be read; the text says where and why."""

    code = "bad_calendar"


class Window(NamedTuple):
    """The days that are looked at, both included."""

    first: date
    last: date


@dataclass(frozen=True)
class Found:
    """``days``: the name of each free day. ``timed``: entries with times of day, which are no free days."""

    days: dict[date, str]
    timed: int


def read_free_days(content: bytes, *, today: date) -> Found:
    """The free days of the file from last year until five years ahead. Raises BadCalendar."""
    window = Window(date(today.year - 1, 1, 1), date(today.year + YEARS_AHEAD, 12, 31))
    events, until = events_of(content), monotonic() + SECONDS
    moved = moved_away(events)
    days: dict[date, str] = {}
    timed = 0
    for number, event in enumerate(events, start=1):
        if monotonic() > until:
            raise BadCalendar("It takes too long to read; leave out what repeats in complicated ways.")
        name = named(event, number)
        length = length_of(event, name)
        if length is None:
            timed += 1
        else:
            for day in days_of(event, name, length, window, moved):
                days.setdefault(day, name)
        if len(days) > MOST_DAYS:
            raise BadCalendar(f"It has more than {MOST_DAYS:,} free days; nobody would ever work.")
    if not days:
        found = f"; its {timed} entries have times of day" if timed else ""
        raise BadCalendar(f"There is no free day in it from {window.first.year} to {window.last.year}{found}.")
    return Found(dict(sorted(days.items())), timed)


def moved_away(events: Iterable[Any]) -> set[tuple[str, date]]:
    """Single times of repeated events that another entry of the file puts elsewhere."""
    found = ((str(event.get("UID")), getattr(event.get("RECURRENCE-ID"), "dt", None)) for event in events)
    return {(uid, day_of(moment)) for uid, moment in found if isinstance(moment, date)}


def days_of(
    event: Any, name: str, length: timedelta, window: Window, moved: Collection[tuple[str, date]]
) -> Iterator[date]:
    """Every free day of the event in the window."""
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return
    for begin in beginnings(event, name, window.first - length, window.last):
        if "RECURRENCE-ID" in event or (str(event.get("UID")), begin) not in moved:
            yield from (day for day in every_day(begin, length) if window.first <= day <= window.last)


def every_day(begin: date, length: timedelta) -> Iterator[date]:
    return (begin + offset * DAY for offset in range(length.days))


def events_of(content: bytes) -> list[Any]:
    """Every event of every calendar in the file."""
    if len(content) > MOST_BYTES:
        raise BadCalendar(f"It is larger than {MOST_BYTES // 1_000_000} MB; a calendar of holidays is far smaller.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadCalendar("It is not written in UTF-8. Export it once more as an iCalendar file.") from error
    if not text.lstrip().upper().startswith("BEGIN:VCALENDAR"):
        raise BadCalendar("It is no calendar file (.ics): it does not begin with BEGIN:VCALENDAR.")
    if not text.rstrip().upper().endswith("END:VCALENDAR"):
        raise BadCalendar("It is cut off: it does not end with END:VCALENDAR.")
    try:
        calendars = Calendar.from_ical(text, multiple=True)
    except (ValueError, IndexError, KeyError, TypeError, RecursionError) as error:
        raise BadCalendar(f"It is damaged: {str(error)[:150]}") from error
    events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    if len(events) > MOST_EVENTS:
        raise BadCalendar(f"It has {len(events):,} entries; at most {MOST_EVENTS:,} are read.")
    return events


def named(event: Any, number: int) -> str:
    return " ".join(str(event.get("SUMMARY", "")).replace("\0", " ").split())[:LONGEST_NAME] or f"Entry {number}"


def length_of(event: Any, name: str) -> timedelta | None:
    """How many whole days the event takes; None when it has times of day. Raises BadCalendar."""
    for field, why in getattr(event, "errors", ()):
        if field in DATES:
            raise BadCalendar(f"“{name}”: its {field} makes no sense ({str(why)[:100]}).")
    try:
        start, end = event.start, event.end
    except (ValueError, TypeError, AttributeError, KeyError, OverflowError) as error:
        raise BadCalendar(f"“{name}”: its dates make no sense ({str(error)[:100]}).") from error
    if isinstance(start, datetime) and not (start.time() == time.min and end.time() == time.min and end > start):
        return None
    length = day_of(end) - day_of(start)
    if length > LONGEST_EVENT:
        raise BadCalendar(f"“{name}” lasts longer than a year.")
    if length < timedelta(0):
        raise BadCalendar(f"“{name}” ends before it begins.")
    return max(length, DAY)


def beginnings(event: Any, name: str, first: date, last: date) -> Iterator[date]:
    """The days from ``first`` to ``last`` on which the event begins."""
    start = day_of(event.start)
    excluded = set(dates_of(event, "EXDATE", name))
    found = {start, *dates_of(event, "RDATE", name)}
    rules = event.get("RRULE", [])
    for rule in rules if isinstance(rules, list) else [rules]:
        found |= set(repeated(rule, name, start, first, last))
    yield from sorted(day for day in found - excluded if first <= day <= last)


def repeated(rule: Any, name: str, start: date, first: date, last: date) -> Iterator[date]:
    frequency = str((rule.get("FREQ") or [""])[0]).upper()
    if frequency not in REPEATS:
        raise BadCalendar(
            f"“{name}” repeats {frequency.lower() or 'in an unknown way'}; a holiday repeats by year, month or week."
        )
    # Every nought years would never end.
    if any(int(every) < 1 for every in rule.get("INTERVAL") or ()):
        raise BadCalendar(f"“{name}” repeats every nought times, which makes no sense.")
    if set(map(str.upper, rule)) & {"BYHOUR", "BYMINUTE", "BYSECOND"}:
        raise BadCalendar(f"“{name}” repeats within a day; a holiday does not.")
    # A day is a day: without times, until what is given as a moment is read as its day.
    plain = {key: value for key, value in rule.items() if key.upper() != "UNTIL"}
    text = type(rule)(plain).to_ical().decode()
    midnight = datetime.combine(start, time.min)
    try:
        if until := rule.get("UNTIL"):
            last = min(last, day_of(until[0]))
        rules = rrulestr(text, dtstart=midnight)
        for begin in rules.xafter(datetime.combine(max(first, date.min), time.min), inc=True):
            if begin.date() > last:
                return
            yield begin.date()
    except (ValueError, TypeError, OverflowError) as error:
        raise BadCalendar(f"“{name}”: how it repeats makes no sense ({str(error)[:100]}).") from error


def dates_of(event: Any, key: str, name: str) -> Iterator[date]:
    """The days of a list of dates, which a file may write once or several times."""
    lists = event.get(key, [])
    try:
        for each in lists if isinstance(lists, list) else [lists]:
            yield from (day_of(one.dt) for one in each.dts)
    except (AttributeError, TypeError) as error:
        raise BadCalendar(f"“{name}”: its {key} makes no sense.") from error


def day_of(moment: date | datetime) -> date:
    """Raises TypeError for a span of time."""
    if not isinstance(moment, date):
        raise TypeError("no day")
    return moment.date() if isinstance(moment, datetime) else moment
