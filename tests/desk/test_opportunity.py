"""The pages of an opportunity: desk/views/opportunity.py."""

from decimal import Decimal
from typing import Any

import pytest

from crm.models import Role
from feedback.verdicts import accept_handoff
from leads.converting import convert_lead
from leads.models import Lead, Opportunity
from tests.factories import MONDAY, make_handoff, make_opportunity, make_team, make_user, reason

pytestmark = pytest.mark.django_db


@pytest.fixture
def north():
    return make_team()


@pytest.fixture
def rob(north):
    return make_user("rob", team=north)


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
    assert "Move to solution" in html
    assert "10 % probable, pipeline" in html
    assert f"/leads/{deal.lead_id}/" in html
    assert len(page.context["timeline"].entries) >= 4


def test_page_without_a_lead_company_or_amount(client_for, rob):
    deal = make_opportunity("Bare", owner=rob)

    assert "No lead stands behind this" in client_for(rob).get(f"/opportunities/{deal.pk}/").content.decode()


def test_stage_moves_with_its_probability(client_for, rob, deal):
    answer = client_for(rob).post(
        f"/opportunities/{deal.pk}/stage/", {"stage": "proposal", "seen": "discovery"}, follow=True
    )

    deal.refresh_from_db()
    assert (deal.stage, deal.probability) == ("proposal", 60)
    assert told(answer) == ["Now in Proposal, 60 % probable."]


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
    assert (deal.stage, told(answer)[-1:]) == ("proof", ["Somebody moved this opportunity to “Proof” meanwhile."])


@pytest.mark.parametrize("stage", ["won", "lost", "nonsense", ""])
def test_stage_takes_only_open_stages(client_for, rob, deal, stage):
    assert client_for(rob).post(f"/opportunities/{deal.pk}/stage/", {"stage": stage}).status_code == 422


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


def test_edit_writes_only_what_was_changed(client_for, rob, deal):
    client = client_for(rob)
    form = client.get(f"/opportunities/{deal.pk}/edit/").context["form"]
    sent = {name: form[name].value() or "" for name in form.fields} | {"amount": "7500"}
    Opportunity.objects.filter(pk=deal.pk).update(product="Written meanwhile")

    client.post(f"/opportunities/{deal.pk}/edit/", sent | {"product": "Written meanwhile"})

    deal.refresh_from_db()
    assert (deal.amount, deal.product) == (Decimal(7500), "Written meanwhile")


@pytest.mark.parametrize("wrong", [{"amount": "-1"}, {"probability": "101"}, {"currency": "12"}, {"name": ""}])
def test_edit_refuses_what_cannot_be(client_for, rob, deal, wrong):
    client = client_for(rob)
    form = client.get(f"/opportunities/{deal.pk}/edit/").context["form"]
    sent = {name: form[name].value() or "" for name in form.fields}

    assert client.post(f"/opportunities/{deal.pk}/edit/", sent | wrong).status_code == 422


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
            client.get(f"/opportunities/{deal.pk}/edit/").status_code,
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
