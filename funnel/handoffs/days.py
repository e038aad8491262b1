"""The days that a figure of hand-offs is about, and what SQL takes of them."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from crm.periods import local_day, start_of_day, zone


@dataclass(frozen=True)
class Days:
    """Days ``start`` to ``end`` (not included), looked at ``at`` a moment."""

    start: date
    end: date
    at: datetime

    @cached_property
    def parameters(self) -> dict[str, Any]:
        tz = zone()
        return {
            "start": start_of_day(self.start, tz),
            "end": start_of_day(self.end, tz),
            "first_day": self.start,
            "end_day": self.end,
            "today": local_day(self.at, tz),
            "zone": str(tz),
            "at": self.at,
        }
