"""The list of requests, the page of one, asking from a record, and each answer."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Asset
from desk.queries.requests import how_it_goes
from feedback.models import Request
from feedback.requests import accept_request, ask_marketing
from tests.factories import make_lead

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "panel-body"}


def ask(by, **fields):
    return ask_marketing(by=by, at=timezone.now(), **{"kind": "data_sheet", "text": "One page", **fields})


def test_ask_from_a_lead_then_promise_then_deliver(client_for, rob, mia):
    lead, sheet = make_lead(owner=rob), Asset.objects.create(name="Interface on a page")
    rob_page, mia_page = client_for(rob), client_for(mia)
    form = rob_page.get(f"/requests/new/?lead={lead.pk}", headers=HTMX).content.decode()
    assert str(lead) in form
    assert "<html" not in form
    assert "For a segment" not in form

    sent = {"kind": "data_sheet", "text": "One page on the interface", "idempotency_key": "abc"}
    for _twice in range(2):
        answer = rob_page.post(f"/requests/new/?lead={lead.pk}", sent, headers=HTMX)
    assert (answer.status_code, "panel:close" in answer["HX-Trigger"]) == (204, True)
    asked = Request.objects.get()

    day = timezone.localdate()
    mia_page.post(f"/requests/{asked.pk}/promise/", {"promised_on": day.isoformat()})
    assert "Promised for" in mia_page.get(f"/requests/{asked.pk}/").content.decode()
    done = mia_page.post(f"/requests/{asked.pk}/delivery/", {"asset": sheet.pk}, follow=True).content.decode()

    asked.refresh_from_db()
    assert (asked.status, asked.lead, asked.asset, asked.answered_by) == ("fulfilled", lead, sheet, mia)
    assert f"/requests/{asked.pk}/undo/?step=fulfilled" in done
    mia_page.post(f"/requests/{asked.pk}/undo/?step=fulfilled")
    asked.refresh_from_db()
    assert asked.status == "accepted"


def test_who_comes_second_is_told_who_was_first(client_for, rob, mia, mona):
    asked = ask(rob)
    accept_request(asked, by=mona, at=timezone.now(), promised_on=timezone.localdate())
    sent = {"promised_on": timezone.localdate().isoformat()}
    page = client_for(mia).post(f"/requests/{asked.pk}/promise/", sent, follow=True)
    assert "Mona promised this" in page.content.decode()
    asked.refresh_from_db()
    assert asked.answered_by == mona


def test_what_is_missing_is_said_beside_its_field(client_for, rob, mia):
    asked = ask(rob)
    page = client_for(mia)
    for verb, sent, words in (
        ("promise", {"promised_on": "2020-01-01"}, "Promise a day that has not passed."),
        ("refusal", {"answer": ""}, "Say why"),
        ("delivery", {"answer": ""}, "Name the content"),
    ):
        answer = page.post(f"/requests/{asked.pk}/{verb}/", sent, headers=HTMX)
        assert (answer.status_code, words in answer.content.decode()) == (422, True)
    answer = client_for(rob).post("/requests/new/", {"kind": "other", "text": " "}, headers=HTMX)
    assert answer.status_code == 422


def test_sales_does_not_answer_and_marketing_does_not_ask(client_for, rob, mia):
    asked = ask(rob)
    assert client_for(rob).get(f"/requests/{asked.pk}/promise/").status_code == 403
    assert client_for(mia).get("/requests/new/").status_code == 403
    assert "Promise it" not in client_for(rob).get(f"/requests/{asked.pk}/").content.decode()
    assert "Take back" in client_for(rob).get(f"/requests/{asked.pk}/").content.decode()


@pytest.mark.parametrize("tab", ["waiting", "promised", "done", "mine", "nonsense"])
def test_a_tab_costs_the_same_with_one_and_fifty(client_for, rob, mia, tab):
    page = client_for(rob)

    def fill(count):
        for number in range(count):
            asked = ask(rob, lead=make_lead(owner=rob), text=f"Request {number}")
            if tab != "waiting":
                accept_request(asked, by=mia, at=timezone.now(), promised_on=timezone.localdate())
            if tab == "done":
                Request.objects.filter(pk=asked.pk).update(status="fulfilled", closed_at=timezone.now())

    fill(1)
    page.get(f"/requests/?tab={tab}")
    with CaptureQueriesContext(connection) as one:
        assert "Request 0" in page.get(f"/requests/?tab={tab}").content.decode()
    fill(50)
    with CaptureQueriesContext(connection) as many:
        page.get(f"/requests/?tab={tab}")
    assert len(many) == len(one)


def test_a_promise_begins_with_a_day(client_for, rob, mia):
    asked = ask(rob, needed_on=timezone.localdate())
    form = client_for(mia).get(f"/requests/{asked.pk}/promise/", headers=HTMX).content.decode()

    assert f'value="{timezone.localdate().isoformat()}"' in form


def test_an_answer_at_once_took_a_minute(rob, mia):
    asked = ask(rob)
    accept_request(asked, by=mia, at=asked.asked_at, promised_on=timezone.localdate())

    assert "half of them within 1 min." in how_it_goes(timezone.localdate())
