"""A marketer's own campaigns: what they cost and how sales takes their leads, why not, and what waits for an answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from campaigns.models import Campaign
from crm.models import User
from feedback.models import Handoff
from feedback.queries import latest_verdicts, unanswered
from feedback.verdict_figures import Asked, ReasonShare, ordered, reasons_by
from funnel.reports.answer import Answer, Row
from funnel.reports.campaigns import CAMPAIGNS
from funnel.reports.registry import answer, question_for
from leads.list_queries import leads_of

MOST_SHOWN = 10
MOST_REASONS = 5
# Fewer judged leads say nothing about a rate.
ENOUGH_JUDGED = 10
# A comment that nobody has answered for so long is no news any more.
ANSWERABLE = timedelta(days=30)


@dataclass(frozen=True)
class Own:
    """A campaign of the report, and what sales rejects most of it."""

    row: Row
    reason: str

    @property
    def is_thin(self) -> bool:
        return bool(self.row["judged"] < ENOUGH_JUDGED)


@dataclass(frozen=True)
class OwnCampaigns:
    """Most leads first. ``count``: of all; ``reasons``: of rejections of all of them, most frequent first;
    ``address``: of the report they are of."""

    shown: list[Own]
    count: int
    accepted: int
    judged: int
    reasons: list[ReasonShare]
    comments: list[Handoff]
    more_comments: bool
    address: str

    @property
    def acceptance(self) -> float | None:
        """C6 of all of them; None of too few."""
        return self.accepted / self.judged if self.judged >= ENOUGH_JUDGED else None


def own_campaigns(person: User, start: date, end: date, *, at: datetime, today: date) -> OwnCampaigns:
    """Of the days from ``start`` to ``end`` (not included), as the report *campaigns* counts them."""
    asked = {"from": str(start), "to": str(end), "dimension": "campaign", "owner": str(person.pk)}
    told: Answer = answer(CAMPAIGNS, question_for(CAMPAIGNS, asked, today=today), at=at)
    rows = sorted(told.rows, key=lambda row: (-row["mqls"], -row["inquiries"], row["label"]))
    ids = {str(pk) for pk in Campaign.objects.filter(owner=person).values_list("pk", flat=True)}
    why = {key: said for key, said in reasons_by(Asked(start, end), "campaign", at=at).items() if key in ids}
    judged: list[int] = [row["judged"] for row in rows]
    comments = list(open_comments(person, at=at)[: MOST_SHOWN + 1])
    return OwnCampaigns(
        shown=[Own(row, main_reason(why.get(row["campaign"], ()))) for row in rows[:MOST_SHOWN]],
        count=len(rows),
        accepted=sum(round((row["acceptance"] or 0) * row["judged"]) for row in rows),
        judged=sum(judged),
        reasons=together(why.values())[:MOST_REASONS],
        comments=comments[:MOST_SHOWN],
        more_comments=len(comments) > MOST_SHOWN,
        address=f"/dashboards/campaigns/?{told.question.query()}",
    )


def main_reason(reasons: Sequence[ReasonShare]) -> str:
    return f"{reasons[0].reason.label} ({reasons[0].count})" if reasons else ""


def together(of_campaigns: Any) -> list[ReasonShare]:
    """Reasons of several campaigns as one."""
    found = [one for reasons in of_campaigns for one in reasons]
    return ordered(((one.reason.pk, one.count) for one in found), {one.reason.pk: one.reason for one in found})


def open_comments(person: User, *, at: datetime) -> QuerySet[Handoff]:
    """What sales said in words lately about the person's leads and nobody has answered, the longest waiting first."""
    said = latest_verdicts(Handoff.objects.filter(lead__in=leads_of(person)))
    return unanswered(said.filter(decided_at__gt=at - ANSWERABLE).exclude(comment="")).order_by("decided_at", "id")
