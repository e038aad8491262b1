"""scoring/explanation.py: the lines give the figure."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads.models import LeadScore, Touch
from leads.touches import record_touch
from scoring.engine import score_leads
from scoring.explanation import explain
from tests.factories import DAY, MONDAY, make_campaign, make_lead
from tests.scoring.cards import card_with, did, fit

pytestmark = pytest.mark.django_db


def brief(lines):
    return [(line.label, line.points, line.axis) for line in lines]


def test_each_line_names_its_rule_and_its_points_of_today():
    fair = make_campaign("Trade fair")
    lead = make_lead(country="Germany", title="Plant Manager", campaign=fair)
    record_touch(lead, kind="download", at=MONDAY)
    record_touch(lead, kind="download", at=MONDAY)
    card = card_with(
        fit("country", ["Germany", "Austria"], 5, operator="in"),
        fit("title", "plant", 8, operator="contains", group="role"),
        fit("title", "manager", 6, operator="contains", group="role"),
        fit("campaign", fair.pk, 4),
        fit("has_phone", False, -3),
        fit("segment", "Enterprise", 2, operator="is_not"),
        did("download", 20, cap=30),
        did("form", 50),
    )

    assert brief(explain(lead, at=MONDAY + 30 * DAY, card=card)) == [
        ("Downloaded content", 15.0, "engagement"),
        ("Title: Plant Manager", 8.0, "fit"),
        ("Country: Germany", 5.0, "fit"),
        ("Campaign: Trade fair", 4.0, "fit"),
        ("Segment is not Enterprise", 2.0, "fit"),
        ("Not: has a phone number", -3.0, "fit"),
    ]


def test_nothing_is_said_without_a_definition():
    assert explain(make_lead(), at=MONDAY) == []


@pytest.mark.parametrize(
    ("points", "last"), [(70, ("A score ends at 100", -40.0, "")), (-30, ("A score begins at 0", 60.0, ""))]
)
def test_the_ends_of_the_range_are_lines_too(points, last):
    lead = make_lead(country="Sweden")
    card = card_with(fit("country", "Sweden", points), fit("country", "Norway", points, operator="is_not"))
    lines = explain(lead, at=MONDAY, card=card)
    assert brief(lines[-1:]) == [last]
    assert sum(line.points for line in lines) in {0, 100}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    touches=st.lists(st.tuples(st.sampled_from(["form", "open", "click"]), st.integers(0, 300)), max_size=10),
    age=st.integers(0, 200),
    points=st.integers(-60, 60).filter(bool),
)
def test_the_lines_together_are_the_score(touches, age, points):
    lead = make_lead(country="Sweden")
    Touch.objects.bulk_create(Touch(lead=lead, kind=kind, at=MONDAY - days * DAY) for kind, days in touches)
    at = MONDAY + age * DAY
    card = card_with(
        fit("country", "Sweden", points),
        did("form", 25, cap=60),
        did("open", 4, cap=10, group="mail"),
        did("click", 9, cap=16, group="mail"),
    )

    score_leads([lead.pk], card=card, at=at)
    total = sum(line.points for line in explain(lead, at=at, card=card))

    assert LeadScore.objects.get(pk=lead.pk).shown == pytest.approx(total, abs=0.5 + 1e-5)
