"""scoring/engine.py: one statement for one lead and for many."""

from datetime import timedelta

import pytest

from leads.models import LeadScore
from leads.touches import record_touch
from scoring.engine import round_due_scores, score_leads, scores_at
from scoring.rules import NO_CARD, read_card
from tests.factories import DAY, MONDAY, make_campaign, make_lead

pytestmark = pytest.mark.django_db

THRESHOLDS = {"fit": {"A": 30, "B": 20, "C": 10}, "engagement": {"1": 40, "2": 15, "3": 5}, "mql": 50}


def fit(field, value, points, operator="is", **more):
    return {"axis": "fit", "field": field, "operator": operator, "value": value, "points": points, **more}


def did(kind, points, **more):
    return {"axis": "engagement", "field": "kind", "operator": "is", "value": kind, "points": points, **more}


def card_with(*rules, thresholds=None, half_life_days=30):
    return read_card(version=1, rules=list(rules), thresholds=thresholds or {}, half_life_days=half_life_days)


def test_twenty_points_of_45_days_ago_read_7_0711():
    lead = make_lead()
    record_touch(lead, kind="download", at=MONDAY)

    score_leads([lead.pk], card=card_with(did("download", 20)), at=MONDAY + 45 * DAY)

    row = LeadScore.objects.get()
    assert (row.engagement, row.engagement_at, row.shown) == (20.0, MONDAY, 7)
    assert row.engagement * 0.5 ** (45 / 30) == pytest.approx(7.0711, abs=1e-4)
