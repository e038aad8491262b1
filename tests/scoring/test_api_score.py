"""A lead's score over the API: taken apart, and over its life."""

from datetime import date

import pytest
from django.utils import timezone

from feedback.models import SignedStatus
from leads.touches import record_touch
from scoring.models import Definition
from tests.api import Caller
from tests.factories import DAY, make_lead
from tests.scoring.cards import did, fit, when

pytestmark = pytest.mark.django_db


@pytest.fixture
def rep(rob):
    return Caller(rob)


@pytest.fixture
def lead():
    lead = make_lead(country="Sweden", at=timezone.now() - 90 * DAY)
    for _ in range(3):
        record_touch(lead, kind="form", at=timezone.now() - 30 * DAY)
    return lead


def in_force(*rules, **more):
    return Definition.objects.create(
        name="Test", version=4, status=SignedStatus.ACTIVE, effective_from=date(2026, 1, 1), rules=list(rules), **more
    )


def test_a_score_is_told_line_by_line(rep, lead):
    in_force(
        fit("country", "Sweden", 12), did("form", 20, cap=30), daily_cap=2, hand_raises=[],
        thresholds={"fit": {"A": 12, "B": 8, "C": 4}, "engagement": {"1": 30, "2": 12, "3": 4}, "mql": 25},
    )  # fmt: skip

    body = rep.get(f"leads/{lead.pk}/score/").json()

    form, country = body.pop("lines")
    assert (form.pop("last_at"), body.pop("at")) != (None, None)
    assert form.pop("points") == pytest.approx(15, abs=0.01)
    assert form == {"label": "Filled in a form", "axis": "engagement", "before_decay": 30.0, "touches": 2,
                    "limit": "at most 30"}  # fmt: skip
    assert country == {"label": "Country: Sweden", "axis": "fit", "points": 12.0, "before_decay": None, "touches": 0,
                       "last_at": None, "limit": ""}  # fmt: skip
    assert body.pop("engagement") == pytest.approx(15, abs=0.01)
    assert body == {
        "lead": lead.pk, "score": 27, "grade": "A2", "fit": 12.0, "qualifies": True, "excluded_by": [],
        "raised_at": None, "raised_by": "", "notes": ["1 of 3 touches were not counted: at most 2 of one kind a day"],
        "definition_version": 4, "half_life_days": 30, "predictions": {"acceptance": None, "win": None},
    }  # fmt: skip


def test_an_excluded_lead_says_why(rep, lead):
    in_force(fit("country", "Sweden", 12), exclusions=[when("country", "Sweden")])
    body = rep.get(f"leads/{lead.pk}/score/").json()
    assert (body["score"], body["excluded_by"], sum(line["points"] for line in body["lines"])) == (
        0, ["Country is Sweden"], 0,
    )  # fmt: skip


def test_without_a_definition_there_is_nothing_to_tell(rep, lead):
    body = rep.get(f"leads/{lead.pk}/score/").json()
    assert (body["score"], body["lines"], body["definition_version"]) == (0, [], None)


def test_the_history_is_a_line_with_breaks_and_marks(rep, lead):
    in_force(did("form", 20, cap=30))
    body = rep.get(f"leads/{lead.pk}/score/history/").json()
    assert max(point["score"] for point in body["points"]) == 30
    assert [point["at"] for point in body["points"]] == sorted(point["at"] for point in body["points"])
    assert set(body["points"][0]) == {"at", "score", "grade", "excluded", "qualifies", "version"}
    assert [mark["stage"] for mark in body["marks"]] == ["inquiry"]


@pytest.mark.parametrize("path", ["score/", "score/history/"])
def test_no_such_lead_no_such_parameter_nobody_logged_in(rep, lead, path, client):
    assert rep.get(f"leads/987654321/{path}").status_code == 404
    assert rep.get(f"leads/{lead.pk}/{path}?at=2026-01-01").status_code == 400
    assert client.get(f"/api/v1/leads/{lead.pk}/{path}").status_code == 401
