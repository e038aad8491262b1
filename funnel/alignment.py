"""The page of alignment: one quarter of both sides at a glance, each figure beside that of the quarter before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.cache import cache
from django.utils.formats import date_format

from crm.models import Organisation, Side
from crm.periods import add_months, local_day, start_of_quarter
from feedback.agreements import digest
from feedback.terms import BOTH, Goal
from funnel.attainment import goals_for
from funnel.promises import Days
from funnel.queries import Freshness, freshness
from funnel.reports.alignment import Line, lines, other_currencies
from funnel.reports.question import day_of

# A quarter that is over hardly changes: its figures are counted anew so often.
KEEP_PAST = timedelta(minutes=10)
COLUMNS = ((Side.MARKETING.value, "Marketing"), (BOTH, "Together"), (Side.SALES.value, "Sales"))


@dataclass(frozen=True)
class Compared:
    """A measure of the quarter, and the same of the quarter before."""

    now: Line
    before: Line | None

    @property
    def before_words(self) -> str:
        return self.before.actual_words if self.before and self.before.actual is not None else ""


@dataclass(frozen=True)
class Quarter:
    """What the page shows; ``columns``: marketing, both, sales."""

    start: date
    end: date
    columns: list[tuple[str, str, list[Compared]]]
    previous: date
    following: date | None
    sentence: str
    notes: list[str]
    freshness: Freshness

    @property
    def label(self) -> str:
        """ "Oct to Dec 2026"."""
        last = self.end - timedelta(days=1)
        first = date_format(self.start, "M" if self.start.year == last.year else "M Y")
        return f"{first} to {date_format(last, 'M Y')}"

    @property
    def csv_query(self) -> str:
        return f"from={self.start}&to={self.end}&format=csv"


def quarter_asked(parameters: Mapping[str, str], *, today: date) -> date:
    """The first day of the quarter that an address names (any day of it), else of the present one."""
    day = day_of(parameters, "quarter") or today
    return start_of_quarter(day, Organisation.get().fiscal_year_starts)


def quarter(start: date, *, at: datetime) -> Quarter:
    end, previous = add_months(start, 3), add_months(start, -3)
    goals = goals_for(start, end)
    found = lines(Days(start, end, at), goals)
    earlier = {line.measure: line for line in past(previous, start, goals, at=at)}
    # A goal of its own says it already.
    said_twice = {"sales_answer_time"} if any(line.measure == "hours_to_verdict" for line in found) else set()
    compared = [Compared(line, earlier.get(line.measure)) for line in found if line.measure not in said_twice]
    is_past = end <= local_day(at, Organisation.get().zone)
    return Quarter(
        start=start,
        end=end,
        columns=[(side, label, [one for one in compared if one.now.side == side]) for side, label in COLUMNS],
        previous=previous,
        following=end if is_past else None,
        sentence=sentence(found),
        notes=other_currencies([line.goal for line in found if line.goal]),
        freshness=freshness(at=at),
    )


def past(start: date, end: date, goals: Sequence[Goal], *, at: datetime) -> list[Line]:
    """The same lines of a quarter that is over, counted every ten minutes at most."""
    key = f"alignment:{start}:{end}:{digest([str(goal) for goal in goals])}"
    kept: list[Line] | None = cache.get(key)
    if kept is None:
        kept = lines(Days(start, end, at), goals)
        cache.set(key, kept, KEEP_PAST.total_seconds())
    return kept


def sentence(found: list[Line]) -> str:
    """What the heads of both sides should talk about: how many promises each kept, and the worst of all."""
    promised = [line for line in found if line.attainment is not None]
    if not promised:
        return ""
    said = []
    for side in Side:
        own = [line for line in promised if line.side == side.value]
        if own:
            kept = sum(line.state in {"ahead", "pace"} for line in own)
            said.append(f"{side.label if not said else side.label.lower()} keeps {kept} of {len(own)} promises")
    worst = min(promised, key=lambda line: line.attainment or 0)
    words = f"{', '.join(said)}." if said else ""
    return f"{words} Furthest behind: {worst.label} ({worst.actual_words})." if worst.state == "behind" else words
