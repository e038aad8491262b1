"""The hand-offs behind a number of the reports *sla* and *feedback*."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from crm.models import User
from crm.replica import reading_figures
from crm.requests import PersonRequest, id_of
from feedback.models import Handoff, HandoffStatus
from feedback.verdict_figures import handoffs_asked
from funnel.handoffs.clocks import CLOCKS, STATES
from funnel.handoffs.service_levels import Behind, Promised, behind
from funnel.reports.feedback import FEEDBACK, asked_of
from funnel.reports.labels import held_names
from funnel.reports.question import BadQuestion, Question, choice
from funnel.reports.registry import question_for
from funnel.reports.sla import SLA, promised
from leads.models import Lead, Reason

MOST_SHOWN = 200
TIMES = ("hour", "weekday")
STATE_WORDS = {"met": "in time", "breached": "breached", "pending": "pending"}


@dataclass(frozen=True)
class Line:
    """A hand-off, or a promise about a lead. ``state``: a word on how it was kept."""

    lead: Lead
    who: Any
    started_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    state: str
    handoff: Handoff | None


@require_GET
@reading_figures()
def sla_leads(request: PersonRequest) -> HttpResponse:
    """The promises behind a number of the service level."""
    now, get = timezone.now(), request.GET.dict()
    try:
        states = tuple(part for part in get.pop("state", "").split("-") if part in STATES) or STATES
        times = [(name, get.pop(name)) for name in TIMES if name in get]
        question = question_for(SLA, get, today=timezone.localdate())
        clock = choice(get, "clock", tuple(CLOCKS))
    except BadQuestion as error:
        return render(request, "problem.html", {"problem": error}, status=error.status)
    asked = promised(question, now)
    rows, total = behind(clock, Promised(asked.days, asked.basis, (*asked.held, *times)), states, limit=MOST_SHOWN)
    found = Records.of(rows)
    lines = [
        Line(
            found.leads[row.lead], found.people.get(row.person or 0), row.started_at, row.due_at, row.ended_at,
            state_words(clock, row, found.handoffs.get(row.handoff or 0)), found.handoffs.get(row.handoff or 0),
        )
        for row in rows
        if row.lead in found.leads
    ]  # fmt: skip
    state = " and ".join(STATE_WORDS[state] for state in states) if len(states) < len(STATES) else "all"
    return listed(request, SLA.name, f"{CLOCKS[clock].title}: {state}", question, lines, total)


def state_words(clock: str, row: Behind, handoff: Handoff | None) -> str:
    """How a promise was kept, and where it was not, why: "late", "passed on"."""
    if row.state != "breached":
        return STATE_WORDS[row.state]
    if clock == "attempts":
        return "tried less often than agreed"
    if row.ended_at:
        return "late"
    return "passed on" if handoff and handoff.status == HandoffStatus.EXPIRED else "not yet"


@require_GET
@reading_figures()
def feedback_leads(request: PersonRequest) -> HttpResponse:
    """The hand-offs behind a number of feedback: all, those with one answer, or those for one reason."""
    now, get = timezone.now(), request.GET.dict()
    try:
        status = choice(get, "status", ("", *HandoffStatus.values))
        reason = Reason.objects.filter(pk=id_of(get.pop("reason", ""))).first()
        get.pop("status", None)
        question = question_for(FEEDBACK, get, today=timezone.localdate())
    except BadQuestion as error:
        return render(request, "problem.html", {"problem": error}, status=error.status)
    handoffs = handoffs_asked(asked_of(question), at=now)
    if status:
        handoffs = handoffs.filter(status=status)
    if reason:
        handoffs = handoffs.filter(reason=reason, status=HandoffStatus.REJECTED)
    shown = list(
        handoffs.select_related("reason", "to_user", "to_team", "decided_by").order_by("-offered_at", "-pk")[
            :MOST_SHOWN
        ]
    )
    leads = Lead.objects.for_lists().in_bulk([one.lead_id for one in shown])
    lines = [
        Line(
            leads[one.lead_id], one.decided_by or one.to_user, one.offered_at, one.due_at, one.decided_at,
            str(one.get_status_display()).lower(), one,
        )
        for one in shown
        if one.lead_id in leads
    ]  # fmt: skip
    heading = f"Rejected: {reason.label}" if reason else str(HandoffStatus(status).label) if status else "Handed over"
    return listed(request, FEEDBACK.name, heading, question, lines, handoffs.count())


@dataclass(frozen=True)
class Records:
    """The records that lines name, in three queries."""

    leads: Mapping[int, Lead]
    handoffs: Mapping[int, Handoff]
    people: Mapping[int, User]

    @staticmethod
    def of(rows: Sequence[Any]) -> "Records":
        return Records(
            Lead.objects.for_lists().in_bulk([row.lead for row in rows]),
            Handoff.objects.select_related("reason").in_bulk([row.handoff for row in rows if row.handoff]),
            User.objects.in_bulk([row.person for row in rows if row.person]),
        )


def listed(
    request: PersonRequest, report: str, heading: str, question: Question, lines: Sequence[Line], total: int
) -> HttpResponse:
    context = {
        "now": timezone.now(),
        "report": report,
        "heading": heading,
        "held": held_names(question.held.items()),
        "question": question,
        "last_day": question.end - timedelta(days=1),
        "lines": lines,
        "total": total,
        "back": question.query(clock="", by=""),
    }
    return render(request, "funnel/handoffs_behind.html", context)
