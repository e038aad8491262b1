"""scoring/rules.py: what is refused, and where."""

import pytest

from scoring.rules import InvalidDefinition, read_card
from tests.scoring.cards import did, fit

GOOD = [fit("country", "Sweden", 20), did("form", 20, cap=40)]


def problems(rules=GOOD, thresholds=None, half_life_days=30):
    with pytest.raises(InvalidDefinition) as refused:
        read_card(version=1, rules=rules, thresholds=thresholds or {}, half_life_days=half_life_days)
    return [(problem["place"], problem["text"]) for problem in refused.value.extra["problems"]]


def places(**given):
    return [place for place, _ in problems(**given)]


def test_good_rules_are_read():
    card = read_card(version=3, rules=GOOD, thresholds={"mql": 60}, half_life_days=7)
    assert [(rule.name, rule.axis, rule.points, rule.cap) for rule in card.rules] == [
        ("rule_0", "fit", 20, None),
        ("rule_1", "engagement", 20, 40),
    ]
    assert (card.version, card.thresholds.mql, card.half_life_days) == (3, 60, 7)


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ("not a rule", "rules[1]"),
        ({**GOOD[0], "axis": "mood"}, "rules[1].axis"),
        ({**GOOD[0], "colour": "red"}, "rules[1].colour"),
        (fit("shoe_size", 44, 5), "rules[1].field"),
        (fit(["country"], "Sweden", 5), "rules[1].field"),
        (fit("kind", "form", 5), "rules[1].field"),
        (fit("country", "Sweden", 5, operator="at_least"), "rules[1].operator"),
        (fit("country", 7, 5), "rules[1].value"),
        (fit("country", " ", 5), "rules[1].value"),
        (fit("country", "a\0b", 5), "rules[1].value"),
        (fit("country", "Sweden", 5, operator="in"), "rules[1].value"),
        (fit("country", [], 5, operator="in"), "rules[1].value"),
        (fit("channel", "pigeon", 5), "rules[1].value"),
        (fit("company_employees", "many", 5, operator="at_least"), "rules[1].value"),
        (fit("company_employees", True, 5, operator="at_least"), "rules[1].value"),
        (fit("company_employees", 2**31, 5, operator="at_least"), "rules[1].value"),
        (fit("has_phone", "yes", 5), "rules[1].value"),
        (did("applause", 5), "rules[1].value"),
        (fit("country", "Sweden", 0), "rules[1].points"),
        (fit("country", "Sweden", 101), "rules[1].points"),
        (fit("country", "Sweden", 2.5), "rules[1].points"),
        (fit("country", "Sweden", float("inf")), "rules[1].points"),
        (fit("country", "Sweden", 5, cap=5), "rules[1].cap"),
        (did("form", 5, cap=0), "rules[1].cap"),
        (did("form", -5, cap=10), "rules[1].cap"),
        (did("form", 5, group="mail"), "rules[1].cap"),
        (fit("country", "Sweden", -5, group="place"), "rules[1].points"),
        (fit("country", "Sweden", 5, group=7), "rules[1].group"),
    ],
)
def test_a_bad_rule_is_refused_with_its_place(rule, place):
    assert places(rules=[GOOD[0], rule]) == [place]


@pytest.mark.parametrize(
    ("thresholds", "place"),
    [
        ("high", "thresholds"),
        ({"fit": {"A": 3, "B": 2}}, "thresholds.fit"),
        ({"fit": {"A": "x", "B": 2, "C": 1}}, "thresholds.fit"),
        ({"fit": {"A": 10, "B": 10, "C": 1}}, "thresholds.fit.A"),
        ({"fit": {"A": 21, "B": 10, "C": 1}}, "thresholds.fit.A"),
        ({"engagement": {"1": 41, "2": 10, "3": 1}}, "thresholds.engagement.1"),
        ({"mql": 0}, "thresholds.mql"),
        ({"mql": 101}, "thresholds.mql"),
        ({"mql": 61}, "thresholds.mql"),
    ],
)
def test_an_impossible_threshold_is_refused_with_its_place(thresholds, place):
    assert places(thresholds=thresholds) == [place]


def test_an_uncapped_rule_makes_any_engagement_possible():
    read_card(
        version=1, rules=[did("form", 5)], thresholds={"engagement": {"1": 90, "2": 5, "3": 1}}, half_life_days=30
    )


def test_all_problems_are_told_at_once():
    bad = [fit("shoe_size", 44, 5), fit("country", "Sweden", 0)]
    assert problems(rules=bad, half_life_days=6)[1:] == [
        ("rules[1].points", "a whole number from -100 to 100, not 0"),
        ("half_life_days", "a whole number of days from 7 to 3650"),
    ]


def test_rules_must_be_a_list():
    assert places(rules={"axis": "fit"}) == ["rules"]
