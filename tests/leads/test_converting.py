from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection

from crm.errors import NotAllowed
from feedback.verdicts import accept_handoff
from leads.converting import convert_lead, undo_conversion
from leads.errors import CannotUndo, IllegalMove
from leads.lifecycle import Stage
from leads.models import Company, Contact, Opportunity
from leads.opportunities import change_stage, close_opportunity, create_opportunity
from leads.transitions import move_lead
from tests.factories import HOUR, MONDAY, make_handoff, make_mql, reason


def accepted_lead(rep, **fields):
    handoff = make_handoff(to=rep, lead=make_mql(**fields))
    return accept_handoff(handoff, by=rep, at=MONDAY).lead


@pytest.mark.django_db
def test_convert_makes_company_contact_and_opportunity(rob, north):
    lead = accepted_lead(rob, company_name="Acme", product_interest="GTX Pro")

    opportunity, is_new = convert_lead(lead, by=rob, at=MONDAY + HOUR, amount=Decimal("1200.50"))

    assert is_new
    lead.refresh_from_db()
    assert (lead.stage, lead.company.name, lead.contact.email) == ("opportunity", "Acme", lead.email)
    assert (opportunity.name, opportunity.amount, opportunity.owner, opportunity.team, opportunity.product) == (
        "Acme", Decimal("1200.50"), rob, north, "GTX Pro",
    )  # fmt: skip


@pytest.mark.django_db
def test_convert_takes_the_company_and_contact_that_are_there(rob):
    acme = Company.objects.create(name="ACME")
    lea = Contact.objects.create(email="lea@acme.example", company=acme)
    lead = accepted_lead(rob, company_name="acme", email="Lea@Acme.example")

    opportunity, _ = convert_lead(lead, by=rob, at=MONDAY)

    assert (opportunity.company, opportunity.contact) == (acme, lea)
    assert (Company.objects.count(), Contact.objects.count()) == (1, 1)


@pytest.mark.django_db
def test_convert_twice_gives_the_same_opportunity(rob):
    lead = accepted_lead(rob)
    first, _ = convert_lead(lead, by=rob, at=MONDAY)
    assert convert_lead(lead, by=rob, at=MONDAY) == (first, False)


@pytest.mark.django_db
def test_only_the_owner_or_their_manager_converts(rob, rosa, mia, max_):
    lead = accepted_lead(rob)
    for stranger in (rosa, mia):
        with pytest.raises(NotAllowed):
            convert_lead(lead, by=stranger, at=MONDAY)
    assert convert_lead(lead, by=max_, at=MONDAY)[1]


@pytest.mark.django_db
def test_an_mql_is_not_converted(rob, north):
    with pytest.raises(IllegalMove):
        convert_lead(make_mql(owner=rob, team=north), by=rob, at=MONDAY)


@pytest.mark.django_db
def test_undo_within_ten_minutes_takes_the_opportunity_away(rob):
    lead = accepted_lead(rob)
    convert_lead(lead, by=rob, at=MONDAY)

    undo_conversion(lead, by=rob, at=MONDAY + timedelta(minutes=10))

    lead.refresh_from_db()
    assert (lead.stage, Opportunity.objects.count()) == ("accepted", 0)
    assert convert_lead(lead, by=rob, at=MONDAY + HOUR)[1]


@pytest.mark.django_db
def test_undo_is_refused_later_or_once_the_opportunity_was_worked(rob):
    lead = accepted_lead(rob)
    opportunity, _ = convert_lead(lead, by=rob, at=MONDAY)
    with pytest.raises(CannotUndo, match="ten minutes"):
        undo_conversion(lead, by=rob, at=MONDAY + HOUR)
    change_stage(opportunity, "proposal", by=rob, at=MONDAY)
    with pytest.raises(CannotUndo, match="worked on"):
        undo_conversion(lead, by=rob, at=MONDAY)


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_make_one_opportunity(rob):
    lead = accepted_lead(rob, company_name="Acme")

    def click(_):
        try:
            return convert_lead(lead, by=rob, at=MONDAY)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(click, range(2)))

    assert sorted(is_new for _, is_new in results) == [False, True]
    assert results[0][0] == results[1][0]
    assert (Opportunity.objects.count(), Company.objects.count(), Contact.objects.count()) == (1, 1, 1)


@pytest.mark.django_db
def test_a_later_time_round_has_a_deal_of_its_own(rob, sam):
    lead = accepted_lead(rob)
    before, _ = convert_lead(lead, by=rob, at=MONDAY)
    close_opportunity(before, outcome="lost", by=rob, at=MONDAY + HOUR, reason=reason("price", "loss"))
    lead.refresh_from_db()
    for stage in (Stage.NURTURE, Stage.MQL, Stage.OFFERED, Stage.ACCEPTED):
        move_lead(lead, stage, by=sam, at=MONDAY + 2 * HOUR, owner=rob)

    fresh, is_new = convert_lead(lead, by=rob, at=MONDAY + 3 * HOUR)

    assert is_new
    assert convert_lead(lead, by=rob, at=MONDAY + 3 * HOUR) == (fresh, False)
    undo_conversion(lead, by=rob, at=MONDAY + 3 * HOUR)
    assert list(Opportunity.objects.all()) == [before]


@pytest.mark.django_db
def test_undo_is_refused_when_it_would_take_a_further_deal_away(rob):
    lead = accepted_lead(rob)
    convert_lead(lead, by=rob, at=MONDAY)
    lead.refresh_from_db()
    create_opportunity(by=rob, at=MONDAY, name="Second", lead=lead)

    with pytest.raises(CannotUndo, match="worked on"):
        undo_conversion(lead, by=rob, at=MONDAY)
    assert Opportunity.objects.count() == 2
