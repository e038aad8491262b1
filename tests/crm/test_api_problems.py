import json

import pytest

from leads.models import Lead
from tests.api import Caller
from tests.factories import make_lead

MEMBERS = {"type", "title", "status", "detail", "code"}
HUGE = "9" * 40


@pytest.fixture
def calls(mia):
    return Caller(mia)


def test_every_error_is_a_problem_document(calls):
    answer = calls.get("leads/1/")
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:tandem:problem:not_found",
        "title": "Not Found",
        "status": 404,
        "detail": "Not found.",
        "code": "not_found",
    }


@pytest.mark.parametrize(
    "path", ["leads/0/", f"leads/{2**63}/", f"leads/{HUGE}/", "leads/abc/", "leads/1/nothing/", "nothing/", "leads/-1/"]
)
def test_an_unknown_address_or_id_is_404(calls, path):
    answer = calls.get(path)
    assert (answer.status_code, set(answer.json()) >= MEMBERS) == (404, True)


def test_an_address_without_its_slash_is_sent_to_the_one_with_it(calls):
    answer = calls.get("leads")
    assert (answer.status_code, answer["Location"]) == (301, "/api/v1/leads/")


@pytest.mark.parametrize(
    "path", ["handoffs/{}/accept/", "leads/{}/transition/", "leads/{}/offer/", "opportunities/{}/close/"]
)
@pytest.mark.parametrize("pk", ["999999", HUGE])
def test_an_action_on_an_unknown_id_is_404(calls, path, pk):
    assert calls.post(path.format(pk), {}).status_code == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "parse_error"),
        (b'{"first_name": "\xff"}', "parse_error"),
        (b'{"custom": NaN}', "parse_error"),
        (b"[" * 200_000, "parse_error"),
        (b'{"custom": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "parse_error"),
        (b'{"custom": ' + b"[" * 900 + b"]" * 900 + b"}", "parse_error"),
        (b'{"custom": ' + b'{"a":' * 900 + b"1" + b"}" * 901, "parse_error"),
        (b"[]", "invalid"),
        (b'"text"', "invalid"),
        (b"null", "invalid"),
        (b"7", "invalid"),
    ],
)
def test_a_body_that_is_no_object_is_400(calls, body, code):
    answer = calls.raw("leads/", body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_body_in_another_format_is_415_and_one_too_large_413(calls):
    assert calls.raw("leads/", b"a=1", "application/x-www-form-urlencoded").status_code == 415
    assert calls.raw("leads/", b'"' + b"x" * 6_000_000 + b'"').status_code == 413


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first_name", ["x"]),
        ("first_name", {"a": 1}),
        ("first_name", True),
        ("first_name", "x" * 121),
        ("first_name", "nul \0"),
        ("first_name", "\ud800"),
        ("email", "not an address"),
        ("channel", "carrier pigeon"),
        ("channel", "\ud800"),
        ("owner", "Rob"),
        ("owner", True),
        ("owner", 10**40),
        ("owner", -1),
        ("owner", [1]),
        ("owner", 1.5),
        ("custom", []),
        ("custom", "x"),
        ("custom", {"a": "\0"}),
        ("custom", {"\ud800": 1}),
        ("custom", {"a": "x" * 60_000}),
        ("revisit_on", "tomorrow"),
        ("revisit_on", "2026-02-30"),
        ("captured_at", "yesterday"),
        ("captured_at", 17),
        ("captured_at", "1492-10-12T00:00:00Z"),
        ("captured_at", "0001-01-01T00:00:00+14:00"),
        ("colour", "red"),
        ("stage", "customer"),
        ("score", 100),
        ("id", 7),
        ("version", 7),
    ],
)
def test_a_wrong_value_is_400_and_named_by_field(calls, field, value):
    answer = calls.raw("leads/", json.dumps({field: value}).encode())
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])
    assert answer.json()["detail"].startswith(field)
    assert not Lead.objects.exists()


def test_infinity_in_custom_is_400(calls):
    assert calls.raw("leads/", b'{"custom": {"a": 1e400}}').status_code == 400


def test_a_moment_to_come_breaks_a_rule(calls):
    answer = calls.post("leads/", {"captured_at": "2999-01-01T00:00:00Z"})
    assert (answer.status_code, answer.json()["code"]) == (422, "at_in_future")


@pytest.mark.parametrize("method", ["put", "delete"])
def test_what_a_resource_does_not_do_is_405(calls, method):
    lead = make_lead()
    answer = getattr(calls.client, method)(f"/api/v1/leads/{lead.pk}/")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"colour": "red"}, "colour"),
        ({"stage": "mql", "Stage": "mql"}, "Stage"),
        ({"format": "xml"}, "format"),
        ({"q": "x"}, "q"),
    ],
)
def test_an_unknown_parameter_is_400_and_named_with_the_known_ones(calls, parameters, name):
    answer = calls.get("leads/", **parameters)
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["parameter"]) == (400, "unknown_parameter", name)
    assert {"stage", "owner", "ordering", "cursor", "page_size"} <= set(problem["known"])


def test_one_record_and_a_new_one_take_no_parameters(calls):
    lead = make_lead()
    assert calls.get(f"leads/{lead.pk}/", stage="customer").status_code == 400
    assert calls.post("leads/?dry_run=1", {}).status_code == 400


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("owner", "rob"),
        ("owner", HUGE),
        ("owner", "0"),
        ("stage", "nowhere"),
        ("captured_at__gte", "yesterday"),
        ("revisit_on", "31.12.2026"),
        ("source", "\0"),
        ("score__gte", "high"),
        ("ordering", "colour"),
        ("ordering", "-"),
        ("page_size", "0"),
        ("page_size", "all"),
        ("page_size", "-5"),
    ],
)
def test_a_parameter_with_a_senseless_value_is_400(calls, name, value):
    assert calls.get("leads/", **{name: value}).status_code == 400


def test_a_flag_is_true_or_false(calls):
    assert calls.get("reasons/", retired="maybe").status_code == 400
    assert len(calls.get("reasons/", retired="true").json()["results"]) == 0
    assert len(calls.get("reasons/", retired="false").json()["results"]) > 20


@pytest.mark.parametrize(
    "text",
    [
        "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 👩‍👩‍👧‍👦 🇧🇷",
        "שלום עולם",
        "\u202eright to left\u202c",
        "<script>alert(1)</script>",
        "'; DROP TABLE leads_lead; --",
        "{{ 7 * 7 }}",
        "=1+1",
        "x" * 120,
    ],
)
def test_any_text_comes_back_as_it_was_sent(calls, text):
    answer = calls.post("leads/", {"first_name": text, "custom": {text: [text, None, 1.5, {"deep": True}]}})
    assert answer.status_code == 201
    shown = calls.get(f"leads/{answer.json()['id']}/").json()
    assert (shown["first_name"], shown["custom"]) == (text, {text: [text, None, 1.5, {"deep": True}]})
    assert [row["id"] for row in calls.get("leads/", first_name=text).json()["results"]] == [shown["id"]]
