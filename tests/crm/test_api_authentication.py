from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from rest_framework.test import APIClient

from crm.models import Token
from crm.tokens import hash_key, issue_token
from tests.api import Caller


def with_key(key):
    return APIClient(HTTP_AUTHORIZATION=f"Token {key}").get("/api/v1/leads/")


def test_a_stranger_is_asked_to_log_in(db):
    answer = APIClient().get("/api/v1/leads/")
    assert (answer.status_code, answer["WWW-Authenticate"], answer["Content-Type"]) == (
        401,
        "Token",
        "application/problem+json",
    )
    assert answer.json()["code"] == "not_authenticated"


@pytest.mark.parametrize("key", ["", "x", "a b", "ä" * 40, "f" * 64, "x" * 10_000])
def test_a_wrong_key_is_refused(db, key):
    assert with_key(key).status_code == 401


def test_a_key_is_stored_as_its_hash_only(rob):
    key = issue_token(rob)
    token = Token.objects.get(user=rob)
    assert (token.key_hash, len(key), key in str(vars(token))) == (hash_key(key), 64, False)
    assert with_key(key).status_code == 200


def test_the_day_of_use_is_written_once_a_day(rob, django_assert_num_queries):
    key = issue_token(rob)
    assert Token.objects.get().last_used_on is None

    with_key(key)
    assert Token.objects.get().last_used_on is not None
    with django_assert_num_queries(3):  # token with its user, leads, their own fields
        with_key(key)

    Token.objects.update(last_used_on=date(2026, 1, 1))
    with_key(key)
    assert Token.objects.get().last_used_on > date(2026, 1, 1)


def test_who_may_no_longer_log_in_may_not_call(rob):
    key = issue_token(rob)
    rob.is_active = False
    rob.save()
    assert with_key(key).status_code == 401


def test_manage_py_token_prints_the_key_last(rob):
    out = StringIO()
    call_command("token", "  Rob@Demo.test ", stdout=out)
    assert with_key(out.getvalue().split()[-1]).status_code == 200


def test_manage_py_token_names_whom_it_does_not_know(rob):
    with pytest.raises(CommandError, match="Nobody here has the e-mail"):
        call_command("token", "nobody@demo.test")
    rob.is_active = False
    rob.save()
    with pytest.raises(CommandError, match="may no longer log in"):
        call_command("token", "rob@demo.test")


def test_a_session_reads_and_writes_only_with_its_csrf_token(ada):
    page = Client(enforce_csrf_checks=True)
    page.force_login(ada, backend="allauth.account.auth_backends.AuthenticationBackend")
    page.cookies["csrftoken"] = token = "x" * 32
    body = {"name": "Acme"}
    ask = "/api/v1/companies/"

    assert page.get(ask).status_code == 200
    refused = page.post(ask, body, content_type="application/json")
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    assert page.post(ask, body, content_type="application/json", headers={"X-CSRFToken": token}).status_code == 201


def test_no_page_logs_in_by_token(rob, client):
    answer = client.get("/leads/", headers={"Authorization": f"Token {issue_token(rob)}"})
    assert answer.status_code == 302


def test_the_root_names_every_resource(mia):
    answer = Caller(mia).get("")
    assert answer.json()["leads"] == "http://testserver/api/v1/leads/"
    assert set(answer.json()) >= set(
        "campaigns spends assets touches capture-forms submissions companies contacts leads transitions opportunities "
        "activities tasks handoffs reasons agreements definitions imports users teams notifications".split()
    )
    for address in answer.json().values():
        # How leads are routed is for managers to see.
        expected = 403 if address.endswith("/routing-rules/") else 200
        assert Caller(mia).client.get(address).status_code == expected
