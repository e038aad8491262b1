"""Whether a change helped: acceptance before and after its day, as sure as the counts allow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Q

from crm.intervals import Counted, Difference, difference
from crm.periods import start_of_day, zone
from feedback.models import Handoff, Improvement, ImprovementKind
from feedback.queries import ACCEPTED, JUDGED

LOOKED_AT = timedelta(days=90)
# Fewer judged leads on either side, and nothing is claimed.
FEWEST = 30


@dataclass(frozen=True)
class Window:
    """Hand-offs offered on these days; ``end`` is not included."""

    start: date
    end: date

    @property
    def days(self) -> int:
        return (self.end - self.start).days


@dataclass(frozen=True)
class Effect:
    """Accepted of judged leads, before and after a change."""

    before: Counted
    after: Counted
    before_days: int = 0
    after_days: int = 0

    @property
    def difference(self) -> Difference | None:
        """How far acceptance rose; None while either side has too few."""
        return difference(self.before, self.after) if self.is_enough else None

    @property
    def is_enough(self) -> bool:
        return self.fewer_judged >= FEWEST

    @property
    def fewer_judged(self) -> int:
        return min(self.before.whole, self.after.whole)

    @property
    def words(self) -> str:
        """ "better, likely by 4–21 points", "no difference proven", "not enough data: 9 of 30"."""
        found = self.difference
        if found is None:
            return f"not enough data: {self.fewer_judged} of {FEWEST}"
        if not found.is_proven:
            return "no difference proven"
        least, most = sorted((abs(found.low), abs(found.high)))
        points = (
            f"{least * 100:.0f}–{most * 100:.0f}" if round(least * 100) != round(most * 100) else f"{most * 100:.0f}"
        )
        return f"{'better' if found.low > 0 else 'worse'}, likely by {points} points"

    @property
    def tone(self) -> str:
        """good, bad, or "" for what is not proven."""
        found = self.difference
        return "" if found is None or not found.is_proven else "good" if found.low > 0 else "bad"


def windows(change: Improvement, others: Sequence[Improvement], *, today: date) -> tuple[Window, Window]:
    """The ninety days before the change and those from its day on, each cut at the next other change.

    What was left as it is on purpose changed nothing, so it cuts nothing.
    """
    days = {other.on for other in others if other.kind != ImprovementKind.NONE}
    earlier = max((day for day in days if day < change.on), default=date.min)
    later = min((day for day in days if day > change.on), default=date.max)
    return (
        Window(max(change.on - LOOKED_AT, earlier), change.on),
        Window(change.on, min(change.on + LOOKED_AT, later, today + timedelta(days=1))),
    )


def effects_on(campaign_id: int | None, changes: Sequence[Improvement], *, today: date) -> dict[int, Effect]:
    """What became of the acceptance of a campaign's leads (None: of all leads), by change; in one query for all."""
    changed = [change for change in changes if change.kind != ImprovementKind.NONE]
    if not changed:
        return {}
    pairs = {change.pk: windows(change, changes, today=today) for change in changed}
    counts: dict[str, Any] = {}
    tz = zone()
    for pk, (before, after) in pairs.items():
        for side, window in (("before", before), ("after", after)):
            counts[f"{side}_accepted_{pk}"] = Count("pk", filter=ACCEPTED & offered_in(window, tz))
            counts[f"{side}_judged_{pk}"] = Count("pk", filter=JUDGED & offered_in(window, tz))
    handoffs = Handoff.objects.filter(lead__campaign=campaign_id) if campaign_id else Handoff.objects.all()
    found = handoffs.aggregate(**counts)
    return {
        pk: Effect(
            before=Counted(found[f"before_accepted_{pk}"], found[f"before_judged_{pk}"]),
            after=Counted(found[f"after_accepted_{pk}"], found[f"after_judged_{pk}"]),
            before_days=before.days,
            after_days=after.days,
        )
        for pk, (before, after) in pairs.items()
    }


def offered_in(window: Window, tz: ZoneInfo) -> Q:
    return Q(offered_at__gte=start_of_day(window.start, tz), offered_at__lt=start_of_day(window.end, tz))
