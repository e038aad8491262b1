"""Tasks and notifications over the API."""

from datetime import timedelta

import pytest
from django.utils import timezone

from crm.models import Notification
from crm.notifications import notify
from leads.models import Task
from tests.api import Caller
from tests.factories import DAY, MONDAY, make_lead

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(rob):
    return make_lead(owner=rob, team=rob.team)


def tomorrow(days=1):
    return (timezone.now() + timedelta(days=days)).isoformat()


def plan(caller, lead, **fields):
    return caller.post("tasks/", {"lead": lead.pk, "title": "Call back", "due_at": tomorrow(), **fields})


def test_a_task_is_ones_own_unless_given_away(lead, rob, rosa):
    caller = Caller(rob)
    own, given = plan(caller, lead).json(), plan(caller, lead, owner=rosa.pk).json()

    assert (own["owner"], given["owner"], given["made_by"]) == (rob.pk, rosa.pk, rob.pk)
    assert list(Notification.objects.values_list("user", "kind")) == [(rosa.pk, "assigned")]
    lead.refresh_from_db()
    assert lead.next_step_at == Task.objects.get(pk=own["id"]).due_at


def test_a_to_do_may_be_about_nobody(rob):
    answer = Caller(rob).post("tasks/", {"title": "Expenses", "due_at": tomorrow()})

    assert (answer.status_code, answer.json()["lead"]) == (201, None)


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"due_at": "1970-01-01T00:00:00Z"}, 422, "due_in_past"),
        ({"title": ""}, 400, "invalid"),
        ({"done_at": "2026-03-02T09:00:00Z"}, 400, "invalid"),
        ({"owner": 999_999}, 400, "invalid"),
    ],
)
def test_what_is_wrong_is_said(lead, rob, fields, status, code):
    answer = plan(Caller(rob), lead, **fields)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_complete_with_what_follows_and_reopen(lead, rob, rosa):
    caller = Caller(rob)
    address = f"tasks/{plan(caller, lead).json()['id']}/"
    follow_up = {"title": "Send offer", "due_at": tomorrow(3)}

    assert Caller(rosa).post(f"{address}complete/").status_code == 403
    done = caller.post(f"{address}complete/", {"follow_up": follow_up}).json()
    assert done["done_by"] == rob.pk
    assert [task["title"] for task in caller.get("tasks/", lead=lead.pk, open="true").json()["results"]] == [
        "Send offer"
    ]

    assert caller.post(f"{address}reopen/").json()["done_at"] is None
    assert caller.patch(address, {"title": "Ring"}).json()["title"] == "Ring"
    assert caller.delete(address).status_code == 204


def test_ordering_and_owner_filter(lead, rob, rosa):
    caller = Caller(rob)
    later, first = plan(caller, lead, due_at=tomorrow(2)).json(), plan(caller, lead).json()
    plan(caller, lead, owner=rosa.pk)

    found = caller.get("tasks/", owner=rob.pk, ordering="due_at").json()["results"]

    assert [task["id"] for task in found] == [first["id"], later["id"]]


def test_posted_twice_with_one_key_is_one(lead, rob):
    caller, body = Caller(rob), {"lead": lead.pk, "title": "Once", "due_at": tomorrow()}
    for _ in range(2):
        caller.post("tasks/", body, key="task-1")

    assert Task.objects.count() == 1


def test_notifications_are_ones_own(rob, rosa):
    notify([rob, rosa], kind="task_due", key="a", title="Call Ada", at=MONDAY)
    notify([rob], kind="assigned", key="b", title="Call Bob", at=MONDAY + DAY)
    caller = Caller(rob)

    rows = caller.get("notifications/", ordering="at").json()["results"]
    assert [row["title"] for row in rows] == ["Call Ada", "Call Bob"]
    hers = Notification.objects.get(user=rosa)
    assert caller.post(f"notifications/{hers.pk}/read/").status_code == 404

    assert caller.post(f"notifications/{rows[0]['id']}/read/").json()["read_at"]
    assert [row["title"] for row in caller.get("notifications/", unread="true").json()["results"]] == ["Call Bob"]
    assert caller.post("notifications/read/").status_code == 204
    assert caller.get("notifications/", unread="true").json()["results"] == []
    assert Notification.objects.get(user=rosa).read_at is None
