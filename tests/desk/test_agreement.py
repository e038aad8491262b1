"""The page of the agreement, read-only: desk/views/agreement.py."""

from datetime import date

import pytest

from feedback.models import Agreement
from leads.models import Reason
from scoring.models import Definition
from tests.factories import make_campaign, make_user

pytestmark = pytest.mark.django_db

SIGNED = [{"side": "sales", "user": 1, "name": "Max Sommer", "at": "2026-03-02T09:00:00+00:00"}]


def make_definition(**fields):
    return Definition.objects.create(**{"name": "Makers", "version": 2, "status": "active", **fields})


def test_before_anything_is_signed_the_defaults_advise(client_for):
    html = client_for(make_user("rob")).get("/agreement/").content.decode()

    assert "not signed yet: these clocks only advise" in html
    assert "No definition is in force" in html


def test_service_level_and_signatures_in_force(client_for):
    since = date(2026, 3, 2)
    Agreement.objects.create(version=3, status="active", hours_to_verdict=8, effective_from=since, signatures=SIGNED)

    page = client_for(make_user("rob")).get("/agreement/")

    assert "version 3, in force since 2 Mar 2026" in page.content.decode()
    assert "8 h" in page.content.decode()
    assert [(entry["side"], entry["name"]) for entry in page.context["agreement_signatures"]] == [
        ("marketing", ""),
        ("sales", "Max Sommer"),
    ]


def test_rules_are_said_in_words_with_the_best_on_top(client_for):
    webinar = make_campaign("Spring webinar")
    make_definition(
        rules=[
            {"axis": "fit", "field": "title", "operator": "contains", "value": "student", "points": -30},
            {"axis": "fit", "field": "company_employees", "operator": "at_least", "value": 200, "points": 40},
            {"axis": "engagement", "field": "kind", "operator": "is", "value": "download", "points": 8, "cap": 16},
            {"axis": "engagement", "field": "campaign", "operator": "is", "value": webinar.pk, "points": 12, "cap": 48},
        ],
        thresholds={"fit": {"A": 30, "B": 20, "C": 10}, "mql": 45},
        half_life_days=14,
    )

    page = client_for(make_user("rob")).get("/agreement/")

    fit, engagement = page.context["axes"]
    assert [(rule.words, rule.points, rule.limit) for rule in fit["rules"]] == [
        ("Employees is at least 200", 40, None),
        ("Title contains student", -30, None),
    ]
    assert [(rule.words, rule.points, rule.limit) for rule in engagement["rules"]] == [
        ("Campaign of the touch is Spring webinar", 12, 48),
        ("Downloaded content", 8, 16),
    ]
    assert (fit["grades"], engagement["grades"]) == ([("A", 30), ("B", 20), ("C", 10)], [])
    assert "counts half after 14 days" in page.content.decode()


def test_raised_hands_exclusions_and_the_cap_of_a_day_stand_with_the_rules(client_for):
    make_definition(
        hand_raises=[{"field": "raised_hand", "operator": "is", "value": True}],
        exclusions=[{"field": "own_staff", "operator": "is", "value": True}],
        thresholds={"mql": 45},
        daily_cap=3,
    )

    page = client_for(make_user("rob")).get("/agreement/").content.decode()

    told = page[page.index("What counts as qualified") : page.index("Why sales may say no")]
    assert "Qualifies at once" in told
    assert "Asked to be contacted" in told
    assert "Never qualifies" in told
    assert "nobody is excluded" not in told
    assert "Only the first 3 touches of one kind count in a day." in told
    assert "A lead counts as qualified from a score of 45, or for" in told


def test_reasons_stand_by_family_without_retired_ones(client_for):
    Reason.objects.filter(code="industry").update(retired=True)

    families = client_for(make_user("rob")).get("/agreement/").context["families"]

    assert [(family["label"], len(family["reasons"]), family["routes"]) for family in families] == [
        ("Not mine", 5, ["goes to somebody else in sales"]),
        ("Bad data", 3, ["goes back to marketing for repair"]),
        ("Not a fit", 4, ["is disqualified"]),
        ("Not now", 4, ["goes to nurture"]),
    ]
