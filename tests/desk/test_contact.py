"""desk/views/contact.py: the page of a contact, and new ones."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.archiving import archive
from leads.models import Company, Contact, Lead, OpportunityPerson
from tests.factories import MONDAY, make_campaign, make_lead, make_opportunity

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def contact():
    company = Company.objects.create(name="Acme", domain="acme.com")
    return Contact.objects.create(
        first_name="Ada", last_name="Lovelace", title="CTO", email="ada@acme.com", phone="+49 30 1", company=company
    )


def page_of(client, record, where="contacts"):
    answer = client.get(f"/{where}/{record.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_shows_leads_opportunities_and_colleagues(client_for, mia, contact):
    make_lead(first_name="Ada", last_name="again", contact=contact)
    make_opportunity("Fleet", contact=contact)
    OpportunityPerson.objects.create(opportunity=make_opportunity("Second fleet"), contact=contact)
    Contact.objects.create(first_name="Charles", last_name="Babbage", company=contact.company)
    archive(Contact.objects.create(last_name="Gone", company=contact.company), by=mia, at=MONDAY)

    page = page_of(client_for(mia), contact)

    for shown in ("Ada again", "Fleet", "Second fleet", "Charles Babbage", f"/companies/{contact.company_id}/",
                  "tel:+49 30 1", "mailto:ada@acme.com"):  # fmt: skip
        assert shown in page
    assert "Gone" not in page


def test_one_filled_button_sales_opens_opportunities_marketing_writes_leads_down(client_for, mia, rob, contact):
    pages = {who: page_of(client_for(who), contact) for who in (mia, rob)}
    assert [page.count("btn btn-primary") for page in pages.values()] == [1, 1]
    first = {who: page.split("btn btn-primary")[1].split(">")[0] for who, page in pages.items()}
    assert (f"/leads/new/?contact={contact.pk}" in first[mia], "/opportunities/new/" in first[rob]) == (True, True)


def test_who_does_not_want_to_be_called_has_no_link_to_call(client_for, mia, contact):
    contact.do_not_call = True
    contact.save()
    page = page_of(client_for(mia), contact)
    assert ("tel:" in page, "Do not call" in page) == (False, True)


def test_page_costs_the_same_queries_with_one_and_fifty(client_for, rob, contact):
    client, costs = client_for(rob), []
    page_of(client, contact)
    for count in (1, 49):
        for number in range(count):
            make_lead(contact=contact, owner=rob)
            make_opportunity(f"Deal {number}", contact=contact, owner=rob)
            Contact.objects.create(last_name=f"Colleague {number}", company=contact.company)
        with CaptureQueriesContext(connection) as asked:
            page_of(client, contact)
        costs.append(len(asked))
    assert costs[1] - costs[0] <= 2
    assert costs[1] < 45


def test_archived_it_says_so_and_is_brought_back(client_for, mia, contact):
    client = client_for(mia)
    told = client.post(f"/contacts/{contact.pk}/archive/", headers=HTMX)
    assert (told.status_code, f"/contacts/{contact.pk}/restore/" in told["HX-Trigger"]) == (204, True)
    page = page_of(client, contact)
    assert ("Archived" in page, "Bring back" in page) == (True, True)
    assert client.post(f"/contacts/{contact.pk}/restore/").status_code == 302
    assert not Contact.objects.get().is_archived


def test_a_lead_of_a_known_contact_has_what_is_known(client_for, mia, contact):
    campaign = make_campaign("Spring")
    sent = {"contact": contact.pk, "contact_text": str(contact), "campaign": campaign.pk, "campaign_text": "Spring"}
    client = client_for(mia)
    assert 'value="Ada Lovelace"' in client.get(f"/leads/new/?contact={contact.pk}").content.decode()
    client.post("/leads/new/", {**sent, "anyway": "1"})
    lead = Lead.objects.get()
    assert (lead.contact, lead.company, lead.email, lead.campaign) == (
        contact, contact.company, "ada@acme.com", campaign,
    )  # fmt: skip


def test_a_new_contact_is_written_down_once(client_for, rob):
    company, client = Company.objects.create(name="Acme"), client_for(rob)
    sent = {"last_name": "Lovelace", "company": company.pk, "company_text": "Acme", "idempotency_key": "once"}
    for _click in range(2):
        answer = client.post("/contacts/new/", {**sent, "anyway": "1"})
    assert (answer.status_code, Contact.objects.get().company) == (302, company)


def test_a_contact_known_already_is_shown_first(client_for, rob, contact):
    client, sent = client_for(rob), {"last_name": "Byron", "email": "ADA@acme.com"}
    answer = client.post("/contacts/new/", sent)
    assert (answer.status_code, "Ada Lovelace" in answer.content.decode(), Contact.objects.count()) == (422, True, 1)
    client.post("/contacts/new/", {**sent, "anyway": "1"})
    assert Contact.objects.count() == 2


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"last_name": ""}, "Give at least a name"),
        ({"last_name": "x" * 100_000}, "at most 120"),
        ({"email": "no"}, "valid email"),
    ],
)
def test_a_wrong_contact_is_asked_again_with_what_was_typed(client_for, rob, sent, says):
    page = client_for(rob).post("/contacts/new/", sent)
    assert (page.status_code, says in page.content.decode(), Contact.objects.count()) == (422, True, 0)
    assert all(value in page.content.decode() for value in sent.values())
