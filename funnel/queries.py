"""The leads behind a figure, page by page, and what became of those who left the path."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.db.models import Count, F, Q, QuerySet

from crm.requests import id_of
from funnel.models import LeadFact
from funnel.reports.question import Question
from funnel.selection import OFF_PATH, WAYS, facts_of, in_cohort, with_way, within
from leads.lifecycle import SUCCESS
from leads.models import Lead

PAGE_SIZE = 50


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
