"""People with a part in an opportunity: leads/opportunity_people.py, their resource of the API."""

import pytest

from crm.errors import BusinessError, NotAllowed
from crm.models import Change
from leads.models import Company, Contact, OpportunityPerson
from leads.opportunity_people import add_person, change_role, company_called, contact_called, remove_person
from tests.api import Caller
from tests.factories import MONDAY, make_lead, make_opportunity

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(rob):
    return make_opportunity("Press", owner=rob)


@pytest.fixture
def ada_byron(db):
    return Contact.objects.create(first_name="Ada", last_name="Byron", email="ada@acme.example")


def people(deal):
    return list(deal.parts.values_list("contact__last_name", "role"))


def test_somebody_has_a_part_once(deal, ada_byron, rob):
    Change.objects.all().delete()
    part, is_new = add_person(deal, ada_byron, by=rob, at=MONDAY, role="decider")
    again = add_person(deal, ada_byron, by=rob, at=MONDAY, role="user")

    assert (is_new, again) == (True, (part, False))
    assert people(deal) == [("Byron", "decider")]
    assert list(Change.objects.values_list("topic", "object_id")) == [("opportunity", deal.pk)]


def test_a_part_changes_and_ends(deal, ada_byron, rob):
    part, _ = add_person(deal, ada_byron, by=rob, at=MONDAY)
    change_role(part, "champion", by=rob, at=MONDAY)
    assert people(deal) == [("Byron", "champion")]
    remove_person(part, by=rob, at=MONDAY)
    assert people(deal) == []
    assert Contact.objects.filter(pk=ada_byron.pk).exists()


def test_who_came_with_a_lead_stays(deal, ada_byron, rob):
    part = OpportunityPerson.objects.create(opportunity=deal, contact=ada_byron, lead=make_lead())
    with pytest.raises(BusinessError) as refusal:
        remove_person(part, by=rob, at=MONDAY)
    assert refusal.value.code == "came_with_lead"


def test_strangers_roles_nobody_knows_and_archived_contacts_are_refused(deal, ada_byron, rob, rosa, mia):
    for stranger in (rosa, mia):
        with pytest.raises(NotAllowed):
            add_person(deal, ada_byron, by=stranger, at=MONDAY)
    with pytest.raises(BusinessError, match="no such role"):
        add_person(deal, ada_byron, by=rob, at=MONDAY, role="king")
    ada_byron.archived_at = MONDAY
    with pytest.raises(BusinessError, match="archived"):
        add_person(deal, ada_byron, by=rob, at=MONDAY)
    assert people(deal) == []


def test_a_typed_name_is_the_company_or_contact_that_is_there(rob, ada_byron):
    acme = Company.objects.create(name="Acme")
    assert company_called("ACME", by=rob) == acme
    assert company_called("Bolt", by=rob) != acme
    assert contact_called("A. Byron", email="ADA@acme.example", company=acme, by=rob) == ada_byron
    made = contact_called("Mary Anne Evans", email="", company=acme, by=rob)
    assert (made.first_name, made.last_name, made.company) == ("Mary Anne", "Evans", acme)


def test_api_lists_adds_changes_and_takes_out(deal, ada_byron, rob, rosa):
    path, rep = f"opportunities/{deal.pk}/people/", Caller(rob)
    added = rep.post(path, {"contact": ada_byron.pk, "role": "user"})
    part = added.json()
    assert (added.status_code, part["contact"], part["role"], part["lead"]) == (201, ada_byron.pk, "user", None)
    assert rep.post(path, {"contact": ada_byron.pk}).status_code == 200
    assert rep.patch(f"{path}{part['id']}/", {"role": "decider"}).json()["role"] == "decider"
    assert [row["role"] for row in Caller(rosa).get(path).json()] == ["decider"]
    assert rep.get(f"opportunities/{deal.pk}/").json()["people"] == rep.get(path).json()
    refused = Caller(rosa).patch(f"{path}{part['id']}/", {"role": "user"})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert rep.delete(f"{path}{part['id']}/").status_code == 204
    assert rep.delete(f"{path}{part['id']}/").status_code == 404
    assert rep.get(path).json() == []
    wrong = rep.post(path, {"contact": ada_byron.pk, "role": "king"})
    assert wrong.status_code in (400, 422)
    assert wrong.json()["status"] == wrong.status_code


def test_api_shows_the_stages(rob):
    rows = Caller(rob).get("pipeline-stages/").json()["results"]
    assert [(row["stage"], row["probability"], row["stay_p90_days"]) for row in rows][:2] == [
        ("discovery", 10, None),
        ("solution", 25, None),
    ]
    assert Caller(rob).post("pipeline-stages/", {}).status_code == 405
