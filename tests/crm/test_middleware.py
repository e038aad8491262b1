"""Addresses that nobody types, on every page that reads them."""

import pytest
from django.urls import reverse

from crm.requests import id_of
from tests.factories import make_handoff

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address",
    [
        "/leads/?source=%00",
        "/contacts/?q=a%00b",
        "/companies/?q=%00",
        "/opportunities/?q=%00",
        "/dashboards/funnel/?channel=%00",
        "/dashboards/funnel/leads/?dimension=source&key=%00",
        "/dashboards/funnel/?until=9999-12-31",
        "/dashboards/funnel/leads/?dimension=month&key=9999-12",
        "/api/v1/reports/velocity/?source=%00",
        "/api/v1/reports/funnel/?from=0001-01-01",
        "/api/v1/companies/?name=%00",
    ],
)
def test_a_value_that_cannot_be_read_is_the_askers_error(rob, client_for, address):
    assert client_for(rob).get(address).status_code == 400


@pytest.mark.parametrize("number", ["²", "9" * 18, "9" * 40, "٣", "-1", "x"])
def test_an_id_that_no_row_has_finds_nothing(rob, client_for, number):
    browser = client_for(rob)

    assert browser.get("/leads/", {"tab": "all", "campaign": number}).status_code == 200
    assert browser.get("/inbox/", {"open": number}).status_code == 200
    lead = make_handoff(to=rob).lead
    answer = browser.post(reverse("desk:lead-acceptance", args=[lead.pk]), {"handoff": number})
    assert answer.status_code == 404


@pytest.mark.parametrize("address", ["http://[", f"http://testserver/inbox/?open={'9' * 5000}"])
def test_the_inbox_lives_on_beside_an_address_it_cannot_read(rob, client_for, address):
    asked = {"HX-Request": "true", "HX-Target": "inbox-list", "HX-Current-URL": address}

    assert client_for(rob).get("/inbox/", headers=asked).status_code == 200


def test_id_of():
    assert [id_of(text) for text in ("7", "", None, "²", "7 ", "9" * 19)] == [7, 0, 0, 0, 0, 0]
