"""Who asks for a list."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from crm.models import User
from crm.periods import local_day, start_of_day, zone


@dataclass(frozen=True)
class Asker:
    """Who asks, and when: what "mine", "today" and "overdue" mean."""

    user: User
    at: datetime

    @cached_property
    def tz(self) -> ZoneInfo:
        return zone()

    @cached_property
    def today(self) -> date:
        return local_day(self.at, self.tz)

    def day_in(self, days: int) -> datetime:
        """The first moment of the day so many days from today."""
        return start_of_day(self.today + timedelta(days=days), self.tz)
