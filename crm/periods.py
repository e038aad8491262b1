"""Where days begin: every day and month is cut here, in the organisation's time zone."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from crm.models import Organisation


def zone() -> ZoneInfo:
    """The organisation's time zone."""
    return Organisation.get().zone


def start_of_day(day: date, tz: ZoneInfo) -> datetime:
    """The first moment of ``day`` in ``tz``."""
    return datetime.combine(day, time.min, tzinfo=tz)


def local_day(at: datetime, tz: ZoneInfo) -> date:
    return at.astimezone(tz).date()


def own_day(at: datetime) -> date:
    """The day of a moment where the organisation is."""
    return local_day(at, zone())


def start_of_month(day: date) -> date:
    return day.replace(day=1)


def add_months(day: date, months: int) -> date:
    """The first of the month ``months`` after the month of ``day`` (before, when negative)."""
    index = day.year * 12 + day.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def start_of_week(day: date) -> date:
    """The Monday on or before ``day``."""
    return day - timedelta(days=day.weekday())
