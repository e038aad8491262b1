"""The score of one lead over its life as a line: computed when it is asked for, kept nowhere.

Each point is what the definition in force then said of what was known then, by the statement that scores every lead.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby

from django.db.models import Case, F, When
from django.db.models.functions import Greatest

from crm.periods import add_months, local_day, start_of_day, start_of_month, zone
from feedback.models import SignedStatus
from leads.models import Lead, Touch, TouchBy, Transition
from leads.united import united_ids
from scoring.definitions import card_of
from scoring.engine import Standing, standings_at
from scoring.models import Definition

# As many as a line on a page can show.
MOST_POINTS = 200
# The newest touches and moves of a lead; nobody reads more of them off a line.
MOST_TOUCHES, MOST_MOVES = 2_000, 200
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Point:
    """What the lead showed from a moment on, and by which version of the definition."""

    at: datetime
    score: int
    grade: str
    excluded: bool
    qualifies: bool
    version: int


@dataclass(frozen=True)
class Break:
    """Another definition came into force."""

    at: datetime
    version: int


@dataclass(frozen=True)
class Mark:
    """A move of the lead, with the score it is stamped with where it is."""

    at: datetime
    stage: str
    version: int | None
    score: int | None


@dataclass(frozen=True)
class History:
    points: list[Point]
    breaks: list[Break]
    marks: list[Mark]


class Reigns:
    """Which definition was in force when."""

    def __init__(self) -> None:
        was_in_force = Definition.objects.filter(status__in=[SignedStatus.ACTIVE, SignedStatus.RETIRED])
        tz = zone()
        self.began = [
            (start_of_day(definition.effective_from, tz), definition)
            for definition in was_in_force.order_by("effective_from", "version")
            if definition.effective_from
        ]

    def of(self, at: datetime) -> Definition | None:
        return next((definition for began, definition in reversed(self.began) if began <= at), None)

    def breaks(self, start: datetime, end: datetime) -> list[Break]:
        """After ``start`` and up to ``end``; of two that began on the same day only the later one ever was in force."""
        latest = {began: definition.version for began, definition in self.began if start < began <= end}
        return [Break(at, version) for at, version in latest.items()]


def history_of(lead: Lead, *, at: datetime) -> History:
    """The line up to ``at``, in the order of time: a point at each touch, definition and month's end, at most 200.

    It begins with the capture, or with the first definition if that is later; without one there is no point.
    """
    reigns = Reigns()
    touches = moments_of_touches(lead, at)
    start = max(min([lead.captured_at, *touches[:1]]), first_of(reigns))
    if start > at:
        return History([], [], marks_of(lead, at))
    breaks = reigns.breaks(start, at)
    # The last moment of the definition before, then the first of the next one: the line steps where it breaks.
    needed = {start, at, *(moment for one in breaks for moment in (one.at - INSTANT, one.at))}
    others = {moment for moment in (*touches, *ends_of_months(start, at)) if start < moment < at} - needed
    moments = sorted(needed | set(thinned(sorted(others), MOST_POINTS - len(needed))))
    return History(list(points_at(lead, moments, reigns)), breaks, marks_of(lead, at))


def first_of(reigns: Reigns) -> datetime:
    return reigns.began[0][0] if reigns.began else datetime.max.replace(tzinfo=UTC)


def points_at(lead: Lead, moments: list[datetime], reigns: Reigns) -> Iterator[Point]:
    """One statement for each definition in whose time some of the moments fall."""
    for definition, during in groupby(moments, key=reigns.of):
        if definition is None:
            continue
        standings = standings_at([(lead.pk, moment) for moment in during], card=card_of(definition))
        for one in sorted(standings, key=lambda standing: standing.at):
            yield point_of(one, definition.version)


def point_of(standing: Standing, version: int) -> Point:
    return Point(standing.at, standing.shown, standing.grade, standing.excluded, standing.qualifies, version)


def moments_of_touches(lead: Lead, at: datetime) -> list[datetime]:
    """When each of the buyer's touches was known: when it happened, or when somebody wrote it down later."""
    known_at = Case(When(at__lt=lead.created_at, then=F("at")), default=Greatest("at", "created_at"))
    touches = Touch.objects.filter(lead__in=united_ids(lead), by=TouchBy.BUYER, at__lte=at)
    return sorted(set(touches.order_by("-at").values_list(known_at, flat=True)[:MOST_TOUCHES]))


def ends_of_months(start: datetime, end: datetime) -> Iterator[datetime]:
    tz = zone()
    month = add_months(start_of_month(local_day(start, tz)), 1)
    while (moment := start_of_day(month, tz) - INSTANT) < end:
        yield moment
        month = add_months(month, 1)


def thinned(moments: list[datetime], most: int) -> Iterable[datetime]:
    """At most so many of them, evenly."""
    if len(moments) <= most:
        return moments
    return (moments[number * len(moments) // most] for number in range(max(most, 0)))


def marks_of(lead: Lead, at: datetime) -> list[Mark]:
    moves = Transition.objects.effective().filter(lead=lead, at__lte=at).order_by("-seq")[:MOST_MOVES]
    return [Mark(move.at, move.to_stage, move.definition_version, move.score) for move in reversed(moves)]
