"""What was handed over last month, as the rules would place it today."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime

from crm.periods import local_day, zone
from feedback.models import Handoff, HandoffStatus, RoutingRule
from feedback.routing.choosing import Recipient, preview_again
from feedback.routing.explaining import explanation, headline
from feedback.routing.standing import WINDOW, lately

MOST_PREVIEWED = 1_000
MOST_SHOWN = 50


@dataclass(frozen=True)
class Compared:
    """One hand-off: who got it, who would get it now and why."""

    handoff: Handoff
    recipient: Recipient | None

    @property
    def sentences(self) -> list[str]:
        return explanation(self.recipient.why) if self.recipient else ["There is no sales team."]

    @property
    def headline(self) -> str:
        return headline(self.recipient.why) if self.recipient else "Nobody"

    @property
    def got_by(self) -> str:
        """Who took it, else who was asked."""
        taken = self.handoff.status == HandoffStatus.ACCEPTED and self.handoff.decided_by
        return str(taken or self.handoff.recipient)

    @property
    def is_same(self) -> bool:
        return self.recipient is not None and self.recipient.name == self.got_by


@dataclass(frozen=True)
class Line:
    """Somebody, or what decided, with how many leads they would get and did get."""

    label: str
    would: int
    did: int = 0

    @property
    def difference(self) -> int:
        return self.would - self.did


@dataclass(frozen=True)
class MonthPreview:
    since: date
    total: int
    same: int
    people: list[Line]
    causes: list[Line]
    rows: list[Compared]

    @property
    def other(self) -> int:
        return self.total - self.same


def month_preview(at: datetime) -> MonthPreview:
    """What was first handed over in the last 30 days, at most MOST_PREVIEWED, as the rules would place it today."""
    first = lately(at).filter(follows__isnull=True).select_related("lead__company", "to_user", "to_team", "decided_by")
    handoffs = list(first.order_by("-id")[:MOST_PREVIEWED])
    found = preview_again(list(reversed(handoffs)), at=at)
    rows = [Compared(handoff, found.get(handoff.lead_id)) for handoff in handoffs]
    return MonthPreview(
        since=local_day(at - WINDOW, zone()),
        total=len(rows),
        same=sum(row.is_same for row in rows),
        people=people_lines(rows),
        causes=cause_lines(rows),
        rows=rows[:MOST_SHOWN],
    )


def cause_lines(rows: list[Compared]) -> list[Line]:
    """What decides how often; a rule that catches nothing stands there too, and so does the fallback."""
    counts = Counter(row.headline for row in rows)
    rules = RoutingRule.objects.filter(is_active=True).values_list("name", flat=True)
    expected = [headline({"rule": "routing_rule", "name": name}) for name in rules]
    labels = dict.fromkeys(
        [label for label, _count in counts.most_common()] + [*expected, headline({"rule": "fallback"})]
    )
    return [Line(label, counts[label]) for label in labels]


def people_lines(rows: list[Compared]) -> list[Line]:
    would = Counter(row.recipient.name for row in rows if row.recipient)
    did = Counter(row.got_by for row in rows)
    names = sorted(would | did, key=lambda name: (-would[name], -did[name], name))
    return [Line(name, would[name], did[name]) for name in names]
