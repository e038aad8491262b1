"""desk/views/company.py: the page of a company, and new ones."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from desk.queries.people import totals_of
from leads.models import Company, Contact
from leads.opportunities import close_opportunity
from tests.factories import MONDAY, make_lead, make_opportunity

pytestmark = pytest.mark.django_db


@pytest.fixture
def acme():
    return Company.objects.create(name="Acme", domain="acme.com", industry="Steel", country="Germany", employees=1200)


def page_of(client, company):
    answer = client.get(f"/companies/{company.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_shows_people_leads_opportunities_and_the_domain(client_for, mia, acme):
    Contact.objects.create(first_name="Ada", last_name="Lovelace", company=acme)
    make_lead(first_name="Lea", last_name="There", company=acme)
    make_opportunity("Fleet", company=acme, amount=Decimal(12_000))

    page = page_of(client_for(mia), acme)

    for shown in ("Ada Lovelace", "Lea There", "Fleet", "€12,000", 'href="https://acme.com"', "Steel, Germany, 1,200"):
        assert shown in page


@pytest.mark.parametrize("domain", ["javascript:alert(1)", "not a domain", "", "acme.com/<b>"])
def test_what_is_no_domain_is_no_link(client_for, mia, domain):
    page = page_of(client_for(mia), Company.objects.create(name="Acme", domain=domain))
    assert ('target="_blank"' in page, 'href="javascript' in page) == (False, False)


def test_totals_keep_outcomes_and_currencies_apart(acme, ada):
    make_opportunity("A", company=acme, amount=Decimal(10))
    make_opportunity("B", company=acme, amount=Decimal(20))
    make_opportunity("C", company=acme, amount=Decimal(5), currency="USD")
    won = make_opportunity("D", company=acme, amount=Decimal(7))
    close_opportunity(won, outcome="won", by=ada, at=MONDAY)
    make_opportunity("no amount", company=acme)

    assert [(total.label, total.currency, total.amount, total.count) for total in totals_of(acme)] == [
        ("Open", "EUR", 30, 3),
        ("Open", "USD", 5, 1),
        ("Won", "EUR", 7, 1),
    ]


def test_page_costs_the_same_queries_with_one_and_fifty(client_for, rob, acme):
    client, costs = client_for(rob), []
    page_of(client, acme)
    for count in (1, 49):
        for number in range(count):
            make_lead(company=acme, owner=rob)
            make_opportunity(f"Deal {number}", company=acme, owner=rob)
            Contact.objects.create(last_name=f"Colleague {number}", company=acme)
        with CaptureQueriesContext(connection) as asked:
            page_of(client, acme)
        costs.append(len(asked))
    assert costs[1] - costs[0] <= 2
    assert costs[1] < 45


def test_a_new_company_is_written_down_once_and_one_known_is_shown(client_for, rob):
    client = client_for(rob)
    for _click in range(2):
        client.post("/companies/new/", {"name": "Zeta", "domain": "zeta.com", "idempotency_key": "once"})
    answer = client.post("/companies/new/", {"name": "Zeta Ltd", "domain": "zeta.com"})
    assert (answer.status_code, Company.objects.get().name) == (422, "Zeta")


def test_unknown_company_is_404(client_for, rob):
    assert client_for(rob).get("/companies/999999/").status_code == 404
