import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from desk.queries.first_calls import first_calls
from feedback.models import Handoff
from feedback.verdicts import accept_handoff
from leads.activities import log_activity
from leads.models import Lead
from leads.subjects import Subject
from tests.factories import HOUR, make_handoff

pytestmark = pytest.mark.django_db


def accepted(rob, ago, **fields):
    at = timezone.now() - ago
    handoff = accept_handoff(make_handoff(to=rob, at=at), by=rob, at=at)
    Lead.objects.filter(pk=handoff.lead_id).update(**fields)
    return handoff


def test_who_was_not_tried_stands_there_until_somebody_calls(rob, rosa):
    now = timezone.now()
    late, soon, called, gone = (
        accepted(rob, 30 * HOUR),
        accepted(rob, HOUR),
        accepted(rob, 2 * HOUR),
        accepted(rob, HOUR),
    )
    log_activity(Subject(called.lead), by=rob, at=now, kind="call", outcome="voicemail")
    Lead.objects.filter(pk=gone.lead_id).update(owner=rosa)
    Handoff.objects.filter(pk=late.pk).update(attempt_due_at=now - HOUR)

    assert first_calls(rob, now=now).shown == [late, soon]


def test_today_and_the_lead_say_by_when_the_first_call_is_due(client_for, rob):
    handoff = accepted(rob, HOUR, first_name="Ada", last_name="Ashworth")
    Handoff.objects.filter(pk=handoff.pk).update(attempt_due_at=timezone.now() - 90 * HOUR / 60)
    client = client_for(rob)

    today, lead = client.get("/").content.decode(), client.get(f"/leads/{handoff.lead_id}/").content.decode()

    assert "First call due" in today
    assert "not tried yet, first call <time" in lead
    assert 'data-state="late"' in lead


def test_it_costs_the_same_for_many(rob):
    def queries(count):
        for _ in range(count):
            accepted(rob, HOUR)
        with CaptureQueriesContext(connection) as captured:
            assert first_calls(rob, now=timezone.now()).shown
        return len(captured)

    queries(1)
    assert queries(1) == queries(20)
