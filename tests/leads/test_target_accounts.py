"""leads/target_accounts.py: companies that both sides go for, marked many at once."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import Change
from leads.models import Company
from leads.target_accounts import mark_targets, take_back_targets
from tests.factories import MONDAY, make_lead

pytestmark = pytest.mark.django_db


def companies(count=3):
    return [Company.objects.create(name=f"C{n}") for n in range(count)]


def targets():
    return set(Company.objects.filter(is_target=True).values_list("pk", flat=True))


def test_mark_and_take_back(mia):
    first, second, third = companies()
    third.is_target = True
    third.save()
    lead = make_lead(company=first)
    Change.objects.all().delete()

    deed = mark_targets([first.pk, second.pk, third.pk], wanted=True, by=mia, at=MONDAY)

    assert (deed.changed_ids, [row["id"] for row in deed.refused]) == ([first.pk, second.pk], [third.pk])
    assert ("lead", lead.pk) in set(Change.objects.values_list("topic", "object_id"))
    Company.objects.filter(pk=second.pk).update(is_target=False)
    undone = take_back_targets(deed, by=mia, at=MONDAY)
    assert (undone.changed_ids, [row["id"] for row in undone.refused]) == ([first.pk], [second.pk])
    assert targets() == {third.pk}


def test_a_rep_marks_own_companies_and_nobody_s(rob, rosa):
    own, others, nobodys = companies()
    make_lead(company=own, owner=rob), make_lead(company=own, owner=rosa), make_lead(company=others, owner=rosa)

    deed = mark_targets([own.pk, others.pk, nobodys.pk], wanted=True, by=rob, at=MONDAY)

    assert targets() == {own.pk, nobodys.pk}
    assert [row["id"] for row in deed.refused] == [others.pk]


def test_many_cost_as_few_queries_as_one(rob):
    def cost(rows):
        with CaptureQueriesContext(connection) as queries:
            mark_targets([row.pk for row in rows], wanted=True, by=rob, at=MONDAY)
        return len(queries)

    assert cost(companies(1)) == cost(companies(20))


def test_in_lists_on_pages_and_many_at_once(client_for, mona):
    acme, other = companies(2)
    lead, client = make_lead(company=acme), client_for(mona)
    sent = {"list": "companies", "query": "", "id": [acme.pk], "wanted": "yes", "idempotency_key": "a"}

    assert client.post("/bulk/target/", sent).status_code == 302

    assert targets() == {acme.pk}
    assert "Target account" in client.get(f"/leads/{lead.pk}/").content.decode()
    assert "Target account" in client.get(f"/companies/{acme.pk}/").content.decode()
    listed = client.get("/companies/?tab=targets&columns=target")
    assert [row.pk for row in listed.context["page"].rows] == [acme.pk]
    found = client.get("/leads/?tab=all&target=yes&columns=target")
    assert [row.pk for row in found.context["page"].rows] == [lead.pk]
    assert [row.pk for row in client.get("/companies/?target=no").context["page"].rows] == [other.pk]
