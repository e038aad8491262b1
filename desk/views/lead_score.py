"""Why a lead has its score: a page of its own, beside the lead in the panel, and the chances in its rail."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from crm.requests import PersonRequest
from desk.queries.lead_score import chances_of, needed_words, parts_of, sum_of
from desk.queries.score_line import line_of
from desk.views.lead import get_lead
from desk.views.panels import PANEL
from scoring.explanation import explanation_of

RAIL = "lead-chances"


@require_GET
def lead_score(request: PersonRequest, pk: int) -> HttpResponse:
    """The rail asks for the chances alone: taking a model apart may wait until the lead stands there."""
    lead, now = get_lead(pk), timezone.now()
    context = {"lead": lead, "now": now, "chances": chances_of(lead, at=now)}
    if request.htmx.target == RAIL:
        return render(request, "desk/lead_chances.html", context)
    told = explanation_of(lead, at=now)
    if told:
        context |= {
            "told": told, "parts": parts_of(told), "sum": sum_of(told), "needed": needed_words(told.card),
            "line": line_of(lead, at=now),
        }  # fmt: skip
    part = "#panel" if request.htmx.target == PANEL else ""
    return render(request, f"desk/lead_score.html{part}", context)
