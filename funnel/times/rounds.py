"""How leads do the second time round: handed over, accepted and won by time round, and how much of what was recycled
comes back to sales (METRICS C7).

First times round are read from the counted cells, the few later ones from their facts.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, DateTimeField, ExpressionWrapper, F, OuterRef, Q, Subquery
from django.db.models.functions import Least

from crm.intervals import Counted, Share
from crm.periods import own_day
from funnel.models import LeadFact
from funnel.reports.counts import steps
from funnel.reports.question import Question
from leads.lifecycle import RANK, Stage

# Later times round are told together.
TOGETHER_FROM = 3
LABELS = {1: "1st time", 2: "2nd time", 3: "3rd time or later"}
YIELD_WITHIN = timedelta(days=180)
TOLD = (Stage.OFFERED, Stage.ACCEPTED, Stage.CUSTOMER)


@dataclass(frozen=True)
class Round:
    """Times round that began in a period and got that far: "1st time", "2nd time", "3rd time or later"."""

    number: int
    handed_over: int
    accepted: int
    won: int

    @property
    def label(self) -> str:
        return LABELS[self.number]

    @property
    def acceptance(self) -> Share:
        return Counted(self.accepted, self.handed_over).share

    @property
    def win(self) -> Share:
        return Counted(self.won, self.handed_over).share


def times_round(start: date, end: date) -> list[Round]:
    """A row for each time round that began on days from ``start`` to ``end`` (not included); a stage skipped counts."""
    [counted] = steps(Question(start=start, end=end)).values()
    first = Round(1, *(counted[RANK[stage] - 1].entered for stage in TOLD))
    later = {
        row["round"]: Round(row["round"], row["handed_over"], row["accepted"], row["won"]) for row in again(start, end)
    }
    return [first, *(later.get(number, Round(number, 0, 0, 0)) for number in (2, 3))]


def again(start: date, end: date) -> list[dict[str, Any]]:
    """Counts of the second, and of all later times round."""
    facts = LeadFact.objects.filter(began_on__gte=start, began_on__lt=end, episode__gt=1)
    reached = {
        name: Count("lead_id", filter=Q(furthest__gte=RANK[stage]))
        for name, stage in zip(("handed_over", "accepted", "won"), TOLD, strict=True)
    }
    grouped = facts.annotate(round=Least(F("episode"), TOGETHER_FROM)).values("round").annotate(**reached)
    return [dict(row) for row in grouped.order_by()]


def recycle_yield(*, at: datetime, within: timedelta = YIELD_WITHIN, over: timedelta = timedelta(days=365)) -> Counted:
    """Of the times round that went to nurture after they had been MQL, how many were back with sales ``within`` a time.

    Counted are those recycled at least that long ago, over the year before: younger ones have not had their time.
    """
    end = own_day(at - within)
    recycled = LeadFact.objects.filter(
        outcome=Stage.NURTURE, furthest__gte=RANK[Stage.MQL], outcome_on__gt=end - over, outcome_on__lte=end
    )
    following = LeadFact.objects.filter(lead_id=OuterRef("lead_id"), episode=OuterRef("episode") + 1)
    deadline = ExpressionWrapper(F("outcome_at") + within, output_field=DateTimeField())
    counts = recycled.annotate(back_at=Subquery(following.values("accepted_at")[:1])).aggregate(
        whole=Count("lead_id"), part=Count("lead_id", filter=Q(back_at__lte=deadline))
    )
    return Counted(counts["part"], counts["whole"])
