"""The page of alignment: one quarter of both sides at a glance, each figure beside that of the quarter before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils.formats import date_format

from crm.fiscal import fiscal_quarter, previous
from crm.models import Side
from crm.periods import own_day
from feedback.agreement import active_agreement
from feedback.agreements import digest
from feedback.terms import BOTH, Goal
from funnel.facts.freshness import Freshness, freshness
from funnel.handoffs.days import Days
from funnel.keeping import Kept, kept
from funnel.reports.alignment import Line, lines, other_currencies
from funnel.reports.question import day_of
from funnel.targets.goals import attainment, goals_for

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
    compared_until: date
    sentence: str
    notes: list[str]
    freshness: Freshness
    counted_at: datetime

    @property
    def label(self) -> str:
        """ "Oct to Dec 2026"."""
        return span_words(self.start, self.end - timedelta(days=1), "M")

    @property
    def before_label(self) -> str:
        """The days that figures are compared with: "1 Jul to 22 Aug 2026"."""
        return span_words(self.previous, self.compared_until - timedelta(days=1), "j M")

    @property
    def csv_query(self) -> str:
        return f"from={self.start}&to={self.end}&format=csv"


def span_words(first: date, last: date, form: str) -> str:
    return f"{date_format(first, form if first.year == last.year else f'{form} Y')} to {date_format(last, f'{form} Y')}"


def quarter_asked(parameters: Mapping[str, str], *, today: date) -> date:
    """The first day of the quarter that an address names (any day of it), else of the present one."""
    day = day_of(parameters, "quarter") or today
    return fiscal_quarter(day).start


def quarter(start: date, *, at: datetime) -> Quarter:
    now, today = fiscal_quarter(start), own_day(at)
    end, before = now.end, previous(now).start
    # A quarter that runs is compared with the one before as far as it had come by then.
    compared_until = start if end <= today else min(start, before + (max(today, start) - start) + timedelta(days=1))
    goals = goals_for(start, end)
    counted = count_days(start, end, goals, at=at)
    found = counted.value
    earlier = {line.measure: line for line in count_days(before, compared_until, goals, at=at).value}
    # A goal of its own says it already.
    said_twice = {"sales_answer_time"} if any(line.measure == "hours_to_verdict" for line in found) else set()
    compared = [Compared(line, earlier.get(line.measure)) for line in found if line.measure not in said_twice]
    return Quarter(
        start=start,
        end=end,
        columns=[(side, label, [one for one in compared if one.now.side == side]) for side, label in COLUMNS],
        previous=before,
        following=end if end <= today else None,
        compared_until=compared_until,
        sentence=sentence(found),
        notes=other_currencies([line.goal for line in found if line.goal]),
        freshness=freshness(at=at),
        counted_at=counted.at,
    )


def count_days(start: date, end: date, goals: Sequence[Goal], *, at: datetime) -> Kept[list[Line]]:
    key = digest([str(start), str(end), *map(str, goals)])
    return kept(f"alignment:{key}", lines_of_days, start, end, goals, at=at)


def lines_of_days(start: date, end: date, goals: Sequence[Goal], *, at: datetime) -> list[Line]:
    return lines(Days(start, end, at), goals)


def count_ahead(*, at: datetime) -> None:
    """What the pages open with: the goals of the agreement in force, and this quarter beside the one before."""
    attainment(active_agreement(), at=at)
    quarter(quarter_asked({}, today=own_day(at)), at=at)


def sentence(found: list[Line]) -> str:
    """What the heads of both sides should talk about: how many promises each kept, and the worst of all."""
    promised = [line for line in found if line.attainment is not None]
    if not promised:
        return ""
    said: list[str] = []
    for side in Side:
        own = [line for line in promised if line.side == side.value]
        if own:
            kept = sum(line.state in {"ahead", "pace"} for line in own)
            said.append(f"{side.label if not said else side.label.lower()} keeps {kept} of {len(own)} promises")
    worst = min(promised, key=lambda line: line.attainment or 0)
    words = f"{', '.join(said)}." if said else ""
    return f"{words} Furthest behind: {worst.label} ({worst.actual_words})." if worst.state == "behind" else words
