"""scoring/rules.py: what is refused, and where."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2 import sql

from scoring.contradictions import contradictions, impossible
from scoring.fields import STATIC, Axis, Catalogue, Field, Type
from scoring.rules import InvalidDefinition, read_card, read_signed_card
from scoring.statement import Compiled
from scoring.words import rule_words
from tests.scoring.cards import did, fit, when

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


STEPS = {"fit": {"A": 20, "B": 10, "C": 5}, "engagement": {"1": 40, "2": 20, "3": 5}}


@pytest.mark.parametrize(
    ("grades", "mql", "fine"),
    [
        (["A1", "B1"], None, True),
        (["D4"], None, True),
        (["A1"], 60, True),
        # C is at most 9 points, 2 at most 39.
        (["C2"], 48, True),
        (["C2"], 49, False),
        (["C2", "A1"], 49, True),
        (["D4"], 9, False),
        (["A5"], None, False),
        (["A1", "A1"], None, False),
        ("A1", None, False),
        ([["A1"]], None, False),
        ([1], None, False),
    ],
)
def test_grades_that_qualify_are_known_and_can_be_reached(grades, mql, fine):
    thresholds = {**STEPS, "grades": grades, **({"mql": mql} if mql else {})}
    if fine:
        card = read_card(version=1, rules=GOOD, thresholds=thresholds, half_life_days=30)
        assert (card.thresholds.grades, card.thresholds.mql) == (tuple(grades), mql)
    else:
        assert places(thresholds=thresholds) == ["thresholds.grades"]


def test_grades_need_the_points_of_both_axes():
    assert places(thresholds={"fit": STEPS["fit"], "grades": ["A1"]}) == ["thresholds.grades"]


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"daily_cap": 0}, "daily_cap"),
        ({"daily_cap": 1_001}, "daily_cap"),
        ({"daily_cap": True}, "daily_cap"),
        ({"daily_cap": 2.0}, "daily_cap"),
        ({"half_life_days": 3_651}, "half_life_days"),
        ({"half_life_days": None}, "half_life_days"),
        ({"half_life_days": float("inf")}, "half_life_days"),
        ({"hand_raises": "any"}, "hand_raises"),
        ({"hand_raises": [when("raised_hand", True)] * 51}, "hand_raises"),
        ({"hand_raises": [when("raised_hand", "yes")]}, "hand_raises[0].value"),
        ({"hand_raises": [when("kind", "meeting"), when("country", "Chad")]}, "hand_raises[1].field"),
        ({"exclusions": [when("kind", "meeting")]}, "exclusions[0].field"),
        ({"exclusions": [when("tags", "rival")]}, "exclusions[0].operator"),
        ({"exclusions": [{**when("country", "Chad"), "points": 5}]}, "exclusions[0].points"),
        ({"exclusions": [None]}, "exclusions[0]"),
        ({"thresholds": {"mood": 4}}, "thresholds.mood"),
        ({"thresholds": {"fit": {"A": 10**9, "B": 2, "C": 1}}}, "thresholds.fit"),
        ({"rules": [*GOOD] * 101}, "rules"),
        ({"rules": [fit("country", ["x"] * 501, 5, operator="in")]}, "rules[0].value"),
        ({"rules": [fit("country", "x" * 201, 5)]}, "rules[0].value"),
        ({"rules": [fit("country", "\ud800", 5)]}, "rules[0].value"),
        ({"rules": [fit("campaign", 2**63, 5)]}, "rules[0].value"),
        ({"rules": [fit("tags", ["a", " "], 5, operator="in")]}, "rules[0].value"),
    ],
)
def test_what_is_absurd_is_refused_with_its_place(more, place):
    with pytest.raises(InvalidDefinition) as refused:
        read_card(**{"version": 1, "rules": GOOD, "thresholds": {}, "half_life_days": 30, **more})
    assert [problem["place"] for problem in refused.value.extra["problems"]] == [place]


def test_conditions_are_read_with_their_fields():
    card = read_card(
        version=1, rules=[], thresholds={}, half_life_days=30, daily_cap=20,
        hand_raises=[when("kind", ["meeting", "reply"], "in")], exclusions=[when("tags", "Rival", "contains")],
    )  # fmt: skip
    [hand], [exclusion] = card.hand_raises, card.exclusions
    assert (hand.field, hand.column.label, exclusion.value, exclusion.column.type) == ("kind", "Did", "Rival", "tags")
    assert card.daily_cap == 20


def test_what_is_signed_counts_on_without_the_rules_whose_fields_are_gone():
    card = read_signed_card(
        version=4, rules=[fit("custom.gone", 5, 10), *GOOD, fit("country", "Sweden", 5, operator="near")],
        thresholds={"mql": 90}, half_life_days=30, daily_cap=None,
        hand_raises=[when("custom.gone", 1), when("raised_hand", True)], exclusions=[when("custom.gone", True)],
        fields=STATIC,
    )  # fmt: skip
    assert [(rule.name, rule.field) for rule in card.rules] == [("rule_1", "country"), ("rule_2", "kind")]
    assert ([one.field for one in card.hand_raises], card.exclusions, card.thresholds.mql) == (["raised_hand"], (), 90)


# Anything that JSON can hold, and things that look like rules more often than not.
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
NAMES = [*STATIC.of(Axis.FIT), *STATIC.of(Axis.ENGAGEMENT), "custom.own"]
OPERATOR = st.sampled_from(["is", "is_not", "in", "not_in", "contains", "at_least", "at_most", "from", "before"]) | ANY
VALUE = (
    st.sampled_from(["Sweden", "form", "email", True, 0, 50, ["form"], ["a", "b"], "2026-03-14", "2026-02-30"]) | ANY
)
CONDITION = {"field": st.sampled_from(NAMES) | ANY, "operator": OPERATOR, "value": VALUE}
CONDITIONS = st.lists(st.fixed_dictionaries(CONDITION) | ANY, max_size=3) | ANY
RULES = st.lists(
    st.fixed_dictionaries(
        {"axis": st.sampled_from(["fit", "engagement"]) | ANY, **CONDITION, "points": st.integers(-101, 101) | ANY},
        optional={"cap": st.integers(-1, 100) | ANY, "group": st.sampled_from(["a", "b"]) | ANY, "x": ANY},
    )
    | ANY,
    max_size=4,
)
POINTS = st.integers(-5, 60)
THRESHOLDS = (
    st.fixed_dictionaries(
        {},
        optional={
            "fit": st.fixed_dictionaries(dict.fromkeys("ABC", POINTS)) | ANY,
            "engagement": st.fixed_dictionaries(dict.fromkeys("123", POINTS)) | ANY,
            "mql": st.integers(-1, 101) | ANY,
            "grades": st.lists(st.sampled_from(["A1", "B2", "D4", "E5"]), max_size=4) | ANY,
        },
    )
    | ANY
)
PLACE = re.compile(
    r"(rules|hand_raises|exclusions)(\[\d+\](\..+)?)?|thresholds(\..+)*|half_life_days|daily_cap", re.DOTALL
)
OWN = Field("Own", Type.DATE, "lead", ("custom",), sql.SQL("NULL"))
FIELDS = Catalogue({**STATIC.fields, Axis.FIT: {**STATIC.of(Axis.FIT), "custom.own": OWN}})


@given(
    rules=RULES, thresholds=THRESHOLDS, half_life_days=st.integers(0, 40) | ANY, daily_cap=st.none() | ANY,
    hand_raises=CONDITIONS, exclusions=CONDITIONS,
)  # fmt: skip
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_whatever_is_written_is_read_or_refused_with_a_place(**written):
    try:
        card = read_card(version=1, fields=FIELDS, **written)
    except InvalidDefinition as invalid:
        for problem in invalid.extra["problems"]:
            assert PLACE.fullmatch(problem["place"]), problem
            assert problem["text"]
        return
    # What is read can be compiled, put in words, doubted and compared.
    Compiled(card)
    assert len(card.rules) == len(written["rules"])
    assert all(rule_words(rule, {}) for rule in card.rules)
    impossible(card), contradictions(card, {})
    assert read_signed_card(version=1, fields=FIELDS, **written) == card


RULE = st.one_of(
    st.builds(
        fit, st.just("country"), st.sampled_from(["Sweden", "Chad"]), st.integers(1, 30) | st.integers(-30, -1),
        st.sampled_from(["is", "is_not", "contains"]),
    ),
    st.builds(did, st.sampled_from(["form", "reply"]), st.integers(1, 30), cap=st.integers(1, 60)),
)  # fmt: skip


@given(rules=st.lists(RULE, max_size=6), mql=st.integers(1, 100))
def test_a_threshold_is_refused_exactly_where_no_sum_of_points_reaches_it(rules, mql):
    most = sum(rule.get("cap", max(rule["points"], 0)) for rule in rules)
    if mql > most:
        assert places(rules=rules, thresholds={"mql": mql}) == ["thresholds.mql"]
    else:
        read_card(version=1, rules=rules, thresholds={"mql": mql}, half_life_days=30)
