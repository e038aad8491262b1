"""desk/queries/handing_over.py and the forms that hand leads to sales: the rules first, and whom they choose."""

import pytest
from django.utils import timezone

from desk.queries.handing_over import last_promise, promise_of, rules_words, who_knows
from feedback.models import Handoff
from feedback.recycling import bring_back
from feedback.verdicts import accept_handoff, offer_lead, reject_handoff
from leads.models import Lead
from leads.transitions import transition_lead
from tests.factories import DAY, HOUR, MONDAY, make_campaign, make_handoff, make_mql, reason

pytestmark = pytest.mark.django_db


def test_the_form_says_whom_the_rules_choose_and_sends_by_them(client_for, mia, rob):
    lead = make_mql()
    client = client_for(mia)
    page = client.get(f"/leads/{lead.pk}/handoff/").content.decode()
    assert "By the routing rules (recommended)" in page
    assert "The rules choose Rob" in page

    client.post(f"/leads/{lead.pk}/handoff/", {"recipient": "rules", "promised": "A call"})

    handoff = Handoff.objects.get(lead=lead)
    assert (handoff.to_user, handoff.promised) == (rob, "A call")


def test_looking_at_the_form_takes_nobodys_turn(client_for, mia, rob, rosa):
    lead, client = make_mql(), client_for(mia)
    first, second = (client.get(f"/leads/{lead.pk}/handoff/").content for _look in range(2))
    assert (b"The rules choose Rob" in first) == (b"The rules choose Rob" in second)
    assert not Handoff.objects.exists()


def test_a_campaigns_ready_leads_are_spread_by_the_rules(client_for, mia, rob, rosa):
    campaign = make_campaign(owner=mia)
    leads = [make_mql(campaign=campaign) for _number in range(4)]
    page = client_for(mia).get(f"/campaigns/{campaign.pk}/handoffs/").content.decode()
    assert "The rules choose Rob 2, Rosa 2." in page
    form = {"leads": ",".join(str(lead.pk) for lead in leads), "recipient": "rules"}
    client_for(mia).post(f"/campaigns/{campaign.pk}/handoffs/", form)
    assert sorted(Handoff.objects.values_list("to_user__first_name", flat=True)) == ["Rob", "Rob", "Rosa", "Rosa"]


def test_who_knows_a_lead_that_comes_back_is_chosen(client_for, mia, rob, rosa):
    handoff = make_handoff(to=rosa, by=mia)
    accept_handoff(handoff, by=rosa, at=MONDAY + HOUR)
    lead = Lead.objects.get()
    assert who_knows(lead) is None
    transition_lead(lead, "nurture", by=rosa, at=MONDAY + DAY, reason=reason("not_now", "return"))
    bring_back([lead.pk], at=timezone.now(), why="")
    lead.refresh_from_db()
    assert who_knows(lead) == rosa
    page = client_for(mia).get(f"/leads/{lead.pk}/handoff/").content.decode()
    assert f'value="user:{rosa.pk}" selected' in page
    assert "Rosa had this lead before." in page


def test_the_last_promise_is_offered(mia, rob):
    lead = make_mql()
    assert (promise_of(lead), last_promise(mia)) == ("", "")
    handoff = offer_lead(lead, by=mia, at=MONDAY, to_user=rob, promised="A call")
    reject_handoff(handoff, by=rob, at=MONDAY + HOUR, reason=reason("wrong_data"))
    assert (promise_of(lead), last_promise(mia)) == ("A call", "A call")


def test_without_a_sales_team_the_form_says_so(mia):
    assert rules_words([make_mql()], at=MONDAY) == "There is no sales team yet."
    assert rules_words([], at=MONDAY) == ""
