"""When people work and when buyers click."""

import math
from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from crm.working_time import Schedule, working_time

OPENS, CLOSES = 8, 18


def next_working(at: datetime, zone: ZoneInfo, rng: Random) -> datetime:
    """``at``, or else some time in the first two hours of the next working day."""
    local = at.astimezone(zone)
    if local.weekday() < 5 and OPENS <= local.hour < CLOSES:
        return at
    days = 1 if local.hour >= CLOSES else 0
    days += {5: 2, 6: 1}.get((local.weekday() + days) % 7, 0)
    morning = (local + timedelta(days=days)).replace(hour=OPENS, minute=0, second=0, microsecond=0)
    return max(at, morning.astimezone(at.tzinfo) + timedelta(seconds=rng.randint(60, 7200)))


def waking(day: datetime, rng: Random) -> datetime:
    """A moment of that day at which a buyer might be at a screen; mostly office hours."""
    hour = min(22.5, max(6.5, rng.gauss(13.5, 3.2)))
    return day.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(seconds=int(hour * 3600))


def worked_before(end: datetime, hours: float, schedule: Schedule) -> datetime:
    """A moment since which people have worked ``hours`` until ``end``, to within five minutes."""
    start, wanted = end, timedelta(hours=hours)
    while (missing := wanted - working_time(start, end, schedule)) > timedelta(0):
        start -= max(missing, timedelta(minutes=5))
    return start


def spread(rng: Random, median: float, sigma: float = 0.8) -> float:
    """A delay around ``median`` that is never negative and sometimes long, at most five times as long."""
    return min(rng.lognormvariate(math.log(median), sigma), 5 * median)
