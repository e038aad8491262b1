"""feedback/api/answers.py"""

import pytest

from crm.models import Notification
from feedback.models import Improvement, Reply
from feedback.replies import reply_to
from tests.api import Caller
from tests.factories import HOUR, MONDAY, make_campaign, make_handoff, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def handoff(mia, rob):
    return make_handoff(to=rob, by=mia)


def test_a_reply_is_written_and_listed_oldest_first(handoff, mia, rob, rosa):
    answer = Caller(rob).post(f"handoffs/{handoff.pk}/replies/", {"text": "@Rosa knows them"})
    Caller(mia).post(f"handoffs/{handoff.pk}/replies/", {"text": "Good"})
    reply_to(make_handoff(to=rob), by=rob, at=MONDAY, text="About another")

    assert answer.status_code == 201
    shown = answer.json()
    assert (shown["handoff"], shown["by"], shown["text"]) == (handoff.pk, rob.pk, "@Rosa knows them")
    assert shown["mentions"] == [rosa.pk]
    talk = Caller(rosa).get(f"handoffs/{handoff.pk}/replies/").json()["results"]
    assert [row["text"] for row in talk] == ["@Rosa knows them", "Good"]
    by_mia = Caller(rosa).get(f"handoffs/{handoff.pk}/replies/", by=mia.pk).json()["results"]
    assert [row["text"] for row in by_mia] == ["Good"]


def test_a_reply_sent_again_is_one(handoff, rob):
    for _time in range(2):
        assert Caller(rob).post(f"handoffs/{handoff.pk}/replies/", {"text": "Once"}, key="k1").status_code == 201
    assert Reply.objects.count() == 1


@pytest.mark.parametrize(
    ("body", "status", "code"), [({}, 400, "invalid"), ({"text": "@Tom?"}, 422, "ambiguous_mention")]
)
def test_wrong_replies(handoff, rob, body, status, code):
    for name in ("Jones", "Smith"):
        make_user("tom", last_name=name, email=f"{name.lower()}@demo.test")
    answer = Caller(rob).post(f"handoffs/{handoff.pk}/replies/", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert Caller(rob).post("handoffs/999999/replies/", {"text": "Hm"}).status_code == 404
    assert Caller(rob).get("handoffs/999999/replies/").status_code == 404


def test_replies_cost_the_same_with_one_and_fifty(handoff, mia, rob, django_assert_max_num_queries):
    calls = Caller(mia)
    for number in range(50):
        reply_to(handoff, by=rob, at=MONDAY + number * HOUR, text=f"@Mia {number}")
    with django_assert_max_num_queries(8):
        assert len(calls.get(f"handoffs/{handoff.pk}/replies/").json()["results"]) == 50


def test_improvements_are_written_changed_and_removed(mia, rob):
    webinar = make_campaign(owner=mia)
    calls = Caller(mia)
    body = {"campaign": webinar.pk, "reason": "company_size", "kind": "form", "on": "2026-03-01", "text": "Shorter"}
    made = calls.post("improvements/", body)
    assert made.status_code == 201
    shown = made.json()
    assert {name: shown[name] for name in (*body, "by")} == {**body, "by": mia.pk}

    address = f"improvements/{shown['id']}/"
    assert calls.patch(address, {"text": "Two fields less", "reason": None}).json()["reason"] is None
    assert Caller(rob).patch(address, {"text": "Mine"}).status_code == 403
    assert [row["id"] for row in Caller(rob).get("improvements/", campaign=webinar.pk, kind="form").json()["results"]]
    assert Caller(rob).get("improvements/", reason__code="industry").json()["results"] == []
    assert calls.delete(address).status_code == 204
    assert not Improvement.objects.exists()


def test_wrong_improvements(mia, rob):
    webinar = make_campaign(owner=mia)
    right = {"campaign": webinar.pk, "kind": "form", "text": "Shorter"}
    for body, code in (
        ({"kind": "magic"}, 400), ({"text": ""}, 400), ({"reason": "nonsense"}, 400), ({"on": "2999-01-01"}, 422),
    ):  # fmt: skip
        assert Caller(mia).post("improvements/", {**right, **body}).status_code == code, body
    assert Caller(rob).post("improvements/", right).status_code == 403
    assert not Improvement.objects.exists()
    assert not Notification.objects.filter(kind="improvement").exists()
