"""Requests and impressions through the API."""

import pytest

from campaigns.models import Asset
from feedback.models import Impression, Request
from feedback.verdicts import accept_handoff
from leads.lifecycle import Stage
from leads.transitions import move_lead
from tests.api import Caller
from tests.factories import DAY, HOUR, MONDAY, make_handoff

pytestmark = pytest.mark.django_db
FAR = "2199-12-31"


@pytest.fixture
def lead(rob, mia):
    lead = accept_handoff(make_handoff(to=rob, by=mia), by=rob, at=MONDAY + HOUR).lead
    move_lead(lead, Stage.QUALIFIED, by=rob, at=MONDAY + DAY)
    return lead


def test_a_request_from_asked_to_done(lead, rob, mia, mona):
    asked = Caller(rob).post("requests/", {"kind": "case_study", "text": "With a paint shop", "lead": lead.pk})
    assert (asked.status_code, asked.json()["status"], asked.json()["asked_by"]) == (201, "open", rob.pk)
    here, sheet = f"requests/{asked.json()['id']}/", Asset.objects.create(name="Case")

    promised = Caller(mia).post(f"{here}accept/", {"promised_on": FAR}, key="a").json()
    assert (promised["status"], promised["promised_on"], promised["answered_by"]) == ("accepted", FAR, mia.pk)
    second = Caller(mona).post(f"{here}accept/", {"promised_on": FAR})
    assert (second.status_code, second.json()["code"], second.json()["by_name"]) == (409, "already_answered", "Mia")
    assert Caller(mia).post(f"{here}fulfil/", {}).json()["code"] == "say_what"
    done = Caller(mona).post(f"{here}fulfil/", {"asset": sheet.pk}).json()
    assert (done["status"], done["asset"]) == ("fulfilled", sheet.pk)
    assert Caller(mona).post(f"{here}undo/").json()["status"] == "accepted"
    assert Caller(rob).post(f"{here}withdraw/").json()["status"] == "withdrawn"
    assert [row["id"] for row in Caller(mia).get("requests/", status="withdrawn", lead=lead.pk).json()["results"]] == [
        asked.json()["id"]
    ]


def test_who_may_not_and_what_is_wrong(rob, mia, sam):
    assert Caller(mia).post("requests/", {"kind": "other", "text": "x"}).status_code == 403
    assert Caller(rob).post("requests/", {"kind": "cake", "text": "x"}).status_code == 400
    assert Caller(rob).post("requests/", {"kind": "other", "text": "x", "needed_on": "2020-01-01"}).status_code == 422
    assert Caller(rob).post("requests/", {"kind": "other", "text": "x", "status": "accepted"}).status_code == 400
    here = f"requests/{Caller(rob).post('requests/', {'kind': 'other', 'text': 'x'}).json()['id']}/"
    assert Caller(rob).post(f"{here}decline/", {"answer": "No"}).status_code == 403
    assert Caller(sam).post(f"{here}withdraw/").status_code == 403
    assert Caller(mia).post(f"{here}decline/", {}).status_code == 400
    assert Caller(mia).post(f"{here}decline/", {"answer": "No time"}).json()["status"] == "declined"
    assert Request.objects.count() == 1


def test_impressions_are_told_and_told_again(lead, rob, sam):
    said = {"lead": lead.pk, "moment": "qualify", "question": "quality", "quality": 3}
    first = Caller(rob).post("impressions/", said)
    again = Caller(rob).post("impressions/", {**said, "quality": 1})
    assert (first.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert (again.json()["quality"], again.json()["by"], again.json()["episode"]) == (1, rob.pk, 1)
    assert Caller(sam).post("impressions/", said).status_code == 403
    assert Caller(rob).post("impressions/", {**said, "moment": "close"}).json()["code"] == "not_yet"
    assert Caller(rob).post("impressions/", {**said, "quality": 7}).status_code == 400
    assert Caller(rob).post("impressions/", {**said, "question": "theme"}).json()["code"] == "wrong_answer"
    assert [row["quality"] for row in Caller(sam).get("impressions/", lead=lead.pk).json()["results"]] == [1]
    assert Impression.objects.count() == 1
