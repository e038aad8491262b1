"""scoring/comparing.py: what differs between two versions, in words."""

import pytest

from scoring.comparing import compare
from tests.factories import make_campaign
from tests.scoring.cards import card_with, did, fit, when

pytestmark = pytest.mark.django_db


def said(before, after):
    found = compare(before, after)
    return [(one.part, one.kind, one.label, one.before, one.after) for one in found.changes], found.same


def test_the_same_says_nothing_new():
    card = card_with(fit("country", "Sweden", 10), did("form", 5, cap=9), exclusions=[when("own_staff", True)])
    same = card_with(
        did("form", 5, cap=9), fit("country", ["sweden"], 10, "in"), exclusions=[when("own_staff", True)], version=2
    )
    assert said(card, same) == ([], 3)


def test_rules_that_came_went_and_changed():
    campaign = make_campaign("Spring webinar").pk
    before = card_with(
        fit("country", "Sweden", 10),
        fit("company_employees", 50, 12, "at_least", group="size"),
        fit("title", "student", -30, "contains"),
        did("form", 30, cap=45),
    )
    after = card_with(
        fit("company_employees", 200, 12, "at_least", group="size"),
        fit("country", "Sweden", 15),
        did("form", 12, cap=24),
        {"axis": "engagement", "field": "campaign", "operator": "is", "value": campaign, "points": 5},
    )
    assert said(before, after) == (
        [
            (
                "fit", "changed", "Employees", "Employees is at least 50: +12, in the group “size”",
                "Employees is at least 200: +12, in the group “size”",
            ),
            ("fit", "changed", "Country", "Country is Sweden: +10", "Country is Sweden: +15"),
            ("fit", "removed", "Title", "Title contains student: −30", ""),
            ("engagement", "changed", "Did", "Filled in a form: +30, at most 45", "Filled in a form: +12, at most 24"),
            (
                "engagement", "added", "Campaign of the touch", "", "Campaign of the touch is Spring webinar: +5",
            ),
        ],
        0,
    )  # fmt: skip


def test_one_that_stands_twice_is_paired_once():
    one = card_with(fit("country", "Sweden", 10))
    two = card_with(fit("country", "Sweden", 10), fit("country", "Sweden", 10))
    assert said(one, two) == ([("fit", "added", "Country", "", "Country is Sweden: +10")], 1)
    assert said(two, one) == ([("fit", "removed", "Country", "Country is Sweden: +10", "")], 1)


def test_thresholds_hands_exclusions_and_how_points_count():
    before = card_with(did("form", 50), thresholds={"mql": 40}, hand_raises=[when("raised_hand", True)])
    after = card_with(
        did("form", 50), fit("country", "Chad", 50), half_life_days=14, daily_cap=5,
        hand_raises=[when("kind", ["meeting", "reply"], "in")], exclusions=[when("own_staff", True)],
        thresholds={
            "fit": {"A": 30, "B": 20, "C": 10}, "engagement": {"1": 30, "2": 20, "3": 10}, "grades": ["B1", "A1"],
        },
    )  # fmt: skip
    changes, same = said(before, after)
    assert same == 1
    assert [change for change in changes if change[0] != "fit"] == [
        ("hand_raises", "added", "Did", "", "Met us, Replied"),
        ("hand_raises", "removed", "Asked to be contacted", "Asked to be contacted", ""),
        ("exclusions", "added", "Is one of our own people", "", "Is one of our own people"),
        ("thresholds", "removed", "Qualifies from a score of", "40", ""),
        ("thresholds", "added", "Qualifies with grade", "", "A1, B1"),
        *(
            ("thresholds", "added", f"{axis} {grade} from", "", points)
            for axis, grades in (("Fit", "ABC"), ("Engagement", "123"))
            for grade, points in zip(grades, ("30", "20", "10"), strict=True)
        ),
        ("counting", "changed", "Half-life", "30 days", "14 days"),
        ("counting", "changed", "Touches of one kind a day", "all", "the first 5"),
    ]
