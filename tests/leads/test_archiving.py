"""leads/archiving.py: putting records away, one or many, and bringing them back."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Campaign
from crm.editing import last_write
from crm.errors import BusinessError, NotAllowed
from crm.models import Change
from leads.archiving import archive, archive_many, restore, restore_many
from leads.editing import edit_company, edit_contact
from leads.models import Company, Contact, Lead, Opportunity, OpportunityPerson
from leads.opportunities import close_opportunity
from tests.api import Caller
from tests.factories import DAY, MONDAY, make_campaign, make_handoff, make_lead, make_opportunity, reason

pytestmark = pytest.mark.django_db


def test_a_lead_is_put_away_and_brought_back(mia):
    lead = make_lead()

    archive(lead, by=mia, at=MONDAY)
    archive(lead, by=mia, at=MONDAY + DAY)

    lead.refresh_from_db()
    assert (lead.archived_at, lead.version) == (MONDAY, 2)
    assert list(Change.objects.filter(topic="lead", object_id=lead.pk).values_list("topic", flat=True))

    restore(lead, by=mia, at=MONDAY + DAY)
    lead.refresh_from_db()
    assert (lead.archived_at, lead.version) == (None, 3)


@pytest.mark.django_db(transaction=True)
def test_the_history_says_who_put_it_away(client_for, mona):
    company = Company.objects.create(name="Acme")
    client_for(mona).post(f"/companies/{company.pk}/archive/")
    company.refresh_from_db()
    assert (company.is_archived, last_write(company, "archived_at").by) == (True, mona)


def refusal(record, by):
    with pytest.raises(BusinessError) as refused:
        archive(record, by=by, at=MONDAY)
    return refused.value.code, str(refused.value)


def test_open_work_forbids_it_and_is_named(ada, rob):
    company = Company.objects.create(name="Acme")
    contact = Contact.objects.create(last_name="Lovelace", company=company)
    part = Contact.objects.create(last_name="Byron")
    waiting = make_handoff(to=rob).lead
    waiting.company = company
    waiting.save()
    lead = make_lead()
    deal = make_opportunity(lead=lead, contact=contact)
    OpportunityPerson.objects.create(opportunity=deal, contact=part)

    assert refusal(waiting, ada) == ("open_work", "It waits for sales: withdraw it, or wait for the answer.")
    open_deal = ("open_work", "It has an open opportunity: close that first.")
    assert [refusal(record, ada) for record in (lead, contact, part)] == [open_deal] * 3
    assert refusal(company, ada)[1].startswith("One of its leads waits for sales")
    assert refusal(deal, ada) == ("open_work", "It is open: close it as won or lost first.")

    close_opportunity(deal, outcome="lost", reason=reason("price", "loss"), by=ada, at=MONDAY)
    for record in (lead, contact, part, deal):
        archive(record, by=ada, at=MONDAY)
    assert Opportunity.objects.get().is_archived


def test_a_running_campaign_or_one_with_running_parts_stays(mona):
    whole = make_campaign("Whole", status="ended")
    part = make_campaign("Part", parent=whole, status="running")

    assert refusal(part, mona)[1] == "It is running: set it to “Ended” first."
    assert refusal(whole, mona)[1] == "A campaign that is part of it still runs: end that first."

    Campaign.objects.filter(pk=part.pk).update(status="ended")
    archive(whole, by=mona, at=MONDAY)
    assert Campaign.objects.filter(archived_at=MONDAY).get() == whole


def test_only_who_may_edit_a_record_may_put_it_away(rob, rosa, mia):
    own, company, campaign = make_lead(owner=rob), Company.objects.create(name="Acme"), make_campaign(status="ended")
    make_lead(owner=rob, company=company)
    for record, who in ((own, rosa), (company, rosa), (campaign, rob), (make_opportunity(owner=rob), mia)):
        with pytest.raises(NotAllowed):
            archive(record, by=who, at=MONDAY)
    archive(own, by=rob, at=MONDAY)
    archive(company, by=rob, at=MONDAY)


@pytest.mark.parametrize("model", [Lead, Contact])
def test_many_cost_as_many_queries_as_one(model, rob):
    def some(count):
        rows = [make_lead(owner=rob) for _row in range(count)]
        return rows if model is Lead else [Contact.objects.create(last_name="A") for _row in range(count)]

    costs = []
    for rows in (some(1), some(50)):
        with CaptureQueriesContext(connection) as asked:
            deed = archive_many(model, [row.pk for row in rows], by=rob, at=MONDAY)
        costs.append(len(asked))
        assert deed.changed_ids == [row.pk for row in rows]
    assert costs[0] == costs[1]


def test_many_say_which_stayed_and_why(rob, rosa):
    mine, hers, waits = make_lead(owner=rob), make_lead(owner=rosa), make_handoff(to=rob, lead=None).lead
    Lead.objects.filter(pk=waits.pk).update(owner=rob)
    away = make_lead(owner=rob)
    archive(away, by=rob, at=MONDAY)

    deed = archive_many(Lead, [mine.pk, hers.pk, waits.pk, away.pk], by=rob, at=MONDAY)

    assert deed.changed == [{"id": mine.pk}]
    assert deed.refused == [
        {"id": hers.pk, "why": "You may change leads that are yours; this one is with somebody else."},
        {"id": waits.pk, "why": "It waits for sales: withdraw it, or wait for the answer."},
        {"id": away.pk, "why": "It is archived already."},
    ]
    assert restore_many(Lead, [mine.pk, hers.pk, away.pk], by=rob, at=MONDAY).changed_ids == [mine.pk, away.pk]


# The API


def test_api_archives_filters_and_restores(mona):
    company, other = Company.objects.create(name="Acme"), Company.objects.create(name="Zeta")
    caller = Caller(mona)

    answer = caller.post(f"companies/{company.pk}/archive/")
    assert (answer.status_code, answer.json()["archived_at"] is not None) == (200, True)

    def listed(**query):
        return {row["id"] for row in caller.get("companies/", **query).json()["results"]}

    assert (listed(archived="true"), listed(archived="false"), listed()) == (
        {company.pk}, {other.pk}, {company.pk, other.pk},
    )  # fmt: skip
    assert caller.post(f"companies/{company.pk}/restore/").json()["archived_at"] is None


def test_api_refuses_while_work_is_open(ada):
    lead = make_lead()
    make_opportunity(lead=lead)
    answer = Caller(ada).post(f"leads/{lead.pk}/archive/")
    assert (answer.status_code, answer.json()["code"]) == (422, "open_work")


@pytest.mark.parametrize("make", [make_lead, make_campaign, make_opportunity])
def test_api_needs_the_right(make, mia, sam):
    record = make()
    kind = {Lead: "leads", Campaign: "campaigns", Opportunity: "opportunities"}[type(record)]
    assert Caller(sam).post(f"{kind}/{record.pk}/archive/").status_code == 403


def test_api_shows_and_takes_the_fields_of_a_working_day(mia):
    lead = make_lead()
    body = {
        "budget": "10,000", "preferred_channel": "phone", "preferred_hours": "mornings", "time_zone": "Europe/Berlin",
        "do_not_mail": True, "tags": [" Fair ", "fair", "VIP"], "phone": "+49 30 1234567",
    }  # fmt: skip
    shown = Caller(mia).patch(f"leads/{lead.pk}/", body).json()
    assert {name: shown[name] for name in (*body, "phone_e164")} == {
        **body, "tags": ["Fair", "VIP"], "phone_e164": "+49301234567",
    }  # fmt: skip
    refused = Caller(mia).patch(f"leads/{lead.pk}/", {"tags": [f"tag {number}" for number in range(500)]})
    assert (refused.status_code, "50" in str(refused.json()["errors"]["tags"])) == (400, True)


def test_companies_and_contacts_of_a_colleagues_opportunity_are_the_colleagues(rob, rosa):
    """Also where the opportunity was opened without a lead."""
    acme, ann = Company.objects.create(name="Acme"), Contact.objects.create(first_name="Ann")
    make_opportunity(
        owner=rosa, team=rosa.team, company=acme, contact=ann, stage="won", outcome="won", closed_at=MONDAY
    )

    for record, edit in ((acme, edit_company), (ann, edit_contact)):
        with pytest.raises(NotAllowed):
            archive(record, by=rob, at=MONDAY)
        with pytest.raises(NotAllowed):
            edit(record, by=rob)
        edit(record, by=rosa)
        archive(record, by=rosa, at=MONDAY)
