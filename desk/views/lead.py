"""The page of a lead: who is this, what next? Its verbs are in lead_verbs.py."""

from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_GET

from crm.requests import PersonRequest
from desk.archiving import with_archive
from desk.fields.kinds import rows_for
from desk.queries.lead import lead_with_all, story_of
from desk.verbs import verbs_for
from desk.views.record import record_answer, record_page
from leads.models import Lead

PAGE = "desk/lead.html"


@require_GET
def lead(request: PersonRequest, pk: int) -> HttpResponse:
    found = get_lead(pk)
    return record_page(request, PAGE, found, partial(lead_facts, request, found))


def lead_answer(request: PersonRequest, pk: int, **answer: Any) -> HttpResponse:
    """The record as it is now, after a deed or instead of it; ``answer`` as in record_answer."""
    found = get_lead(pk)
    return record_answer(request, PAGE, found, partial(lead_facts, request, found), **answer)


def lead_facts(request: PersonRequest, lead: Lead) -> dict[str, Any]:
    """What the record of a lead shows around its time line."""
    now = timezone.now()
    story = story_of(lead, now=now)
    return {
        "lead": lead,
        **vars(story),
        "verbs": with_archive(verbs_for(request.user, story.situation, now=now), lead, request.user),
        "fields": rows_for(lead, request.user),
    }


def get_lead(pk: int) -> Lead:
    return get_object_or_404(lead_with_all(), pk=pk)
