"""The pages of an opportunity: desk/views/opportunity.py."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import Role
from feedback.verdicts import accept_handoff
from leads.converting import convert_lead
from leads.models import Company, Contact, Lead, Opportunity, OpportunityPerson
from tests.factories import MONDAY, make_handoff, make_lead, make_opportunity, make_team, make_user, reason

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(rob) -> Opportunity:
    handoff = make_handoff(to=rob)
    accept_handoff(handoff, by=rob, at=MONDAY)
    return convert_lead(handoff.lead, by=rob, at=MONDAY, name="Acme roll-out", amount=Decimal(5000))[0]


def told(answer: Any) -> list[str]:
    return [str(message) for message in answer.context["messages"]]


def test_page_shows_where_it_stands_and_the_way_of_its_lead(client_for, rob, deal):
    page = client_for(rob).get(f"/opportunities/{deal.pk}/")

    html = page.content.decode()
    assert [step["state"] for step in page.context["path"]] == ["now", "ahead", "ahead", "ahead", "ahead"]
    assert "Move to Solution (&gt;)" in html or "Move to Solution (>)" in html
    assert "10 % · Pipeline" in html
    assert f"/leads/{deal.lead_id}/" in html
    assert len(page.context["page"].entries) >= 4


def test_page_without_a_lead_company_or_amount(client_for, rob):
    deal = make_opportunity("Bare", owner=rob)

    assert "Opened without a lead" in client_for(rob).get(f"/opportunities/{deal.pk}/").content.decode()


def test_stage_moves_with_its_probability(client_for, rob, deal):
    answer = client_for(rob).post(
        f"/opportunities/{deal.pk}/stage/", {"stage": "proposal", "seen": "discovery"}, follow=True
    )

    deal.refresh_from_db()
    assert (deal.stage, deal.probability) == ("proposal", 60)
    assert told(answer) == ["Acme roll-out is now in Proposal, 60 % probable."]


def test_stage_sent_twice_is_the_same_as_once(client_for, rob, deal):
    client, click = client_for(rob), {"stage": "proposal", "seen": "discovery"}

    answers = [client.post(f"/opportunities/{deal.pk}/stage/", click).status_code for _click in range(2)]

    deal.refresh_from_db()
    assert (answers, deal.stage) == ([302, 302], "proposal")


def test_stage_moved_by_another_meanwhile_is_told(client_for, rob, deal):
    client = client_for(rob)
    client.post(f"/opportunities/{deal.pk}/stage/", {"stage": "proof", "seen": "discovery"})

    answer = client.post(f"/opportunities/{deal.pk}/stage/", {"stage": "solution", "seen": "discovery"}, follow=True)

    deal.refresh_from_db()
    assert (deal.stage, told(answer)[-1:]) == ("proof", ["Rob moved this opportunity to “Proof” meanwhile."])


@pytest.mark.parametrize("stage", ["won", "lost", "nonsense", ""])
def test_stage_takes_only_open_stages(client_for, rob, deal, stage):
    htmx = {"HTTP_HX_REQUEST": "true"}
    assert client_for(rob).post(f"/opportunities/{deal.pk}/stage/", {"stage": stage}, **htmx).status_code == 422
    deal.refresh_from_db()
    assert deal.stage == "discovery"


def test_won_closes_the_lead_and_can_be_undone(client_for, rob, deal):
    client = client_for(rob)

    answer = client.post(f"/opportunities/{deal.pk}/closing/", {"outcome": "won"}, follow=True)

    assert told(answer) == ["Acme roll-out is won."]
    assert Lead.objects.get().stage == "customer"
    client.post(f"/opportunities/{deal.pk}/reopening/")
    deal.refresh_from_db()
    assert (deal.outcome, deal.stage, Lead.objects.get().stage) == ("", "discovery", "opportunity")


def test_lost_wants_a_reason_and_keeps_the_note(client_for, rob, deal):
    client, url = client_for(rob), f"/opportunities/{deal.pk}/closing/"

    without = client.post(url, {"outcome": "lost"})
    client.post(url, {"outcome": "lost", "reason": reason("price", "loss").pk, "note": "A third too much"})

    deal.refresh_from_db()
    assert (without.status_code, "Choose why it was lost." in without.content.decode()) == (422, True)
    assert (deal.outcome, deal.reason.code, deal.note) == ("lost", "price", "A third too much")
    assert Lead.objects.get().stage == "lost"


def test_lost_for_another_reason_wants_words(client_for, rob, deal):
    answer = client_for(rob).post(
        f"/opportunities/{deal.pk}/closing/", {"outcome": "lost", "reason": reason("other", "loss").pk}
    )

    assert answer.status_code == 422
    assert "needs a few words" in answer.content.decode()


def test_closing_what_another_closed_is_told(client_for, rob, deal):
    client = client_for(rob)
    client.post(f"/opportunities/{deal.pk}/closing/", {"outcome": "won"})
    client.get(f"/opportunities/{deal.pk}/")

    answer = client.post(
        f"/opportunities/{deal.pk}/closing/", {"outcome": "lost", "reason": reason("price", "loss").pk}, follow=True
    )

    deal.refresh_from_db()
    assert deal.outcome == "won"
    assert told(answer)[0].startswith("This opportunity was won on ")


def test_only_owner_manager_and_admin_work_it(client_for, rob, north, deal):
    people = {
        "rosa, same team": make_user("rosa", team=north),
        "mia": make_user("mia", role=Role.MARKETER),
        "max, another team": make_user("max", role=Role.MANAGER, team=make_team("Team South")),
        "moritz, this team": make_user("moritz", role=Role.MANAGER, team=north),
        "ann": make_user("ann", role=Role.ADMIN),
    }

    def tried(person: Any) -> list[int]:
        client = client_for(person)
        click = {"stage": "discovery", "seen": "discovery"}
        return [
            client.get(f"/opportunities/{deal.pk}/").status_code,
            client.post(f"/opportunities/{deal.pk}/stage/", click).status_code,
            client.get(f"/opportunities/{deal.pk}/people/").status_code,
            client.get(f"/opportunities/{deal.pk}/closing/").status_code,
        ]

    assert {who: tried(person) for who, person in people.items()} == {
        "rosa, same team": [200, 403, 403, 403],
        "mia": [200, 403, 403, 403],
        "max, another team": [200, 403, 403, 403],
        "moritz, this team": [200, 302, 200, 200],
        "ann": [200, 302, 200, 200],
    }


def test_panel_gets_the_form_alone(client_for, rob, deal):
    panel = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "panel-body"}

    html = client_for(rob).get(f"/opportunities/{deal.pk}/closing/", **panel).content.decode()

    assert "Why was it lost?" in html
    assert "<html" not in html


def test_unknown_opportunity_is_not_found(client_for, rob):
    assert client_for(rob).get("/opportunities/999999/").status_code == 404


def test_verbs_follow_where_it_stands(client_for, rob, deal):
    client = client_for(rob)

    def offered():
        verbs = client.get(f"/opportunities/{deal.pk}/").context["verbs"]
        always = {"Archive", "Ask marketing", "Say how good it was"}
        return verbs.next and verbs.next.label, [verb.label for verb in verbs.others if verb.label not in always]

    assert offered() == ("Log call", ["Win", "Lose", "Add a person"])
    client.post(f"/opportunities/{deal.pk}/stage/", {"stage": "negotiation"})
    assert offered() == ("Win", ["Lose", "Add a person"])
    client.post(f"/opportunities/{deal.pk}/closing/", {"outcome": "won"})
    assert offered() == (None, ["Reopen", "Add a person"])


def test_people_are_added_named_made_the_first_and_taken_out(client_for, rob, deal):
    client, known = client_for(rob), Contact.objects.create(first_name="Ada", last_name="Byron")
    path = f"/opportunities/{deal.pk}/people/"

    client.post(path, {"contact": known.pk, "contact_text": "Ada Byron", "role": "decider"})
    client.post(path, {"contact": "", "contact_text": "Mary Evans", "email": "mary@acme.example", "role": "user"})
    client.post(f"{path}role/", {"contact": deal.contact_id, "role": "champion"})
    client.post(f"{path}role/", {"contact": known.pk, "role": "blocker"})
    client.post(f"{path}main/", {"contact": known.pk})
    mary = Contact.objects.get(email="mary@acme.example")
    client.post(f"{path}{deal.parts.get(contact=mary).pk}/removal/")

    people = client.get(f"/opportunities/{deal.pk}/").context["people"]
    assert [(person.contact, person.part.role, person.is_main) for person in people] == [
        (known, "blocker", True),
        (deal.contact, "champion", False),
    ]
    assert (mary.first_name, mary.company) == ("Mary", deal.company)
    assert client.post(path, {"contact_text": "", "role": "user"}).status_code == 422


def test_the_leads_it_came_from_are_all_named(client_for, rob, deal):
    lead = make_lead(first_name="Bob", last_name="Brown")
    contact = Contact.objects.create(last_name="Brown")
    OpportunityPerson.objects.create(opportunity=deal, contact=contact, lead=lead)
    assert client_for(rob).get(f"/opportunities/{deal.pk}/").context["leads"] == [deal.lead, lead]


def test_one_without_a_lead_is_opened_with_a_new_company_and_contact(client_for, rob):
    sent = {
        "name": "Press", "company_text": "Acme", "contact_text": "Ada Byron", "email": "ada@acme.example",
        "amount": "5000", "currency": "eur", "expected_close": "2026-06-01", "stage": "proof", "kind": "expansion",
    }  # fmt: skip
    client = client_for(rob)

    answer = client.post("/opportunities/new/", sent)

    made = Opportunity.objects.get()
    assert answer["Location"] == f"/opportunities/{made.pk}/"
    assert (made.name, made.company.name, str(made.contact), made.contact.company, made.owner, made.lead) == (
        "Press", "Acme", "Ada Byron", made.company, rob, None,
    )  # fmt: skip
    assert (made.stage, made.probability, made.forecast_category, made.kind) == ("proof", 40, "best_case", "expansion")
    client.post("/opportunities/new/", sent | {"company_text": "ACME"})
    assert Contact.objects.count() == 1
    assert set(Opportunity.objects.values_list("company", flat=True)) == {made.company_id}


def test_the_same_form_sent_twice_opens_one(client_for, rob):
    sent = {"name": "Press", "currency": "EUR", "stage": "proof", "kind": "renewal", "idempotency_key": "once"}
    client = client_for(rob)
    first, second = (client.post("/opportunities/new/", sent) for _ in range(2))
    assert (first["Location"], second["Location"]) == (
        f"/opportunities/{Opportunity.objects.get().pk}/", "/opportunities/",
    )  # fmt: skip


def test_the_form_knows_where_one_came_from(client_for, rob):
    acme = Company.objects.create(name="Acme")
    ada = Contact.objects.create(last_name="Byron", company=acme)
    form = client_for(rob).get("/opportunities/new/", {"contact": ada.pk}).context["form"]
    assert (form.initial["company"], form.initial["contact"], form.initial["name"]) == (acme, ada, "Acme")


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"amount": "-1"}, {"currency": "12"}, {"stage": "won"}, {"email": "x"}]
)
def test_a_new_one_that_cannot_be_is_refused_and_makes_nothing(client_for, rob, wrong):
    sent = {"name": "Press", "company_text": "Acme", "currency": "EUR", "stage": "proof", "kind": "renewal"}
    assert client_for(rob).post("/opportunities/new/", sent | wrong).status_code == 422
    assert (Opportunity.objects.count(), Company.objects.count()) == (0, 0)


def test_only_sales_opens_one(client_for, rob):
    assert client_for(rob).get("/opportunities/new/").status_code == 200
    assert client_for(make_user("mia", role=Role.MARKETER)).get("/opportunities/new/").status_code == 403


def test_page_costs_the_same_with_one_and_fifty_people(client_for, rob, deal):
    client = client_for(rob)

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/opportunities/{deal.pk}/").status_code == 200
        return len(queries)

    def add(count: int) -> None:
        for n in range(count):
            company = Company.objects.create(name=f"Company {n}")
            contact = Contact.objects.create(last_name=f"Person {n}", company=company)
            OpportunityPerson.objects.create(opportunity=deal, contact=contact, lead=make_lead())

    add(1)
    cost()  # the first request also makes the organisation
    with_one = cost()
    add(49)
    # Fewer when the time line's page holds fewer kinds of entries.
    assert cost() <= with_one
