"""The page of a lead: who is this, what next? Its verbs are in lead_verbs.py."""

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_GET

from crm.models import User
from crm.requests import PersonRequest
from desk.archiving import with_archive
from desk.fields.kinds import Sheet, rows_for
from desk.queries.lead import lead_with_all, story_of
from desk.queries.merging import merges_of
from desk.verbs import Situation, Verbs, verbs_for
from desk.views.impressions import tap_context
from desk.views.record import record_answer, record_page
from leads.models import Lead

PAGE = "desk/lead.html"


@require_GET
def lead(request: PersonRequest, pk: int) -> HttpResponse:
    found = get_lead(pk)
    return record_page(request, PAGE, found, partial(lead_facts, request, found))


def lead_answer(request: PersonRequest, pk: int, *, tap: str = "", **answer: Any) -> HttpResponse:
    """The record as it is now, after a deed or instead of it; ``answer`` as in record_answer.

    ``tap``: the moment at which sales is asked how good the lead was.
    """
    found = get_lead(pk)
    facts = partial(lead_facts, request, found, tap=tap)
    return record_answer(request, PAGE, found, facts, query=f"tap={tap}" if tap else "", **answer)


def lead_facts(request: PersonRequest, lead: Lead, *, tap: str = "") -> dict[str, Any]:
    """What the record of a lead shows around its time line."""
    now = timezone.now()
    story = story_of(lead, now=now)
    return {
        "lead": lead,
        **vars(story),
        "verbs": verbs_of(request.user, story.situation, now=now),
        "fields": fields_of(lead, request.user),
        "merges": merges_of(lead),
        **tap_context(request, lead, moment=tap),
    }


def verbs_of(user: User, situation: Situation, *, now: datetime) -> Verbs:
    verbs = verbs_for(user, situation, now=now)
    return verbs if situation.lead.merged_into_id else with_archive(verbs, situation.lead, user)


def fields_of(lead: Lead, user: User) -> Sheet:
    """Of a lead that was merged they are only read."""
    sheet = rows_for(lead, user)
    return replace(sheet, may_edit=False) if lead.merged_into_id else sheet


def get_lead(pk: int) -> Lead:
    return get_object_or_404(lead_with_all(), pk=pk)
