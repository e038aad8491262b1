"""`quotas/` of the API."""

import pytest

from crm.models import Role
from funnel.models import Quota
from tests.api import Caller
from tests.factories import make_team, make_user

pytestmark = pytest.mark.django_db
DAYS = {"starts_on": "2026-01-01", "ends_on": "2026-03-31"}


@pytest.fixture
def ada():
    return Caller(make_user("ada", role=Role.ADMIN))


def test_a_quota_is_set_changed_and_removed(ada):
    rob = make_user("rob")

    made = ada.post("quotas/", {"measure": "revenue", "user": rob.pk, "amount": "60000", "ramp_months": 3, **DAYS})
    again = ada.post("quotas/", {"measure": "revenue", "user": rob.pk, "amount": "65000", "ramp_months": 3, **DAYS})
    changed = ada.patch(f"quotas/{made.json()['id']}/", {"amount": "70000"})

    assert (made.status_code, made.json()["currency"], made.json()["team"]) == (201, "EUR", None)
    assert (again.json()["id"], again.json()["amount"]) == (made.json()["id"], "65000.00")
    assert changed.json()["amount"] == "70000.00"
    assert ada.get("quotas/", user=rob.pk).json()["results"][0]["ramp_months"] == 3
    assert ada.delete(f"quotas/{made.json()['id']}/").status_code == 204
    assert not Quota.objects.exists()


def test_of_whom_it_is_stays(ada):
    rob, rosa = make_user("rob"), make_user("rosa")
    made = ada.post("quotas/", {"measure": "revenue", "user": rob.pk, "amount": "5", **DAYS}).json()

    assert ada.patch(f"quotas/{made['id']}/", {"user": rosa.pk}).status_code == 400
    assert ada.patch(f"quotas/{made['id']}/", {"user": rob.pk, "amount": "6"}).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [{"amount": "-1"}, {"ends_on": "2025-12-31"}, {"measure": "happiness"}, {"ramp_months": 99}, {"currency": "USD"}],
)
def test_what_cannot_be_is_refused(ada, wrong):
    body = {"measure": "revenue", "amount": "5", **DAYS}

    assert ada.post("quotas/", body | wrong).status_code in {400, 422}


def test_it_is_of_a_person_or_of_a_team(ada):
    body = {"measure": "revenue", "amount": "5", "user": make_user("rob").pk, "team": make_team().pk, **DAYS}

    assert ada.post("quotas/", body).status_code in {400, 422}
