"""Definitions over the API: drafted, checked, compared, proposed and signed by programs as by people."""

import json

import pytest

from crm.models import Role
from feedback.models import Agreement
from leads.models.custom import CustomField
from scoring.models import Definition
from tests.api import Caller
from tests.factories import make_team, make_user
from tests.scoring.cards import did, fit, when

pytestmark = pytest.mark.django_db
RULES = [fit("country", "Sweden", 40), did("form", 20, cap=40)]
BODY = {"name": "Makers", "rules": RULES, "thresholds": {"mql": 50}, "daily_cap": 3, "half_life_days": 14}


@pytest.fixture
def marketing():
    return Caller(make_user("mona", Role.MANAGER, make_team("Marketing", kind="marketing")))


@pytest.fixture
def sales():
    return Caller(make_user("max", Role.MANAGER, make_team("Sales", kind="sales")))


@pytest.fixture
def draft(marketing):
    return marketing.post("definitions/", BODY).json()


def at(draft, deed=""):
    return f"definitions/{draft['id']}/{deed}"


def test_a_definition_is_drafted_edited_proposed_and_signed(marketing, sales, draft):
    assert {name: draft[name] for name in ("version", "status", "agreement", "based_on", *BODY)} == {
        "version": 1, "status": "draft", "agreement": None, "based_on": None, **BODY
    }  # fmt: skip
    assert [one["field"] for one in draft["hand_raises"]] == ["raised_hand"]

    edited = sales.patch(at(draft), {"half_life_days": 30, "seen": draft["mark"]}).json()
    assert (edited["half_life_days"], edited["mark"] != draft["mark"]) == (30, True)

    proposed = sales.post(at(draft, "propose/"), {"why": "Fewer students."}).json()
    assert (proposed["status"], proposed["agreement"]) == ("proposed", Agreement.objects.get().pk)
    assert marketing.post(at(draft, "sign/")).json()["status"] == "proposed"
    signed = sales.post(at(draft, "sign/"), {"side": "sales"}).json()
    assert (signed["status"], signed["agreement"]) == ("active", None)
    assert [(one["side"], one["name"]) for one in signed["signatures"]] == [("marketing", "Mona"), ("sales", "Max")]

    copied = marketing.post("definitions/", {"copy_of": draft["id"], "name": "Sharper"}).json()
    assert (copied["version"], copied["based_on"], copied["rules"]) == (2, 1, RULES)


def test_the_same_request_twice_makes_one_draft(marketing):
    answers = [marketing.post("definitions/", BODY, key="once").json()["id"] for _ in range(2)]
    assert answers == [Definition.objects.get().pk] * 2


def test_problems_are_told_with_their_place(marketing, draft):
    bad = {"rules": [*RULES, fit("shoe_size", 44, 5), did("form", 1e400)], "exclusions": [when("country", 3)]}
    body = json.dumps({**bad, "rules": bad["rules"][:3]}).encode()
    for answer in (marketing.raw("definitions/", body), marketing.patch(at(draft), json.loads(body))):
        assert (answer.status_code, answer["Content-Type"], answer.json()["code"]) == (
            422, "application/problem+json", "invalid_definition",
        )  # fmt: skip
        assert [one["place"] for one in answer.json()["problems"]] == ["rules[2].field", "exclusions[0].value"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"status": "active"}, 400),
        ({"signatures": [{"side": "sales"}]}, 400),
        ({"version": 9}, 400),
        ({"colour": "red"}, 400),
        ({"half_life_days": "soon"}, 400),
        ({"half_life_days": 0}, 422),
        ({"daily_cap": -1}, 400),
        ({"daily_cap": 5_000}, 422),
        ({"rules": None}, 400),
        ({"rules": "all"}, 422),
        ({"rules": [fit("country", "a\0b", 5)]}, 400),
        ({"thresholds": [40]}, 422),
        ({"thresholds": {"mql": 10**30}}, 422),
        ({"name": ""}, 400),
        ({"name": "x" * 121}, 400),
        ({"copy_of": 99_999}, 400),
    ],
)
def test_what_is_refused(marketing, body, status):
    assert marketing.post("definitions/", body).status_code == status
    assert not Definition.objects.exists()


def test_numbers_beyond_all_bounds_and_half_characters_are_refused(marketing):
    for number in (b"1e999", b"NaN", b"-Infinity", b'"\\ud800"'):
        body = json.dumps({"rules": [fit("country", "Sweden", 7777)]}).encode().replace(b"7777", number)
        assert marketing.raw("definitions/", body).status_code in (400, 422)
    assert not Definition.objects.exists()


def test_who_was_slower_is_told(marketing, sales, draft):
    sales.patch(at(draft), {"name": "Sharper"})
    late = marketing.patch(at(draft), {"half_life_days": 9, "seen": draft["mark"]})
    assert (late.status_code, late.json()["code"], late.json()["by_name"]) == (409, "changed_meanwhile", "Max")
    sales.post(at(draft, "propose/"))
    for answer in (
        marketing.patch(at(draft), {"half_life_days": 9}), marketing.delete(at(draft)),
        marketing.post(at(draft, "propose/")),
    ):  # fmt: skip
        assert (answer.status_code, answer.json()["code"], answer.json()["status"]) == (409, "not_open", 409)


def test_a_proposal_is_taken_back_and_a_draft_thrown_away(marketing, sales, draft):
    marketing.post(at(draft, "propose/"))
    marketing.post(at(draft, "sign/"))
    back = sales.post(at(draft, "withdraw/")).json()
    assert (back["status"], back["signatures"], back["agreement"]) == ("draft", [], None)
    assert sales.delete(at(draft)).status_code == 204
    assert sales.get(at(draft)).status_code == 404


def test_an_unfinished_agreement_is_named(marketing, draft):
    marketing.post("agreements/", {"min_attempts": 7})
    waiting = marketing.post(at(draft, "propose/")).json()
    assert (waiting["status"], waiting["agreement"]) == ("draft", Agreement.objects.get().pk)
    marketing.post(f"agreements/{waiting['agreement']}/propose/")
    other = marketing.post("definitions/", BODY).json()
    refused = marketing.post(at(other, "propose/"))
    assert (refused.status_code, refused.json()["code"]) == (409, "unfinished_version")
    assert refused.json()["agreement"] == waiting["agreement"]


def test_a_version_is_checked_without_a_change(marketing, draft):
    marketing.patch(at(draft), {"rules": [*RULES, fit("country", "Sweden", -40)], "hand_raises": [], "thresholds": {}})
    assert marketing.get(at(draft, "check/")).json() == {
        "problems": [{
            "place": "thresholds",
            "text": "nobody qualifies: give a score or grades to qualify from, or a raised hand",
        }],
        "warnings": [
            {"place": "rules[2]", "text": "“Country is Sweden” gives -40 here and +40 in rule 1: together nothing"}
        ],
    }  # fmt: skip


def test_two_versions_are_compared(marketing, draft):
    later = marketing.post("definitions/", {"copy_of": draft["id"], "thresholds": {"mql": 60}}).json()
    assert marketing.get(at(later, "compare/"), against=draft["id"]).json() == {
        "definition": later["id"], "against": draft["id"], "same": 5,
        "changes": [{
            "part": "thresholds", "part_label": "Thresholds", "kind": "changed", "label": "Qualifies from a score of",
            "before": "50", "after": "60",
        }],
    }  # fmt: skip
    for asked in ({}, {"against": "x"}, {"against": 10**20}, {"against": 0}, {"against": draft["id"], "x": 1}):
        assert marketing.get(at(later, "compare/"), **asked).status_code == 400


def test_programs_learn_which_fields_there_are(sales):
    CustomField.objects.create(record="lead", name="cloud", label="Cloud", kind="choice", choices=["AWS"])
    CustomField.objects.create(record="lead", name="old", label="Old", kind="text", retired=True)
    known = sales.get("definitions/fields/").json()
    fit_fields = {one["name"]: one for one in known["fit"]}
    assert fit_fields["custom.cloud"] == {
        "name": "custom.cloud", "label": "Cloud", "type": "text", "choices": {"AWS": "AWS"},
        "whole": False, "own": True,
        "operators": {
            "is": "is", "is_not": "is not", "in": "is one of", "not_in": "is none of", "contains": "contains",
        },
    }  # fmt: skip
    assert "custom.old" not in fit_fields
    assert {"kind", "raised_hand"} <= {one["name"] for one in known["engagement"]}
    assert sales.get("definitions/fields/", x=1).status_code == 400


def test_everybody_reads_and_a_list_costs_the_same_few_queries(marketing, draft, django_assert_max_num_queries):
    rob = Caller(make_user("rob", Role.REP))
    for _number in range(5):
        marketing.post("definitions/", BODY)
    with django_assert_max_num_queries(6):
        assert len(rob.get("definitions/").json()["results"]) == 6
    assert rob.get("definitions/", status="draft", version=1).json()["results"][0]["id"] == draft["id"]
    assert rob.get(at(draft, "check/")).status_code == 200
