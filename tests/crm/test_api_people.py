import pytest

from crm.models import User
from tests.api import Caller


def test_everybody_reads_people_and_teams_and_no_secret_of_them(rob, mia, north):
    calls = Caller(mia)
    shown = calls.get(f"users/{rob.pk}/").json()
    assert (shown["email"], shown["role"], shown["team"]) == ("rob@demo.test", "rep", north.pk)
    assert not {name for name in shown if "password" in name or "token" in name}
    assert calls.get(f"teams/{north.pk}/").json()["kind"] == "sales"
    assert [row["id"] for row in calls.get("users/", email="ROB@demo.test").json()["results"]] == [rob.pk]


def test_an_admin_makes_a_person_who_cannot_log_in_before_setting_a_password(ada, north):
    answer = Caller(ada).post(
        "users/", {"email": "Rita@Demo.Test", "first_name": "Rita", "role": "rep", "team": north.pk}
    )
    rita = User.objects.get(pk=answer.json()["id"])
    assert (answer.status_code, rita.email, rita.role, rita.has_usable_password()) == (
        201,
        "rita@demo.test",
        "rep",
        False,
    )


def test_people_without_an_email_are_many(ada):
    calls = Caller(ada)
    bodies = [
        {"email": None, "external_id": "s1", "source_system": "olist"},
        {"external_id": "s2", "source_system": "olist"},
    ]
    assert [calls.post("users/", body).status_code for body in bodies] == [201, 201]
    same = calls.post("users/", bodies[0])
    assert (same.status_code, same.json()["errors"]["non_field_errors"]) == (
        400,
        ["Another record already has this source system and external id."],
    )


def test_an_email_belongs_to_one_person_in_any_case(ada, rob):
    assert Caller(ada).post("users/", {"email": "ROB@DEMO.TEST"}).status_code == 400


def test_the_last_admin_stays(ada, rob):
    calls = Caller(ada)
    for change in ({"role": "rep"}, {"is_active": False}, {"email": None}):
        answer = calls.patch(f"users/{ada.pk}/", change)
        assert (answer.status_code, answer.json()["code"]) == (422, "last_admin")
    assert calls.patch(f"users/{rob.pk}/", {"role": "admin"}).status_code == 200
    assert calls.patch(f"users/{ada.pk}/", {"role": "rep"}).status_code == 200


@pytest.mark.parametrize(
    ("hours", "code"),
    [
        ({"mon": ["09:00", "17:00"]}, 200),
        ({}, 200),
        ({"mon": ["17:00", "09:00"]}, 400),
        ({"monday": ["09:00", "17:00"]}, 400),
        ({"mon": "09:00-17:00"}, 400),
        ({"mon": None}, 400),
        ({"mon": [9, 17]}, 400),
        ([], 400),
    ],
)
def test_working_hours_have_days_and_spans(ada, north, hours, code):
    assert Caller(ada).patch(f"teams/{north.pk}/", {"working_hours": hours}).status_code == code


@pytest.mark.parametrize(
    "body",
    [
        {"role": "boss"},
        {"time_zone": "Mars/Base"},
        {"weight": -1},
        {"weight": 10**9},
        {"specialisms": "all"},
        {"password": "x"},
    ],
)
def test_senseless_people_are_refused(ada, rob, body):
    assert Caller(ada).patch(f"users/{rob.pk}/", body).status_code == 400
