"""A lead that joins an open opportunity of its company: leads/converting.py, leads/opportunities.py."""

from datetime import timedelta

import pytest

from crm import outbox
from crm.errors import BusinessError, NotAllowed
from funnel.facts.checking import check_metrics
from funnel.models import LeadFact
from leads.converting import convert_lead, join_opportunity, joinable_opportunities, undo_conversion
from leads.errors import CannotUndo, IllegalMove
from leads.models import Company, Contact, Lead, Opportunity, OpportunityPerson
from leads.opportunities import AlreadyClosed, close_opportunity, create_opportunity, reopen_opportunity
from leads.transitions import transition_lead
from tests.api import Caller
from tests.factories import DAY, HOUR, MONDAY, make_opportunity, reason
from tests.leads.test_converting import accepted_lead

pytestmark = pytest.mark.django_db


@pytest.fixture
def deal(rob):
    """Rob's opportunity at Acme, made of Lea's lead."""
    return convert_lead(accepted_lead(rob, company_name="Acme"), by=rob, at=MONDAY + HOUR, amount=900)[0]


@pytest.fixture
def second(rob):
    return accepted_lead(rob, first_name="Bob", last_name="Brown", email="bob@acme.example", company_name="ACME")


def stages(*leads):
    return [Lead.objects.get(pk=lead.pk).stage for lead in leads]


def lost(deal, by, at):
    return close_opportunity(deal, outcome="lost", by=by, at=at, reason=reason("price", "loss"))


def test_joining_converts_the_lead_into_a_further_person(deal, second, rob):
    part, is_new = join_opportunity(second, deal, by=rob, at=MONDAY + DAY, role="decider")

    second.refresh_from_db()
    assert is_new
    assert (second.stage, second.company, second.contact.email) == ("opportunity", deal.company, "bob@acme.example")
    assert (part.opportunity, part.contact, part.lead, part.role) == (deal, second.contact, second, "decider")
    assert Opportunity.objects.count() == 1
    assert join_opportunity(second, deal, by=rob, at=MONDAY + DAY) == (part, False)
    assert convert_lead(second, by=rob, at=MONDAY + DAY) == (deal, False)


def test_a_contact_who_had_a_part_keeps_role_and_gets_the_lead(deal, second, rob):
    bob = Contact.objects.create(email="Bob@acme.example")
    part = OpportunityPerson.objects.create(opportunity=deal, contact=bob, role="champion")

    join_opportunity(second, deal, by=rob, at=MONDAY + DAY)
    part.refresh_from_db()
    assert (part.lead, part.role) == (second, "champion")

    undo_conversion(second, by=rob, at=MONDAY + DAY)
    part.refresh_from_db()
    assert (part.lead, part.role, stages(second)) == (None, "champion", ["accepted"])


def test_only_open_opportunities_of_the_company_take_leads(deal, second, rob, rosa):
    elsewhere = make_opportunity(company=Company.objects.create(name="Bolt"))
    for other in (elsewhere, make_opportunity()):
        with pytest.raises(BusinessError) as refusal:
            join_opportunity(second, other, by=rob, at=MONDAY + DAY)
        assert refusal.value.code == "other_company"
    assert list(joinable_opportunities(second)) == [deal]
    with pytest.raises(NotAllowed):
        join_opportunity(second, deal, by=rosa, at=MONDAY + DAY)
    lost(deal, rob, MONDAY + DAY)
    with pytest.raises(AlreadyClosed):
        join_opportunity(second, deal, by=rob, at=MONDAY + DAY)
    assert list(joinable_opportunities(second)) == []
    assert stages(second) == ["accepted"]


def test_a_lead_that_cannot_be_converted_cannot_join(deal, second, rob):
    transition_lead(second, "disqualified", by=rob, at=MONDAY + DAY, reason=reason("no_need", "disqualify"))
    with pytest.raises(IllegalMove):
        join_opportunity(second, deal, by=rob, at=MONDAY + DAY)


def test_one_contact_joins_with_one_lead(deal, second, rob):
    join_opportunity(second, deal, by=rob, at=MONDAY + DAY)
    again = accepted_lead(rob, email="bob@acme.example", company_name="Acme")
    with pytest.raises(BusinessError) as refusal:
        join_opportunity(again, deal, by=rob, at=MONDAY + DAY)
    assert (refusal.value.code, stages(again)) == ("already_joined", ["accepted"])


def test_who_joined_wins_and_loses_with_it_and_is_opened_with_it(deal, second, rob):
    join_opportunity(second, deal, by=rob, at=MONDAY + DAY)

    close_opportunity(deal, outcome="won", by=rob, at=MONDAY + 2 * DAY)
    assert stages(deal.lead, second) == ["customer", "customer"]
    reopen_opportunity(deal, by=rob, at=MONDAY + 3 * DAY)
    assert stages(deal.lead, second) == ["opportunity", "opportunity"]
    lost(deal, rob, MONDAY + 4 * DAY)
    assert stages(deal.lead, second) == ["lost", "lost"]


def test_lost_only_when_nothing_own_or_joined_is_open_or_won(deal, second, rob):
    join_opportunity(second, deal, by=rob, at=MONDAY + DAY)
    own = create_opportunity(by=rob, at=MONDAY + DAY, name="Second press", lead=second)

    lost(deal, rob, MONDAY + 2 * DAY)
    assert stages(deal.lead, second) == ["lost", "opportunity"]
    lost(own, rob, MONDAY + 3 * DAY)
    assert stages(second) == ["lost"]


def test_reopening_leaves_a_customer_of_another_won_one(deal, second, rob):
    join_opportunity(second, deal, by=rob, at=MONDAY + DAY)
    own = create_opportunity(by=rob, at=MONDAY + DAY, name="Second press", lead=second)
    close_opportunity(deal, outcome="won", by=rob, at=MONDAY + 2 * DAY)
    close_opportunity(own, outcome="won", by=rob, at=MONDAY + 2 * DAY)

    reopen_opportunity(deal, by=rob, at=MONDAY + 3 * DAY)

    assert stages(deal.lead, second) == ["opportunity", "customer"]


def test_reopening_is_refused_once_somebody_who_joined_has_moved_on(deal, second, rob):
    join_opportunity(second, deal, by=rob, at=MONDAY + DAY)
    lost(deal, rob, MONDAY + 2 * DAY)
    second.refresh_from_db()
    transition_lead(second, "nurture", by=rob, at=MONDAY + 3 * DAY)

    with pytest.raises(CannotUndo, match="Bob Brown has moved on"):
        reopen_opportunity(deal, by=rob, at=MONDAY + 4 * DAY)
    assert stages(deal.lead) == ["lost"]


def test_undo_takes_the_part_away_for_ten_minutes(deal, second, rob):
    at = MONDAY + DAY
    join_opportunity(second, deal, by=rob, at=at)
    with pytest.raises(CannotUndo, match="ten minutes"):
        undo_conversion(second, by=rob, at=at + timedelta(minutes=11))

    undo_conversion(second, by=rob, at=at + timedelta(minutes=9))

    assert (stages(second, deal.lead), deal.parts.count()) == (["accepted", "opportunity"], 0)
    assert Opportunity.objects.filter(pk=deal.pk).exists()


def test_undoing_the_first_conversion_is_refused_once_somebody_joined(deal, second, rob):
    join_opportunity(second, deal, by=rob, at=MONDAY + HOUR)
    with pytest.raises(CannotUndo, match="worked on"):
        undo_conversion(deal.lead, by=rob, at=MONDAY + HOUR)


@pytest.mark.django_db(transaction=True)
def test_figures_count_both_leads_and_the_value_once(deal, second, rob):
    def facts():
        while outbox.drain("funnel"):
            pass
        assert check_metrics().differences == []
        return list(LeadFact.objects.order_by("lead_id").values_list("lead_id", "stage", "outcome", "won_amount"))

    facts()
    join_opportunity(second, deal, by=rob, at=MONDAY + DAY)
    assert facts() == [(deal.lead_id, "opportunity", "", None), (second.pk, "opportunity", "", None)]
    close_opportunity(deal, outcome="won", by=rob, at=MONDAY + 2 * DAY)
    assert facts() == [(deal.lead_id, "customer", "customer", 900), (second.pk, "customer", "customer", None)]
    reopen_opportunity(deal, by=rob, at=MONDAY + 3 * DAY)
    lost(deal, rob, MONDAY + 4 * DAY)
    assert [row[1:] for row in facts()] == [("lost", "lost", None)] * 2

    outbox.rebuild("funnel")
    assert check_metrics().differences == []


def test_api_joins_by_converting(deal, second, rob):
    answer = Caller(rob).post(f"leads/{second.pk}/convert/", {"join": deal.pk})
    assert (answer.status_code, answer.json()["id"]) == (201, deal.pk)
    assert [person["lead"] for person in Caller(rob).get(f"opportunities/{deal.pk}/people/").json()] == [second.pk]
