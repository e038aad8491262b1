"""Activities over the API: logged, filtered, corrected, removed, with rights and refusals."""

from datetime import UTC, datetime

import pytest

from leads.activities import log_activity
from leads.models import Activity
from leads.subjects import Subject
from tests.api import Caller
from tests.factories import MONDAY, make_lead, make_opportunity

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(rob):
    return make_lead(owner=rob, team=rob.team)


def call(about, **fields):
    return {"lead": about.pk, "kind": "call", "outcome": "reached", **fields}


def test_a_call_is_logged(lead, rob, mia):
    answer = Caller(rob).post(
        "activities/", call(lead, at="2026-03-02T09:00:00Z", note="Likes it", participants=[mia.pk])
    )

    assert answer.status_code == 201
    logged = answer.json()
    assert (logged["by"], logged["direction"], logged["at"]) == (rob.pk, "outbound", "2026-03-02T09:00:00Z")
    assert (logged["participants"], logged["note"]) == ([mia.pk], "Likes it")
    lead.refresh_from_db()
    assert lead.last_activity_at == datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_an_opportunitys_activity_names_its_lead(lead, rob):
    deal = make_opportunity(lead=lead, owner=rob, team=rob.team)

    logged = Caller(rob).post("activities/", {"opportunity": deal.pk, "kind": "note", "note": "Hi"}).json()

    assert (logged["opportunity"], logged["lead"]) == (deal.pk, lead.pk)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"outcome": ""}, 422, "outcome_required"),
        ({"at": "2999-01-01T00:00:00Z"}, 422, "at_in_future"),
        ({"note": "x" * 20_001}, 400, "invalid"),
        ({"kind": "telepathy"}, 400, "invalid"),
        ({"lead": None}, 422, "about_nothing"),
        ({"by": 1}, 400, "invalid"),
    ],
)
def test_what_is_wrong_is_said(lead, rob, body, status, code):
    answer = Caller(rob).post("activities/", call(lead, **body))

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Activity.objects.exists()


def test_who_asked_to_be_left_alone_is(lead, rob):
    lead.do_not_call = True
    lead.save()

    answer = Caller(rob).post("activities/", call(lead))

    assert (answer.status_code, answer.json()["code"]) == (422, "do_not_call")


def test_rights(lead, rob, rosa, mia):
    assert Caller(rosa).post("activities/", call(lead)).status_code == 403
    logged = Caller(mia).post("activities/", call(lead)).json()

    address = f"activities/{logged['id']}/"
    assert Caller(rosa).get(address).status_code == 200
    assert Caller(rosa).patch(address, {"note": "mine"}).status_code == 403
    assert Caller(rosa).delete(address).status_code == 403


def test_posted_twice_with_one_key_is_one(lead, rob):
    caller = Caller(rob)
    answers = [caller.post("activities/", call(lead), key="call-7").json() for _ in range(2)]

    assert answers[0] == answers[1]
    assert Activity.objects.count() == 1


def test_correcting_and_removing(lead, rob):
    caller = Caller(rob)
    address = f"activities/{caller.post('activities/', call(lead)).json()['id']}/"

    assert caller.patch(address, {"outcome": "voicemail"}).json()["outcome"] == "voicemail"
    assert caller.patch(address, {"lead": make_lead().pk}).status_code == 400
    assert caller.delete(address).status_code == 204
    assert caller.get(address).status_code == 404


def test_filters_and_constant_queries(lead, rob, django_assert_num_queries):
    other = make_lead(owner=rob)
    for about in [lead] * 3 + [other]:
        log_activity(Subject(about), by=rob, at=MONDAY, kind="note", note="n", participants=[rob])
    caller = Caller(rob)
    caller.get("activities/", lead=other.pk)

    with django_assert_num_queries(3):
        one = caller.get("activities/", lead=other.pk).json()["results"]
    with django_assert_num_queries(3):
        three = caller.get("activities/", lead=lead.pk, kind="note", at__gte="2026-03-01T00:00:00Z").json()["results"]
    assert (len(one), len(three)) == (1, 3)
