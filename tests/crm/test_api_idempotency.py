from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.utils import timezone

from campaigns.models import Campaign
from crm.api.idempotency import forget_answers
from crm.models import Answer
from leads.models import Company, Lead, Opportunity
from tests.api import Caller, in_own_connection
from tests.factories import make_handoff


@pytest.fixture
def calls(mia):
    return Caller(mia)


def test_the_same_request_again_gets_the_first_answer_and_does_nothing(calls):
    first = calls.post("leads/", {"first_name": "Lea"}, key="k1")
    Lead.objects.update(first_name="Renamed since")
    again = calls.post("leads/", {"first_name": "Lea"}, key="k1")

    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert ("Idempotency-Replayed" in first, again["Idempotency-Replayed"], Lead.objects.count()) == (False, "true", 1)


def test_without_a_key_each_request_is_a_deed(calls):
    calls.post("leads/", {"first_name": "Lea"})
    calls.post("leads/", {"first_name": "Lea"})
    assert (Lead.objects.count(), Answer.objects.count()) == (2, 0)


@pytest.mark.parametrize(
    ("path", "body"), [("leads/", {"first_name": "Leo"}), ("companies/", {"first_name": "Lea"}), ("leads/", {})]
)
def test_the_key_of_another_request_is_refused(calls, path, body):
    calls.post("leads/", {"first_name": "Lea"}, key="k1")
    answer = calls.post(path, body, key="k1")
    assert (answer.status_code, answer.json()["code"], Lead.objects.count()) == (422, "key_reused", 1)


def test_keys_are_of_one_person_each(calls, rob):
    calls.post("leads/", {"first_name": "Lea"}, key="k1")
    assert Caller(rob).post("leads/", {"first_name": "Lea"}, key="k1").status_code == 201
    assert Lead.objects.count() == 2


@pytest.mark.parametrize("key", ["", "x" * 201])
def test_a_key_has_1_to_200_characters(calls, key):
    answer = calls.post("leads/", {}, key=key)
    assert (answer.status_code, answer.json()["code"], Lead.objects.count()) == (400, "bad_key", 0)


def test_a_refusal_is_an_answer_too(mia, rob):
    handoff = make_handoff(to=rob, by=mia)
    Caller(rob).post(f"handoffs/{handoff.pk}/accept/")
    calls = Caller(rob)

    first = calls.post(f"handoffs/{handoff.pk}/accept/", key="k")
    handoff.refresh_from_db()
    calls.post(f"handoffs/{handoff.pk}/undo/")
    again = calls.post(f"handoffs/{handoff.pk}/accept/", key="k")

    assert (first.status_code, again.status_code, again.json()) == (409, 409, first.json())
    assert again["Content-Type"] == "application/problem+json"


def test_a_wrong_body_leaves_nothing_half_done(calls):
    assert calls.post("leads/", {"email": "x"}, key="k").status_code == 400
    assert calls.post("leads/", {"email": "x"}, key="k").status_code == 400
    assert (Lead.objects.count(), Answer.objects.get().status) == (0, 400)


def test_a_deed_that_failed_by_our_fault_can_be_sent_again(calls, monkeypatch):
    def fall(**_fields):
        Company.objects.create(name="Half done")
        raise RuntimeError("the machine is on fire")

    calls.client.raise_request_exception = False
    with monkeypatch.context() as patch:
        patch.setattr("leads.api.views.people.create_company", fall)
        assert calls.post("companies/", {"name": "Acme"}, key="k").status_code == 500
    assert (Answer.objects.count(), Company.objects.count()) == (0, 0)

    assert calls.post("companies/", {"name": "Acme"}, key="k").status_code == 201


def test_edits_and_removals_take_a_key_too(calls, mia):
    campaign = Campaign.objects.create(name="Fair", owner=mia)
    spend = calls.post("spends/", {"campaign": campaign.pk, "on": "2026-03-02", "amount": "10"}).json()["id"]
    for _time in range(2):
        answer = calls.client.delete(f"/api/v1/spends/{spend}/", headers={"Idempotency-Key": "k"})
        assert answer.status_code == 204, "the second time there is nothing left to remove"


def test_answers_are_forgotten_after_a_while(calls):
    calls.post("leads/", {}, key="old")
    Answer.objects.update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    calls.post("leads/", {}, key="new")

    assert forget_answers(before=timezone.now() - timedelta(days=1)) == 1
    assert Answer.objects.get().key == "new"


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_does_it_and_both_get_its_answer(mia):
    callers, together = [Caller(mia) for _ in range(4)], Barrier(4)

    def send(caller):
        together.wait()
        return caller.post("leads/", {"first_name": "Lea"}, key="same")

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(in_own_connection(send), callers))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == Lead.objects.count() == 1
    assert sorted("Idempotency-Replayed" in answer for answer in answers) == [False, True, True, True]
    assert Opportunity.objects.count() == 0
