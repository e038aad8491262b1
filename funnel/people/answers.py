"""How a person answers what is handed to them: acceptance, and how long an answer takes, beside everybody's."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from crm.intervals import Counted
from crm.models import User
from feedback.verdict_figures import Asked, Figures, Quality, quality, totals
from funnel.handoffs.days import Days
from funnel.handoffs.service_levels import Promised, kept_of

# Of fewer judged leads no rate is told.
ENOUGH = 10


@dataclass(frozen=True)
class Answers:
    """Of hand-offs of some days. ``in_time``: met, of those whose time is over; ``everybody``: the same of all reps."""

    figures: Figures
    quality: Quality
    in_time: Counted
    everybody: Figures
    everybodys_time: timedelta | None

    @property
    def is_enough(self) -> bool:
        return self.figures.judged >= ENOUGH


def answers(person: User, start: date, end: date, *, at: datetime) -> Answers:
    """Of what was handed over on days from ``start`` to ``end`` (not included)."""
    whole, own = Asked(start, end), Asked(start, end, {"owner": str(person.pk)})
    promised = Promised(Days(start, end, at), "cohort", (("owner", str(person.pk)),))
    return Answers(
        figures=totals(own, at=at),
        quality=quality(own, at=at),
        in_time=kept_of("verdict", promised).counted,
        everybody=totals(whole, at=at),
        everybodys_time=quality(whole, at=at).median,
    )
