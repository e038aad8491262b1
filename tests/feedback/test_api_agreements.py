"""Agreements over the API: draft, propose, sign."""

import json

import pytest

from tests.api import Caller

pytestmark = pytest.mark.django_db


def test_an_agreement_is_drafted_proposed_and_signed(mona, max_):
    marketing, sales = Caller(mona), Caller(max_)
    body = {"hours_to_verdict": 8, "exceptions": [{"name": "Big", "segments": ["Enterprise"], "hours_to_verdict": 2}]}
    made = sales.post("agreements/", body)
    assert (made.status_code, made.json()["status"], made.json()["version"]) == (201, "draft", 1)
    address = f"agreements/{made.json()['id']}/"

    assert marketing.patch(address, {"min_attempts": 6}).json()["min_attempts"] == 6
    assert sales.post(f"{address}propose/").json()["status"] == "proposed"
    assert marketing.post(f"{address}sign/").json()["status"] == "proposed"
    signed = sales.post(f"{address}sign/", {"side": "sales"}).json()

    assert signed["status"] == "active"
    assert [(one["side"], one["name"]) for one in signed["signatures"]] == [("marketing", "Mona"), ("sales", "Max")]


@pytest.mark.parametrize(
    ("who", "path", "code", "problem"),
    [
        ("rob", "", 403, "not_allowed"),
        ("rob", "sign/", 403, "not_allowed"),
        ("ada", "sign/", 403, "not_allowed"),
        ("mona", "sign/", 409, "not_open"),
        ("mona", "withdraw/", 409, "not_open"),
        ("max_", "", 409, "unfinished_version"),
    ],
)
def test_what_is_refused(ada, who, path, code, problem, request):
    draft = Caller(ada).post("agreements/", {}).json()
    address = f"agreements/{draft['id']}/{path}" if path else "agreements/"

    answer = Caller(request.getfixturevalue(who)).post(address, {})

    assert (answer.status_code, answer.json()["code"]) == (code, problem)


def test_terms_without_sense_name_their_place(ada):
    answer = Caller(ada).post("agreements/", {"exceptions": [{"name": "A"}]})

    assert (answer.status_code, answer.json()["code"]) == (422, "bad_terms")
    assert answer.json()["problems"][0] == {
        "block": "exceptions", "row": 1, "field": "segments",
        "text": "it needs a segment or a score, else it holds for all leads.",
    }  # fmt: skip


@pytest.mark.parametrize("body", [{"hours_to_verdict": 0}, {"status": "active"}, {"signatures": []}, {"x": 1}])
def test_what_nobody_may_write_is_an_error(ada, body):
    assert Caller(ada).post("agreements/", body).status_code == 400


@pytest.mark.parametrize("text", ["nul \0", "half \ud83d"])
def test_what_no_database_keeps_is_refused_by_field(ada, text):
    for field, row in (("exceptions", {"name": text}), ("roles", {"stage": "mql", "side": "both", "owner": text})):
        answer = Caller(ada).raw("agreements/", json.dumps({field: [row]}).encode())
        assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


def test_a_period_that_ends_before_it_begins_is_refused(ada):
    body = {"period_starts": "2026-04-01", "period_ends": "2026-03-01"}

    answer = Caller(ada).post("agreements/", body)

    assert answer.status_code == 400
    assert answer.json()["errors"] == {"period_ends": ["The last day comes after the first."]}
