"""Calendars of free days, and who uses which. What waits for an answer already keeps the time it was given."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from crm.access import require
from crm.errors import BusinessError
from crm.ics import MOST_DAYS, read_free_days
from crm.models import Holiday, HolidayCalendar, User

REFUSED = "Only admins change holidays."


@dataclass(frozen=True)
class Imported:
    """``timed``: entries of the file with times of day, which are no free days."""

    calendar: HolidayCalendar
    added: int
    present: int
    timed: int


@transaction.atomic
def create_calendar(*, by: User, name: str, content: bytes | None = None, today: date) -> HolidayCalendar:
    """A calendar, perhaps with the days of a file; none at all when the file is bad. Raises BadCalendar."""
    require(by.is_admin, REFUSED)
    calendar = HolidayCalendar.objects.create(name=name)
    if content is not None:
        import_days(calendar, by=by, content=content, today=today)
    return calendar


@transaction.atomic
def import_days(calendar: HolidayCalendar, *, by: User, content: bytes, today: date) -> Imported:
    """Add the free days of an ICS file; what is there already stays as it is. Raises BadCalendar."""
    require(by.is_admin, REFUSED)
    found = read_free_days(content, today=today)
    present = set(calendar.holidays.values_list("day", flat=True))
    fresh = {day: name for day, name in found.days.items() if day not in present}
    require_room(calendar, present, fresh)
    Holiday.objects.bulk_create(
        [Holiday(calendar=calendar, day=day, name=name) for day, name in fresh.items()], ignore_conflicts=True
    )
    return Imported(calendar, len(fresh), len(found.days) - len(fresh), found.timed)


@transaction.atomic
def add_day(calendar: HolidayCalendar, *, by: User, day: date, name: str = "") -> Holiday:
    """One more free day. Raises BusinessError when it is there already."""
    require(by.is_admin, REFUSED)
    present = set(calendar.holidays.values_list("day", flat=True))
    if day in present:
        raise BusinessError(f"{day:%d %b %Y} is a free day already.", code="day_there")
    require_room(calendar, present, [day])
    return Holiday.objects.create(calendar=calendar, day=day, name=name)


def remove_day(holiday: Holiday, *, by: User) -> None:
    require(by.is_admin, REFUSED)
    holiday.delete()


def rename_calendar(calendar: HolidayCalendar, *, by: User, name: str) -> None:
    require(by.is_admin, REFUSED)
    calendar.name = name
    calendar.save(update_fields=["name", "updated_at"])


def remove_calendar(calendar: HolidayCalendar, *, by: User) -> None:
    """Teams that used it use that of the organisation; an organisation that did has no free days."""
    require(by.is_admin, REFUSED)
    calendar.delete()


def require_room(calendar: HolidayCalendar, present: Collection[date], fresh: Collection[Any]) -> None:
    if len(present) + len(fresh) > MOST_DAYS:
        raise BusinessError(f"{calendar} would have more than {MOST_DAYS:,} free days.", code="too_many_days")
