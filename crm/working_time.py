"""Time that counts: how much of it lies between two moments, and when so much of it has passed (METRICS S4).

Interval arithmetic, exact to the second. Whole weeks without a holiday or a change of the clocks are jumped, so that a
year costs fifty steps and the distance of a deadline hardly matters.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from crm.models import Holiday, Organisation, Team, User
from crm.working_hours import DAYS, Hours, is_span

NOTHING = timedelta(0)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
SECOND = timedelta(seconds=1)
# From midnight to midnight: who has no hours works round the clock.
WHOLE_DAY = (NOTHING, DAY)
# What would take longer is due then: however few hours a week has, and however many holidays, nobody waits for ever.
HORIZON = timedelta(days=3_653)

# The beginning and the end of work on a day, from its midnight on the clock of the place; None: a free day.
Window = tuple[timedelta, timedelta] | None
# The ids of a person and of a team, at least one of them.
Asked = tuple[int | None, int | None]


@dataclass(frozen=True)
class Schedule:
    """When somebody works. ``windows``: seven, Monday first."""

    zone: ZoneInfo
    windows: tuple[Window, ...] = (WHOLE_DAY,) * 7
    holidays: frozenset[date] = frozenset()

    @cached_property
    def never_rests(self) -> bool:
        return not self.holidays and all(window == WHOLE_DAY for window in self.windows)

    @cached_property
    def week(self) -> timedelta:
        """The work of a week without holidays or a change of the clocks."""
        return sum((end - start for start, end in filter(None, self.windows)), NOTHING)

    def day_of(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def span(self, day: date) -> tuple[datetime, datetime] | None:
        """The work of ``day``, [from, to) in UTC; None when it is free."""
        window = self.windows[day.weekday()]
        if window is None or day in self.holidays:
            return None
        midnight = datetime.combine(day, time.min)
        return self.moment(midnight + window[0]), self.moment(midnight + window[1])

    def is_plain_week(self, first: date) -> bool:
        """Whether the seven days from ``first`` on have no holiday and no change of the clocks."""
        if any(first + n * DAY in self.holidays for n in range(7)):
            return False
        begin = datetime.combine(first, time.min, self.zone)
        return begin.utcoffset() == (begin + WEEK).utcoffset()

    def moment(self, clock: datetime) -> datetime:
        """When a clock of the place first shows ``clock``, or something later where spring leaves that hour out."""
        after = clock.replace(tzinfo=self.zone).astimezone(UTC)
        shown = after.astimezone(self.zone).replace(tzinfo=None)
        if shown == clock:
            return after
        before = clock.replace(tzinfo=self.zone, fold=1).astimezone(UTC)
        while after - before > SECOND:
            middle = before + (after - before) // SECOND // 2 * SECOND
            if middle.astimezone(self.zone).replace(tzinfo=None) < clock:
                before = middle
            else:
                after = middle
        return after


def working_time(start: datetime, end: datetime, schedule: Schedule) -> timedelta:
    """How much of [start, end) is working time; nothing when ``end`` comes first."""
    if schedule.never_rests:
        return max(end - start, NOTHING)
    first, last = schedule.day_of(start), schedule.day_of(end)
    day, total = first, NOTHING
    while day <= last:
        if first < day and day + WEEK <= last and schedule.is_plain_week(day):
            total += schedule.week
            day += WEEK
            continue
        if span := schedule.span(day):
            total += max(min(span[1], end) - max(span[0], start), NOTHING)
        day += DAY
    return total


def add_working_time(start: datetime, length: timedelta, schedule: Schedule) -> datetime:
    """The first moment by which ``length`` of working time has passed since ``start``, at most HORIZON after it."""
    latest = start + HORIZON
    if schedule.never_rests or length <= NOTHING:
        return min(start + max(length, NOTHING), latest)
    first, last = schedule.day_of(start), schedule.day_of(latest)
    day, left = first, length
    while day <= last:
        if first < day and schedule.week < left and schedule.is_plain_week(day):
            left -= schedule.week
            day += WEEK
            continue
        if span := schedule.span(day):
            begin = max(span[0], start)
            if span[1] - begin >= left:
                return min(begin + left, latest)
            left -= max(span[1] - begin, NOTHING)
        day += DAY
    return latest


def schedule_of(user: User | None, team: Team | None) -> Schedule:
    """When this person works, or else this team; their own hours and zone before those of their team."""
    asked = (user.pk if user else None, team.pk if team else None)
    return schedules_for([asked])[asked]


def schedules_for(pairs: Iterable[Asked]) -> dict[Asked, Schedule]:
    """The schedules of many, in four queries. A person named without a team works as the person's own team does."""
    asked = set(pairs)
    organisation = Organisation.get()
    hours = ("time_zone", "working_hours", "team__time_zone", "team__working_hours", "team__holidays")
    people = User.objects.select_related("team").only(*hours).in_bulk({user for user, _ in asked if user})
    teams = Team.objects.in_bulk({team for user, team in asked if team})
    works: dict[Asked, tuple[User | None, Team | None]] = {}
    for user_id, team_id in asked:
        user = people.get(user_id) if user_id else None
        works[user_id, team_id] = (user, teams.get(team_id) if team_id else user.team if user else None)
    calendars = {calendar_of(team, organisation) for _, team in works.values()}
    free = free_days(calendar for calendar in calendars if calendar)
    return {
        pair: Schedule(
            zone=ZoneInfo((user and user.time_zone) or (team and team.time_zone) or organisation.time_zone),
            windows=windows_of((user and user.working_hours) or (team and team.working_hours) or {}),
            holidays=free.get(calendar_of(team, organisation), frozenset()),
        )
        for pair, (user, team) in works.items()
    }


def calendar_of(team: Team | None, organisation: Organisation) -> int | None:
    return (team.holidays_id if team else None) or organisation.holidays_id


def free_days(calendars: Iterable[int]) -> dict[int | None, frozenset[date]]:
    """The days of these calendars."""
    days: dict[int | None, set[date]] = {}
    asked = list(calendars)
    if not asked:
        return {}
    for calendar, day in Holiday.objects.filter(calendar__in=asked).values_list("calendar_id", "day"):
        days.setdefault(calendar, set()).add(day)
    return {calendar: frozenset(found) for calendar, found in days.items()}


def windows_of(hours: Hours) -> tuple[Window, ...]:
    """A week as it is stored; one without a single hour is round the clock."""
    windows = tuple(window_of(hours.get(day)) for day in DAYS)
    return windows if any(windows) else (WHOLE_DAY,) * 7


def window_of(span: list[str] | None) -> Window:
    if not is_span(span):
        return None
    start, end = (time.fromisoformat(text) for text in span or ())
    return since_midnight(start), since_midnight(end)


def since_midnight(clock: time) -> timedelta:
    return timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second)
