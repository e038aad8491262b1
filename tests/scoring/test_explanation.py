"""scoring/explanation.py: the lines give the figure."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leads.models import CustomField, LeadScore, Touch
from leads.touches import record_touch
from scoring.engine import score_leads
from scoring.explanation import explain, explanation_of
from scoring.fields import catalogue
from tests.factories import DAY, MONDAY, make_campaign, make_lead
from tests.scoring.cards import card_with, did, fit, when

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


def test_a_line_of_an_own_field_says_what_the_lead_holds():
    for name, label, kind in (("plans", "Plans today with", "choice"), ("machines", "Machines to plan", "number")):
        CustomField.objects.create(record="lead", name=name, label=label, kind=kind, choices=["Whiteboard", "Paper"])
    lead = make_lead(custom={"plans": "Paper", "machines": 48})
    rules = (
        fit("custom.plans", ["Whiteboard", "Paper"], 10, operator="in"),
        fit("custom.machines", 20, 6, operator="at_least"),
    )
    lines = explain(lead, at=MONDAY, card=card_with(*rules, fields=catalogue()))
    assert [line.label for line in lines] == ["Plans today with: Paper", "Machines to plan: 48"]


def test_a_line_of_engagement_says_what_its_touches_gave_and_when():
    """8.2 of 20 points, a form 38.6 days ago: halved every 30 days (METRICS.md L2)."""
    lead = make_lead()
    record_touch(lead, kind="form", at=MONDAY)
    record_touch(lead, kind="open", at=MONDAY + 45 * DAY)

    form, opened = explain(lead, at=MONDAY + 45 * DAY, card=card_with(did("form", 20), did("open", 3)))

    assert (form.label, form.before_decay, form.touches, form.last_at) == ("Filled in a form", 20.0, 1, MONDAY)
    assert form.points == pytest.approx(7.0711, abs=1e-4)
    assert (opened.points, opened.before_decay, opened.last_at) == (3.0, 3.0, MONDAY + 45 * DAY)


def test_caps_are_named_where_they_took_something_away():
    lead = make_lead(country="Sweden")
    for kind in ("form", "form", "open", "click", "click", "visit"):
        record_touch(lead, kind=kind, at=MONDAY)
    card = card_with(
        did("form", 20, cap=30),
        did("visit", 2, cap=4),
        did("click", 9, cap=16, group="mail"),
        did("open", 4, cap=10, group="mail"),
        fit("country", "Sweden", 6, group="place"),
        fit("country", "Norway", 5, operator="is_not", group="place"),
    )
    lines = {line.label: (line.points, line.before_decay, line.limit) for line in explain(lead, at=MONDAY, card=card)}
    assert lines == {
        "Filled in a form": (30.0, 30.0, "at most 30"),
        "Clicked a link": (16.0, 16.0, "at most 16"),
        "Country: Sweden": (6.0, None, ""),
        "Visited the website": (2.0, 2.0, ""),
    }


def test_a_rule_that_its_group_cut_says_so():
    lead = make_lead()
    for kind in ("click", "open", "open"):
        record_touch(lead, kind=kind, at=MONDAY)
    card = card_with(did("click", 9, cap=16, group="mail"), did("open", 4, cap=10, group="mail"))
    assert [(line.points, line.limit) for line in explain(lead, at=MONDAY, card=card)] == [
        (9.0, ""), (7.0, "cut by the group “mail”"),
    ]  # fmt: skip


def test_touches_over_the_daily_cap_are_told_of():
    lead = make_lead()
    for minute in range(5):
        record_touch(lead, kind="open", at=MONDAY + timedelta(minutes=minute))
    told = explanation_of(lead, at=MONDAY + DAY, card=card_with(did("open", 4), daily_cap=3))
    assert told.notes == ["2 of 5 touches were not counted: at most 3 of one kind a day"]
    assert told.lines[0].touches == 3


def test_an_exclusion_is_the_last_line_and_takes_everything_away():
    lead = make_lead(country="Sweden", tags=["student"])
    card = card_with(
        fit("country", "Sweden", 30), fit("has_phone", False, -4),
        exclusions=[when("tags", "student", "contains"), when("own_staff", True), when("do_not_mail", False)],
    )  # fmt: skip
    told = explanation_of(lead, at=MONDAY, card=card)
    assert (told.score, told.grade, told.qualifies) == (0, "", False)
    assert told.excluded_by == ["Tags include student", "Not: unsubscribed"]
    assert brief(told.lines)[-1] == ("Excluded: Tags include student, Not: unsubscribed", -26.0, "")
    assert sum(line.points for line in told.lines) == 0
    assert (told.fit, told.engagement) == (26.0, 0)


def test_a_raised_hand_is_named_with_its_day():
    lead = make_lead()
    record_touch(lead, kind="attend", at=MONDAY - DAY)
    record_touch(lead, kind="form", at=MONDAY, raised_hand=True)
    card = card_with(hand_raises=[when("kind", "attend"), when("raised_hand", True)])
    told = explanation_of(lead, at=MONDAY, card=card)
    assert (told.raised_by, told.raised_at, told.qualifies) == ("Asked to be contacted", MONDAY, True)
    quiet = explanation_of(make_lead(), at=MONDAY, card=card)
    assert (quiet.raised_by, quiet.raised_at, quiet.qualifies) == ("", None, False)


def test_an_explanation_costs_the_same_however_much_happened():
    lead = make_lead()
    card = card_with(did("open", 4), fit("country", "Sweden", 3), daily_cap=2)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            explanation_of(lead, at=MONDAY + DAY, card=card)
        counts.append(len(asked))
        for minute in range(30):
            record_touch(lead, kind="open", at=MONDAY + timedelta(minutes=minute))
    assert counts == [1, 1]


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
