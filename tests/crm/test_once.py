import pytest
from django.test import RequestFactory

from crm.once import is_repeat
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_is_repeat_knows_a_form_by_person_and_key():
    rob, rosa = make_user("rob"), make_user("rosa")
    sent = RequestFactory().post("/leads/new/", {"idempotency_key": "k1"})
    other = RequestFactory().post("/leads/new/", {"idempotency_key": "k2"})

    assert [is_repeat(sent, rob), is_repeat(sent, rob), is_repeat(other, rob), is_repeat(sent, rosa)] == [
        False,
        True,
        False,
        False,
    ]


def test_is_repeat_lets_a_form_without_a_key_through():
    rob, plain = make_user("rob"), RequestFactory().post("/leads/new/")

    assert [is_repeat(plain, rob), is_repeat(plain, rob)] == [False, False]


def test_is_repeat_takes_a_key_that_no_text_can_hold():
    sent = RequestFactory().post("/leads/new/", {"idempotency_key": "a\0b"})

    assert is_repeat(sent, make_user("rob")) is False
