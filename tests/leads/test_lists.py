"""leads/views/lists.py with the filters and queries behind it."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from crm.models import Role
from leads.lifecycle import Stage
from leads.models import Company, Contact, Lead
from leads.touches import record_touch
from leads.transitions import move_lead
from tests.factories import (
    DAY,
    MONDAY,
    make_campaign,
    make_handoff,
    make_lead,
    make_mql,
    make_opportunity,
    make_team,
    make_user,
    reason,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def north():
    return make_team()


@pytest.fixture
def rob(north):
    return make_user("rob", team=north)


@pytest.fixture
def mia():
    return make_user("mia", role=Role.MARKETER)


def shown(response: Any) -> list[int]:
    return [lead.pk for lead in response.context["page"].rows]


def rejected_for_repair(rob, **fields: Any) -> Lead:
    from feedback.verdicts import reject_handoff

    handoff = make_handoff(to=rob, lead=make_mql(**fields))
    reject_handoff(handoff, by=rob, at=MONDAY + DAY, reason=reason("missing_data"))
    return Lead.objects.get(pk=handoff.lead_id)


def test_leads_says_how_things_stand(client_for, rob):
    make_lead()
    make_handoff(to=rob)
    rejected_for_repair(rob)

    page = client_for(rob).get("/leads/?tab=all")

    assert page.context["truth"] == {"open": "3", "waiting": "1", "repair": "1"}
    assert "3 leads" in page.content.decode()


def test_my_open_of_a_rep_is_what_the_rep_owns(client_for, rob, north):
    mine, other = make_lead(owner=rob), make_lead(owner=make_user("rosa", team=north))
    closed = make_lead(owner=rob)
    move_lead(closed, Stage.DISQUALIFIED, by=None, at=MONDAY)

    assert shown(client_for(rob).get("/leads/")) == [mine.pk]
    assert other.pk not in shown(client_for(rob).get("/leads/?tab=mine"))


def test_my_open_of_a_marketer_is_what_the_campaigns_brought(client_for, mia):
    mine, _other = make_lead(campaign=make_campaign(owner=mia)), make_lead(campaign=make_campaign())

    assert shown(client_for(mia).get("/leads/")) == [mine.pk]


def test_my_open_of_a_manager_is_the_teams(client_for, north):
    max_ = make_user("max", role=Role.MANAGER, team=north)
    ours, _other = make_lead(team=north), make_lead(team=make_team("Team South"))

    assert shown(client_for(max_).get("/leads/")) == [ours.pk]


def test_tabs_hold_what_they_say(client_for, rob):
    waiting = make_handoff(to=rob).lead
    repair = rejected_for_repair(rob)
    due, later = make_lead(), make_lead()
    today = timezone.now().date()
    for lead, day in ((due, today), (later, today + timedelta(days=30))):
        move_lead(lead, Stage.NURTURE, by=None, at=MONDAY, revisit_on=day)
    client = client_for(rob)

    found = {tab: shown(client.get(f"/leads/?tab={tab}")) for tab in ("waiting", "repair", "nurture")}

    assert found == {"waiting": [waiting.pk], "repair": [repair.pk], "nurture": [due.pk]}


def test_needs_repair_forgets_an_undone_and_a_withdrawn_one(client_for, rob, mia):
    from feedback.verdicts import reject_handoff, undo_verdict, withdraw_handoff

    undone = make_handoff(to=rob)
    reject_handoff(undone, by=rob, at=MONDAY, reason=reason("wrong_data"))
    undo_verdict(undone, by=rob, at=MONDAY)
    withdrawn = make_handoff(to=rob, by=mia)
    withdraw_handoff(withdrawn, by=mia, at=MONDAY)

    assert shown(client_for(mia).get("/leads/?tab=repair")) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("stage=mql", "mql"),
        ("owner=me", "mine"),
        ("owner=nobody&channel=webinar", "webinar"),
        ("source=organic_search", "search"),
        ("segment=Schools", "school"),
        ("q=lovelace", "ada"),
        ("q=ada+ACME", "ada"),
        ("q=ada@acme.test", "ada"),
    ],
)
def test_leads_are_filtered_from_the_address(client_for, rob, query, expected):
    made = {
        "mql": make_mql(),
        "mine": make_lead(owner=rob),
        "webinar": make_lead(channel="webinar"),
        "search": make_lead(source="organic_search"),
        "school": make_lead(segment="Schools"),
        "ada": make_lead(first_name="Ada", last_name="Lovelace", email="ada@acme.test", company_name="Acme GmbH"),
    }

    assert shown(client_for(rob).get(f"/leads/?tab=all&{query}")) == [made[expected].pk]


def test_leads_are_filtered_by_team_campaign_company_and_contact(client_for, rob, north):
    acme = Company.objects.create(name="Acme")
    ada = Contact.objects.create(first_name="Ada", company=acme)
    campaign = make_campaign()
    lead = make_lead(team=north, campaign=campaign, company=acme, contact=ada)
    make_lead()
    client = client_for(rob)

    records = [f"campaign={campaign.pk}", f"company={acme.pk}", f"contact={ada.pk}"]
    queries = ["owner=team", f"owner=team:{north.pk}", *records]

    assert [shown(client.get(f"/leads/?tab=all&{query}")) for query in queries] == [[lead.pk]] * 5


def test_chips_name_the_filters_and_take_each_away(client_for, rob):
    campaign = make_campaign("Spring webinar")

    page = client_for(rob).get(f"/leads/?tab=all&stage=mql&campaign={campaign.pk}&after=7")

    assert page.context["chips"] == [
        {"label": "Stage: MQL", "address": f"?tab=all&campaign={campaign.pk}"},
        {"label": "Campaign: Spring webinar", "address": "?tab=all&stage=mql"},
    ]
    assert page.context["clear_url"] == "?tab=all"
    assert "No lead passes these filters" in page.content.decode()


@pytest.mark.parametrize(
    "nonsense", ["stage=none", "owner=user:x", "owner=robot", "campaign=x", "company=x", "tab=zzz", "after=x"]
)
def test_nonsense_in_the_address_breaks_nothing(client_for, rob, nonsense):
    assert client_for(rob).get(f"/leads/?{nonsense}").status_code == 200


def test_a_merged_lead_is_not_listed(client_for, rob):
    survivor, duplicate = make_lead(), make_lead()
    Lead.objects.filter(pk=duplicate.pk).update(merged_into=survivor)

    assert shown(client_for(rob).get("/leads/?tab=all")) == [survivor.pk]


def test_last_touch_or_its_absence_is_shown(client_for, rob):
    touched, untouched = make_lead(), make_lead()
    record_touch(touched, at=MONDAY, kind="download")

    page = client_for(rob).get("/leads/?tab=all")

    assert {lead.pk: lead.last_touch_at for lead in page.context["page"].rows} == {
        touched.pk: MONDAY,
        untouched.pk: None,
    }
    assert "No touch, added" in page.content.decode()


@pytest.mark.parametrize("path", ["/leads/?tab=all", "/contacts/", "/companies/", "/opportunities/?tab=open"])
def test_a_list_costs_the_same_for_one_and_fifty_rows(client_for, django_assert_max_num_queries, rob, path):
    make_rows(1, rob)
    client = client_for(rob)
    client.get(path)
    with django_assert_max_num_queries(40) as few:
        client.get(path)

    make_rows(49, rob)
    with django_assert_max_num_queries(40) as many:
        response = client.get(path)

    assert len(response.context["page"].rows) == 50
    assert len(many) == len(few)


def make_rows(count: int, rob: Any) -> None:
    for _number in range(count):
        company = Company.objects.create(name="Acme")
        contact = Contact.objects.create(first_name="Ada", company=company)
        lead = make_lead(owner=rob, team=rob.team, campaign=make_campaign(), company=company, contact=contact)
        make_opportunity(lead=lead, company=company, owner=rob)


def test_lists_go_on_behind_the_fiftieth_row(client_for, rob):
    ids = [make_lead().pk for _number in range(51)]
    client = client_for(rob)

    first = client.get("/leads/?tab=all")
    second = client.get(f"/leads/{first.context['page'].older_url}")

    assert (shown(first), shown(second)) == (ids[:0:-1], ids[:1])


def test_opportunities_by_tab(client_for, rob):
    mine, other = make_opportunity("Mine", owner=rob), make_opportunity("Other")
    won = make_opportunity("Won", stage="won", outcome="won", closed_at=MONDAY)
    client = client_for(rob)

    tabs = {tab: shown(client.get(f"/opportunities/?tab={tab}")) for tab in ("mine", "open", "won", "lost")}

    assert tabs == {"mine": [mine.pk], "open": [other.pk, mine.pk], "won": [won.pk], "lost": []}
    assert shown(client.get("/opportunities/")) == [mine.pk]


def test_new_lead_of_a_rep_is_the_reps_own(client_for, rob):
    campaign = make_campaign(channel="event")

    answer = client_for(rob).post("/leads/new/", {"first_name": "Ada", "campaign": campaign.pk})

    lead = Lead.objects.get()
    assert answer.url == f"/leads/{lead.pk}/"
    assert (lead.owner, lead.team, lead.sourced_by, lead.channel, lead.stage) == (
        rob, rob.team, "sales", "event", "inquiry",
    )  # fmt: skip
    assert lead.touches.get().campaign == campaign


def test_new_lead_needs_something_that_is_known(client_for, mia):
    answer = client_for(mia).post("/leads/new/", {"country": "Germany"})

    assert (answer.status_code, Lead.objects.count()) == (422, 0)
    assert "Give at least a name" in answer.content.decode()


def test_new_lead_sent_twice_is_one_lead(client_for, mia):
    client, sent = client_for(mia), {"first_name": "Ada", "idempotency_key": "once"}

    answers = [client.post("/leads/new/", sent).status_code for _click in range(2)]

    assert (answers, Lead.objects.count()) == ([302, 302], 1)


def test_names_from_outside_are_escaped(client_for, rob):
    make_lead(first_name="<script>alert(1)</script>", company_name="<b>Acme</b>")

    html = client_for(rob).get("/leads/?tab=all").content.decode()

    assert "<script>alert" not in html
    assert "<b>Acme" not in html


def test_an_empty_product_offers_the_import(client_for: Any) -> None:
    rob = make_user("rob", team=make_team())
    assert "Import a list" in client_for(rob).get("/leads/?tab=all").content.decode()
    assert "Show all leads" in client_for(rob).get("/leads/?tab=mine").content.decode()
