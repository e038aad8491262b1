"""Reads of the figures that pages share: who is behind a number, who waits, who left the path, how fresh they are.

Figures of rows and rates are reports (funnel/reports/); these are the reads beside them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.db.models import Count, F, Min, Q, QuerySet

from crm.models import Cursor
from crm.requests import id_of
from feedback.models import Handoff
from funnel.models import LeadFact
from funnel.reports.question import Question
from funnel.selection import OFF_PATH, WAYS, facts_of, in_cohort, with_way, within
from leads.lifecycle import SUCCESS
from leads.models import Lead

PAGE_SIZE = 50
STALE_AFTER = timedelta(seconds=30)


@dataclass(frozen=True)
class LeadsPage:
    """A page of the leads behind a figure: (lead, fact) pairs, newest lead first.

    ``total`` is the number the figure promised; ``next`` goes into the address as `after`, "" on the last page.
    """

    rows: list[tuple[Lead, LeadFact]]
    total: int
    next: str


class Behind(Protocol):
    """What stands behind a figure: funnel.selection.Selection, or funnel.reports.velocity.Lasted."""

    def facts(self, *, at: datetime) -> QuerySet[LeadFact]: ...


def leads_behind(selection: Behind, *, at: datetime, after: str = "", size: int = PAGE_SIZE) -> LeadsPage:
    """Exactly the leads (episodes) that one figure counts.

    Each fact also has ``way``: lost, disqualified, nurture, returned, unanswered, open or customer.
    """
    facts = selection.facts(at=at)
    total = facts.count()
    if position := read_position(after):
        facts = facts.filter(Q(lead_id__lt=position[0]) | Q(lead_id=position[0], episode__lt=position[1]))
    found = list(facts.order_by("-lead_id", "-episode")[: size + 1])
    shown = found[:size]
    leads = Lead.objects.for_lists().in_bulk([fact.lead_id for fact in shown])
    more = f"{shown[-1].lead_id}-{shown[-1].episode}" if len(found) > size else ""
    return LeadsPage([(leads[fact.lead_id], fact) for fact in shown if fact.lead_id in leads], total, more)


def read_position(text: str) -> tuple[int, int] | None:
    """Where a page goes on ("4711-1"); anything else begins at the beginning."""
    lead, _dash, episode = text.partition("-")
    position = id_of(lead), id_of(episode)
    return position if all(position) else None


@dataclass(frozen=True)
class Waiting:
    """Open hand-offs of one recipient (or of all): how many, past their time, and since when the oldest lead waits."""

    kind: str  # rep, team, or all
    id: int | None
    label: str
    count: int
    overdue: int
    oldest: datetime | None


def waiting_now(*, at: datetime) -> tuple[Waiting, list[Waiting]]:
    """All open hand-offs, and the same by recipient, who lets somebody wait longest on top. Live, not from figures."""
    figures = {
        "count": Count("pk"),
        "overdue": Count("pk", filter=Q(due_at__lt=at)),
        "oldest": Min("waiting_since"),
    }
    waiting = Handoff.objects.open()
    every = Waiting("all", None, "", **waiting.aggregate(**figures))
    by_recipient = waiting.values("to_user", "to_team", "to_user__first_name", "to_user__last_name", "to_team__name")
    return every, [recipient_of(row) for row in by_recipient.annotate(**figures).order_by(F("oldest"))]


def waiting_handoffs(*, rep: int | None, team: int | None) -> QuerySet[Handoff]:
    """The hand-offs behind a count of `waiting_now`, first to expire on top."""
    asked = {name: value for name, value in (("to_user", rep), ("to_team", team)) if value is not None}
    rows = Handoff.objects.open().filter(**asked).order_by("due_at", "id")
    return rows.select_related("lead__company", "lead__campaign", "lead__leadscore", "to_user", "to_team")


def recipient_of(row: Mapping[str, object]) -> Waiting:
    name = f"{row['to_user__first_name'] or ''} {row['to_user__last_name'] or ''}".strip()
    person = row["to_user"]
    figures = {name: row[name] for name in ("count", "overdue", "oldest")}
    if person is not None:
        return Waiting("rep", person, name or f"Person {person}", **figures)  # type: ignore[arg-type]
    return Waiting("team", row["to_team"], str(row["to_team__name"]), **figures)  # type: ignore[arg-type]


def left_path(question: Question, *, at: datetime) -> dict[str, dict[str, int]]:
    """For each stage, how many got that far and no further, by what became of them: {"mql": {"lost": 2, …}, …}.

    Every stage and every one of WAYS is there. On the basis cohort they add up: entered = converted + all of these.
    On the basis period: those who left the path (lost, disqualified, nurture) on days of the period.
    """
    facts = with_way(facts_of(question), at=at)
    if question.basis == "period":
        facts = facts.filter(within(question, "outcome_on"), outcome__in=OFF_PATH)
    else:
        facts = facts.filter(in_cohort(question)).exclude(outcome="customer")
    left = {stage.value: dict.fromkeys(WAYS, 0) for stage in SUCCESS}
    for furthest, way, count in facts.values_list("furthest", F("way")).annotate(Count("lead_id")):
        left[SUCCESS[furthest - 1]][way] += count
    return left


@dataclass(frozen=True)
class Freshness:
    """Up to when the figures are complete, and whether that is longer ago than it should be."""

    computed_at: datetime | None
    is_stale: bool


def freshness(*, at: datetime) -> Freshness:
    """Of all figures of this room. They are stale when a change waits, or nobody has looked, for half a minute."""
    computed_at = Cursor.objects.filter(pk="funnel").values_list("current_at", flat=True).first()
    return Freshness(computed_at, computed_at is None or at - computed_at > STALE_AFTER)
