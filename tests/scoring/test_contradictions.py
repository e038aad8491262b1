"""scoring/contradictions.py: what a definition says that it cannot mean."""

import pytest

from scoring.contradictions import contradictions, impossible
from scoring.fields import STATIC, Axis, Catalogue, Field, Type
from scoring.rules import GRADES
from tests.scoring.cards import card_with, did, fit, when

ANSWERS = {
    "renewal": Field("Renewal", Type.DATE, "lead", ("custom",), STATIC.of(Axis.FIT)["title"].expression),
    "score": Field("Their score", Type.NUMBER, "lead", ("custom",), STATIC.of(Axis.FIT)["title"].expression),
}
FIELDS = Catalogue({**STATIC.fields, Axis.FIT: {**STATIC.of(Axis.FIT), **ANSWERS}})
STEPS = {"fit": {"A": 30, "B": 20, "C": 10}, "engagement": {"1": 30, "2": 20, "3": 10}}


def warned(*rules, **more):
    return [(one.place, one.text) for one in contradictions(card_with(*rules, fields=FIELDS, **more), {})]


def refused(*rules, **more):
    return [(one.place, one.text) for one in impossible(card_with(*rules, **more))]


def test_the_same_condition_with_opposite_points_gives_nothing():
    assert warned(fit("country", "Sweden", 10), fit("country", ["SWEDEN"], -10, "in")) == [
        ("rules[1]", "“Country is one of SWEDEN” gives -10 here and +10 in rule 1: together nothing")
    ]


def test_the_same_condition_that_adds_and_takes_or_stands_twice():
    assert warned(did("form", 10), did("form", -5), did("form", 3)) == [
        ("rules[1]", "“Filled in a form” both adds and takes away points, here and in rule 1"),
        ("rules[2]", "“Filled in a form” stands in rule 1 already"),
    ]


@pytest.mark.parametrize(
    ("rule", "exclusion"),
    [
        (fit("own_staff", True, 5), when("own_staff", True)),
        (fit("title", "Student", 5), when("title", "student", "contains")),
        (fit("title", "Student of law", 5, "contains"), when("title", "student", "contains")),
        (fit("country", ["Chad", "Mali"], 5, "in"), when("country", ["mali", "chad", "Peru"], "in")),
        (fit("country", "Chad", -5), when("country", "Peru", "is_not")),
        (fit("tags", "rival", 5, "contains"), when("tags", ["rival", "student"], "in")),
        (fit("tags", ["rival"], 5, "in"), when("tags", "Rival", "contains")),
        (fit("company_employees", 10, 5, "at_most"), when("company_employees", 20, "at_most")),
        (fit("company_employees", 10, 5), when("company_employees", 10, "at_least")),
        (fit("score", 0.5, 5), when("score", 0.6, "at_most")),
        (fit("renewal", "2026-01-01", 5, "before"), when("renewal", "2026-03-01", "before")),
        (fit("renewal", "2026-03-01", 5), when("renewal", "2026-03-01", "from")),
        (fit("country", ["Chad", "Mali"], 5, "not_in"), when("country", ["Chad"], "not_in")),
    ],
)
def test_an_exclusion_that_swallows_a_rule(rule, exclusion):
    [(place, text)] = warned(rule, exclusions=[exclusion], hand_raises=[when("raised_hand", True)])
    assert place == "rules[0]"
    assert text.startswith("never counts: who it holds for is excluded by “")


@pytest.mark.parametrize(
    ("rule", "exclusion"),
    [
        (fit("own_staff", False, 5), when("own_staff", True)),
        (fit("title", "stud", 5, "contains"), when("title", "student", "contains")),
        (fit("country", ["Chad", "Mali"], 5, "in"), when("country", "Chad")),
        (fit("country", "Chad", 5, "is_not"), when("country", "Peru", "is_not")),
        (fit("company_employees", 10, 5, "at_least"), when("company_employees", 20, "at_least")),
        (fit("company_employees", 10, 5, "at_least"), when("company_employees", 20, "at_most")),
        (fit("tags", "rival", 5, "contains"), when("tags", ["student"], "not_in")),
        (fit("renewal", "2026-03-01", 5), when("renewal", "2026-03-01", "before")),
        (did("form", 5), when("channel", "email")),
    ],
)
def test_an_exclusion_that_leaves_the_rule_something(rule, exclusion):
    assert warned(rule, exclusions=[exclusion]) == []


def test_rules_that_hold_for_nobody_or_give_less_than_they_say():
    assert warned(
        fit("channel", "pigeon", 5, "contains"),
        fit("email_domain", "@acme.com", 5),
        fit("company_domain", ["acme.com", "https://acme.com"], 5, "in"),
        did("form", 30, cap=20),
    ) == [
        ("rules[0].value", "holds for nobody: no “Channel” contains 'pigeon'"),
        ("rules[1].value", "holds for nobody: a domain reads “acme.com”, without what stands around it"),
        ("rules[2].value", "holds for nobody: a domain reads “acme.com”, without what stands around it"),
        ("rules[3].cap", "gives 20 at most, less than the 30 of a single touch"),
    ]


def test_nothing_is_odd_about_rules_that_only_look_alike():
    assert (
        warned(
            fit("company_employees", 50, 12, "at_least", group="size"),
            fit("company_employees", 200, 20, "at_least", group="size"),
            fit("channel", "event", 5),
            {"axis": "engagement", "field": "channel", "operator": "is", "value": "event", "points": 5},
            fit("channel", "mail", 5, "contains"),
            fit("email_domain", "acme", -5, "contains"),
        )
        == []
    )


def test_a_definition_by_which_nobody_or_everybody_qualifies():
    country = fit("country", "Sweden", 40)
    assert [place for place, _ in refused(country)] == ["thresholds"]
    assert refused(country, thresholds={"mql": 40}) == []
    assert refused(hand_raises=[when("raised_hand", True)]) == []
    rules = [country, did("form", 40)]
    assert [place for place, _ in refused(*rules, thresholds={**STEPS, "grades": list(GRADES)})] == [
        "thresholds.grades"
    ]  # fmt: skip
    assert refused(*rules, thresholds={**STEPS, "grades": list(GRADES), "mql": 9}) == []
    assert refused(*rules, thresholds={**STEPS, "grades": list(GRADES[1:])}) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (when("own_staff", True), when("own_staff", False)),
        (when("country", "Sweden"), when("country", "sweden", "is_not")),
        (when("country", ["Peru", "Chad"], "in"), when("country", ["chad", "peru"], "not_in")),
        (when("tags", ["a"], "not_in"), when("tags", "a", "contains")),
    ],
)
def test_two_exclusions_that_exclude_everybody(one, other):
    for exclusions in ([one, other], [other, one]):
        assert [place for place, _ in refused(did("form", 9), thresholds={"mql": 9}, exclusions=exclusions)] == [
            "exclusions[1]"
        ]  # fmt: skip


def test_two_exclusions_that_leave_somebody():
    exclusions = [when("own_staff", True), when("do_not_mail", False), when("country", "Chad"), when("country", "Peru")]
    assert refused(did("form", 9), thresholds={"mql": 9}, exclusions=exclusions) == []
