"""The organisation's settings are read once a request, and anew after they were changed."""

import pytest
from django.http import HttpRequest, HttpResponse

from crm.memo import MemoMiddleware
from crm.models import Organisation

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> Organisation:
    return Organisation.get()


def within_a_request(deed):
    """What ``deed`` gives as the view of a request."""
    given = []
    MemoMiddleware(lambda request: given.append(deed()) or HttpResponse())(HttpRequest())
    return given[0]


def test_a_request_reads_the_organisation_once(house, django_assert_num_queries):
    with django_assert_num_queries(1):
        first, second = within_a_request(lambda: (Organisation.get(), Organisation.get()))
    assert first is second
    with django_assert_num_queries(1):
        within_a_request(Organisation.get)


def test_a_change_is_seen_within_the_request_that_makes_it(house):
    def change():
        before = Organisation.get().currency
        house.currency = "CHF"
        house.save(update_fields=["currency"])
        return before, Organisation.get().currency

    assert within_a_request(change) == ("EUR", "CHF")


def test_outside_a_request_nothing_is_kept(house, django_assert_num_queries):
    with django_assert_num_queries(2):
        assert Organisation.get() is not Organisation.get()
