"""The decision alone: facts in, a decision out, without a database."""

from collections import Counter
from dataclasses import replace

from feedback.routing.conditions import asked_by, normal
from feedback.routing.deciding import Case, Floor, Person, Plan, Rule, SalesTeam, decide
from feedback.routing.turns import take_turn

NORTH, SOUTH = 1, 2
TEAMS = {NORTH: SalesTeam(NORTH, "Team North", manager=90), SOUTH: SalesTeam(SOUTH, "Team South")}
MAX = Person(90, "Max", NORTH, is_rep=False)
ROB, ROSA, SAM = Person(1, "Rob", NORTH), Person(2, "Rosa", NORTH), Person(3, "Sam", SOUTH)
DACH = Rule(1, "DACH", asked_by({"country": ["Germany", "AT"]}), team=NORTH)


def floor(*people, rules=(DACH,), plan=None, teams=TEAMS, **state):
    return Floor(plan or Plan(), tuple(rules), {who.id: who for who in people or (ROB, ROSA, SAM, MAX)}, teams, **state)


def case(lead=1, language="", owners=(), earlier=(), tried=(), team=None, **values):
    values = {name: normal(name, value) for name, value in values.items()}
    return Case(lead, values, language, owners, earlier, frozenset(tried), team)


def chosen(case, floor):
    found = decide(case, floor)
    return found.user or -found.team


def test_turns_follow_the_weights_smoothly():
    owed = {}

    turns = "".join("abc"[take_turn({0: 5, 1: 1, 2: 1}, owed)] for _ in range(7))

    assert turns == "aabacaa"
    assert owed == {0: 0, 1: 0, 2: 0}


def test_no_weight_is_no_turn_and_of_equals_the_lower_id_is_first():
    assert take_turn({7: 0}, {}) is None
    assert take_turn({9: 1, 7: 1, 8: 0}, {}) == 7


def test_first_rule_that_fits_counts_each_field_by_one_of_its_values_in_any_spelling():
    rules = (
        Rule(1, "Big", asked_by({"country": ["Germany"], "segment": ["Enterprise"]}), user=SAM.id),
        Rule(2, "DACH", asked_by({"country": ["DE", "at"]}), user=ROB.id),
        Rule(3, "Rest", asked_by({}), user=ROSA.id),
    )

    assert chosen(case(country="de", segment=" ENTERPRISE "), floor(rules=rules)) == SAM.id
    assert chosen(case(country="Deutschland", segment="Small"), floor(rules=rules)) == ROB.id
    assert chosen(case(country="France"), floor(rules=rules)) == ROSA.id
    assert chosen(case(), floor(rules=rules)) == ROSA.id


def test_account_owner_is_before_the_earlier_owner_and_both_before_the_rules():
    both = case(country="DE", owners=(SAM.id,), earlier=(ROSA.id,))

    assert chosen(both, floor()) == SAM.id
    assert chosen(replace(both, tried=frozenset({SAM.id})), floor()) == ROSA.id
    assert chosen(replace(both, owners=()), floor()) == ROSA.id
    assert chosen(both, floor(plan=Plan(account_owner_first=False, earlier_owner_first=False))) == ROB.id


def test_who_knows_the_account_takes_no_turn_and_needs_no_weight():
    here = floor(ROB, replace(SAM, weight=0))

    assert chosen(case(country="DE", owners=(SAM.id,)), here) == SAM.id
    assert here.owed == {}


def test_only_those_with_the_specialism_take_turns():
    rule = replace(DACH, specialism="Packaging")
    people = (ROB, replace(ROSA, specialisms=frozenset({"packaging"})))

    assert [chosen(case(country="DE"), floor(*people, rules=(rule,))) for _ in range(2)] == [ROSA.id, ROSA.id]


def test_who_is_left_out_and_why_is_part_of_the_decision():
    people = (
        replace(ROB, absent="is away until 3 Jan 2027"),
        replace(ROSA, languages=frozenset({"en"})),
        Person(4, "Full", NORTH, capacity=2),
        Person(5, "None", NORTH, weight=0),
        Person(6, "Had", NORTH),
        Person(7, "Able", NORTH, languages=frozenset({"de"}), weight=3, capacity=1),
    )

    found = decide(case(country="DE", language="de", tried=[6]), floor(*people, waiting={4: 2}))

    assert found.user == 7
    assert found.why == {
        "rule": "routing_rule", "name": "DACH", "to": "Able",
        "steps": [{
            "step": "routing_rule", "name": "DACH", "kept": ["Able"], "chosen": "Able",
            "turn": {"weight": 3, "of": 3, "people": 1},
            "dropped": {
                "Rob": "is away until 3 Jan 2027", "Rosa": "does not speak de", "Full": "has 2 of 2 open",
                "None": "takes no turns", "Had": "had it already this time round",
            },
        }],
    }  # fmt: skip


def test_capacity_is_counted_on_with_every_decision():
    here = floor(replace(ROB, capacity=2), replace(ROSA, capacity=1), MAX, waiting={ROB.id: 1})

    given = Counter(chosen(case(lead=number, country="DE"), here) for number in range(5))

    assert given == {ROB.id: 1, ROSA.id: 1, MAX.id: 3}


def test_what_no_rule_places_goes_to_the_fallback_else_to_the_first_team():
    french = case(country="FR")

    assert chosen(french, floor()) == ROB.id
    assert chosen(french, floor(plan=Plan(fallback_user=SAM.id))) == SAM.id
    assert chosen(french, floor(plan=Plan(fallback_team=SOUTH))) == SAM.id
    assert chosen(french, floor(rules=())) == ROB.id


def test_what_no_rule_places_stays_with_the_team_that_had_it():
    assert chosen(case(country="FR", team=SOUTH), floor()) == SAM.id
    assert chosen(case(country="DE", team=SOUTH), floor()) == ROB.id


def test_nobody_of_the_rule_can_take_it_then_fallback_then_the_manager_then_the_team():
    away = [replace(who, absent="is away") for who in (ROB, ROSA)]
    german = case(country="DE")

    assert chosen(german, floor(*away, SAM, MAX, plan=Plan(fallback_user=SAM.id))) == SAM.id
    assert chosen(german, floor(*away, SAM, MAX)) == MAX.id
    assert chosen(german, floor(*away, SAM, replace(MAX, absent="is away"))) == -NORTH
    assert chosen(replace(german, tried=frozenset({MAX.id})), floor(*away, SAM, MAX)) == -NORTH
    assert chosen(german, floor(*away, SAM)) == -NORTH


def test_the_fallback_speaks_whatever_is_needed():
    plan = Plan(fallback_user=SAM.id)
    people = [replace(who, languages=frozenset({"en"})) for who in (ROB, ROSA, SAM)]

    assert chosen(case(country="DE", language="de"), floor(*people, plan=plan)) == SAM.id


def test_without_a_sales_team_nobody_gets_it():
    assert decide(case(), floor(rules=(), teams={})) is None


def test_starting_again_without_somebody_leaves_the_first_floor_as_it_was():
    here = floor(replace(ROB, capacity=1), ROSA)
    again = here.without({ROSA.id: "is leaving"})

    assert chosen(case(country="DE"), again) == ROB.id
    assert (here.owed, here.waiting) == ({}, {})
