"""The pages of campaigns: desk/views/campaign.py with its queries."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from campaigns.models import Spend
from crm.models import Change, Role
from desk.queries.campaign import CHAIN, counts_by_campaign
from feedback.models import Handoff
from feedback.verdicts import accept_handoff, reject_handoff
from funnel.facts.recompute import apply_changes
from leads.lifecycle import Stage
from leads.models import Lead
from leads.transitions import move_lead
from tests.factories import (
    DAY,
    HOUR,
    MONDAY,
    make_campaign,
    make_handoff,
    make_lead,
    make_mql,
    make_spend,
    make_user,
    reason,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def webinar(mia):
    return make_campaign("Spring webinar", owner=mia, budget=Decimal(1000), starts_on=MONDAY.date())


def count_figures() -> None:
    """What the worker does with the outbox."""
    apply_changes({"lead": set(Lead.objects.values_list("pk", flat=True))})


def answered(rob: Any, campaign: Any, *codes: str) -> None:
    """A verdict on a lead of the campaign for each code of a reason; "" accepts."""
    for code in codes:
        handoff = make_handoff(to=rob, lead=make_mql(campaign=campaign))
        if code:
            reject_handoff(handoff, by=rob, at=MONDAY + 2 * HOUR, reason=reason(code), comment=f"Says Rob: {code}")
        else:
            accept_handoff(handoff, by=rob, at=MONDAY + 2 * HOUR)


def test_chain_counts_each_lead_once_and_links_to_the_leads(client_for, mia, rob, webinar):
    make_spend(webinar, "300.00")
    make_lead(campaign=webinar)
    answered(rob, webinar, "", "company_size")
    answered(rob, make_campaign("Other"), "", "")
    count_figures()

    steps = client_for(mia).get(f"/campaigns/{webinar.pk}/").context["chain"]

    assert [(step.label, step.count, step.rate, step.cost_each) for step in steps] == [
        ("Inquiries", 3, None, Decimal(100)),
        ("MQL", 2, pytest.approx(2 / 3), Decimal(150)),
        ("Accepted", 1, 0.5, Decimal(300)),
        ("Opportunities", 0, 0.0, None),
        ("Won", 0, None, None),
    ]
    assert steps[2].average == 0.75
    drilldown = client_for(mia).get(steps[1].href)
    assert sorted(lead.pk for lead, _fact in drilldown.context["page"].rows) == sorted(
        Lead.objects.filter(campaign=webinar).exclude(stage=Stage.INQUIRY).values_list("pk", flat=True)
    )
    assert steps[2].href == f"/dashboards/funnel/leads/?campaign={webinar.pk}&stage=accepted"


def test_what_sales_says_is_written_from_verdicts(client_for, mia, rob, north, webinar):
    answered(rob, webinar, "", "competitor_or_student", "competitor_or_student", "missing_data", "wrong_territory")
    Handoff.objects.filter(status="open").delete()
    waiting = make_handoff(to=north, lead=make_mql(campaign=webinar))
    Handoff.objects.filter(pk=waiting.pk).update(waiting_since=timezone.now() - timedelta(days=3))

    page = client_for(mia).get(f"/campaigns/{webinar.pk}/")

    assert page.context["says"].lines == [
        "Accepted 1 of 4 (likely 5–70 %).",
        "Main reason: not a fit, competitor or student (2).",
        "Answers took 2 h at the median; 1 waits now, for Team North (3 d).",
    ]
    assert [(bar["label"], bar["note"], bar["count"]) for bar in page.context["says"].reasons] == [
        ("Competitor or student", "Not a fit", 2),
        ("Wrong territory", "Not mine", 1),
        ("Important data is missing", "Bad data", 1),
    ]


def test_a_reason_leads_to_its_verdicts_with_comments(client_for, mia, rob, webinar):
    answered(rob, webinar, "company_size", "missing_data", "")
    why = reason("company_size")

    page = client_for(mia).get(f"/campaigns/{webinar.pk}/?reason={why.pk}")

    assert [handoff.reason for handoff in page.context["says"].answers] == [why]
    assert "Says Rob: company_size" in page.content.decode()
    assert "Says Rob: missing_data" not in page.content.decode()


def test_a_new_campaign_shows_three_steps_and_no_rate(client_for, mia, webinar):
    page = client_for(mia).get(f"/campaigns/{webinar.pk}/")

    assert [(step["key"], step["done"]) for step in page.context["steps"]] == [
        ("spend", False),
        ("leads", False),
        ("sales", False),
    ]
    assert page.context["says"].lines == []
    assert "Sales has not seen these leads yet" in page.content.decode()


def test_ready_leads_leave_out_what_waits_for_repair(client_for, mia, rob, webinar):
    make_mql(campaign=webinar)
    answered(rob, webinar, "missing_data")

    page = client_for(mia).get(f"/campaigns/{webinar.pk}/")

    assert page.context["ready"] == 1
    assert "Hand 1 ready lead to sales" in page.content.decode()


def test_bulk_handoff_hands_over_and_names_what_had_moved(client_for, mia, rob, north, webinar):
    stays, moves = make_mql(campaign=webinar), make_mql(campaign=webinar, first_name="Ada", last_name="Lovelace")
    client = client_for(mia)
    form = client.get(f"/campaigns/{webinar.pk}/handoffs/").context["form"]
    move_lead(moves, Stage.NURTURE, by=mia, at=MONDAY + DAY)

    answer = client.post(
        f"/campaigns/{webinar.pk}/handoffs/",
        {"leads": form["leads"].value(), "recipient": f"team:{north.pk}", "promised": "A call"},
        follow=True,
    )

    [told] = [str(message) for message in answer.context["messages"]]
    assert told == (
        "1 lead handed to Team North. "
        "1 had moved: Ada Lovelace (Mia moved this lead to “In nurture” on 03 Mar at 09:00)."
    )
    assert list(Handoff.objects.values_list("lead", "to_team", "promised")) == [(stays.pk, north.pk, "A call")]


def test_bulk_handoff_takes_only_leads_of_the_campaign(client_for, mia, rob, webinar):
    foreign = make_mql(campaign=make_campaign("Other"))

    client_for(mia).post(
        f"/campaigns/{webinar.pk}/handoffs/", {"leads": str(foreign.pk), "recipient": f"user:{rob.pk}"}
    )

    assert not Handoff.objects.exists()


@pytest.mark.parametrize("recipient", ["", "team:999999", "user:x", "nonsense"])
def test_bulk_handoff_without_a_recipient_asks_again(client_for, mia, north, webinar, recipient):
    lead = make_mql(campaign=webinar)

    answer = client_for(mia).post(f"/campaigns/{webinar.pk}/handoffs/", {"leads": lead.pk, "recipient": recipient})

    assert answer.status_code == 422
    assert "Choose a team or a rep." in answer.content.decode()


def test_handing_over_is_for_marketing_and_managers(client_for, rob, webinar):
    make_mql(campaign=webinar)

    page = client_for(rob).get(f"/campaigns/{webinar.pk}/")

    assert "ready lead" not in page.content.decode()
    assert client_for(rob).get(f"/campaigns/{webinar.pk}/handoffs/").status_code == 403


def test_spend_is_logged_in_the_campaigns_currency_and_told(client_for, mia, webinar):
    url, row = f"/campaigns/{webinar.pk}/spends/", {"on": "2026-03-02", "amount": "120.50", "note": "Ads"}

    answer = client_for(mia).post(url, row)

    assert answer.url == f"/campaigns/{webinar.pk}/?logged=1"
    spend = Spend.objects.get()
    assert (spend.amount, spend.currency, spend.note, spend.by) == (Decimal("120.50"), "EUR", "Ads", mia)
    assert Change.objects.filter(topic="spend", object_id=spend.pk).exists()


def test_spend_sent_twice_is_logged_once(client_for, mia, webinar):
    client, row = client_for(mia), {"on": "2026-03-02", "amount": "5", "idempotency_key": "once"}

    for _click in range(2):
        client.post(f"/campaigns/{webinar.pk}/spends/", row)

    assert Spend.objects.count() == 1


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"on": "2026-03-02", "amount": "-1"}, "greater than or equal to 0"),
        ({"on": "2026-03-02", "amount": "much"}, "Enter a number"),
        ({"on": "2026-02-30", "amount": "1"}, "Enter a valid date"),
        ({"on": "2999-01-01", "amount": "1"}, "has not come yet"),
    ],
)
def test_wrong_spend_is_answered_on_the_page(client_for, mia, webinar, row, says):
    answer = client_for(mia).post(f"/campaigns/{webinar.pk}/spends/", row)

    assert (answer.status_code, Spend.objects.count()) == (422, 0)
    assert says in answer.content.decode()


def test_spend_is_corrected_and_taken_out(client_for, mia, webinar):
    spend, client = make_spend(webinar, "10.00"), client_for(mia)
    url = f"/campaigns/{webinar.pk}/spends/{spend.pk}/"

    client.post(url, {"on": "2026-03-02", "amount": "12.00"})
    assert Spend.objects.get().amount == Decimal("12.00")

    client.post(f"{url}removal/")
    assert not Spend.objects.exists()


def test_spend_is_for_the_owner_and_marketing_managers(client_for, rob, marketing, webinar):
    spend = make_spend(webinar)
    people = {
        "other marketer": make_user("mo", role=Role.MARKETER),
        "rep": rob,
        "sales manager": make_user("max", role=Role.MANAGER, team=rob.team),
        "marketing manager": make_user("mona", role=Role.MANAGER, team=marketing),
        "admin": make_user("ann", role=Role.ADMIN),
    }
    row = {"on": "2026-03-02", "amount": "1"}

    def tried(person: Any) -> tuple[int, ...]:
        client = client_for(person)
        return (
            client.post(f"/campaigns/{webinar.pk}/spends/", row).status_code,
            client.post(f"/campaigns/{webinar.pk}/spends/{spend.pk}/", row).status_code,
        )

    assert {who: tried(person) for who, person in people.items()} == {
        "other marketer": (403, 403),
        "rep": (403, 403),
        "sales manager": (403, 403),
        "marketing manager": (302, 302),
        "admin": (302, 302),
    }


def test_spend_of_another_campaign_is_not_found(client_for, mia, webinar):
    foreign = make_spend(make_campaign("Other", owner=mia))

    assert client_for(mia).post(f"/campaigns/{webinar.pk}/spends/{foreign.pk}/removal/").status_code == 404


def test_spend_in_another_currency_is_told_apart(client_for, mia, webinar):
    make_spend(webinar, "100.00")
    make_spend(webinar, "70.00", currency="USD")

    page = client_for(mia).get(f"/campaigns/{webinar.pk}/")

    assert (page.context["spent"], page.context["spent_elsewhere"]) == (Decimal(100), [("USD", Decimal(70))])


def test_campaign_costs_the_same_with_one_and_fifty_leads(client_for, django_assert_max_num_queries, mia, rob, webinar):
    def make(count: int) -> None:
        for _number in range(count):
            answered(rob, webinar, "", "missing_data")
            make_spend(webinar, by=mia)
            make_mql(campaign=webinar, owner=rob)

    make(1)
    client = client_for(mia)
    client.get(f"/campaigns/{webinar.pk}/")
    with django_assert_max_num_queries(40) as few:
        client.get(f"/campaigns/{webinar.pk}/")
    make(20)
    with django_assert_max_num_queries(40) as many:
        client.get(f"/campaigns/{webinar.pk}/")

    assert len(many) == len(few)


def test_campaigns_list_shows_counts_and_spend_at_the_same_cost(client_for, django_assert_max_num_queries, mia):
    def make(count: int) -> None:
        for _number in range(count):
            campaign = make_campaign(owner=mia)
            make_spend(campaign, "50.00")
            make_mql(campaign=campaign)

    client = client_for(mia)
    make(1)
    count_figures()
    client.get("/campaigns/")
    with django_assert_max_num_queries(40) as few:
        page = client.get("/campaigns/")
    [row] = page.context["page"].rows
    assert (row.spent, row.counts) == (Decimal(50), dict(zip(CHAIN, (1, 1, 0, 0, 0), strict=True)))

    make(49)
    count_figures()
    with django_assert_max_num_queries(40) as many:
        page = client.get("/campaigns/")
    assert (len(page.context["page"].rows), len(many)) == (50, len(few))


def test_campaigns_list_by_status_and_owner(client_for, mia):
    mine = make_campaign("Mine", owner=mia)
    make_campaign("Planned", status="planned")
    make_campaign("Other")
    client = client_for(mia)

    def names(query: str) -> list[str]:
        return [row.name for row in client.get(f"/campaigns/{query}").context["page"].rows]

    assert (names("?owner=me"), names("?tab=planned"), names("?tab=ended")) == ([mine.name], ["Planned"], [])


def test_counts_by_campaign_are_the_funnel_reports(webinar):
    make_mql(campaign=webinar)
    make_lead()
    count_figures()

    assert counts_by_campaign(MONDAY.date()) == {webinar.pk: dict(zip(CHAIN, (1, 1, 0, 0, 0), strict=True))}
