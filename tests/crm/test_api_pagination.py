from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.models import User
from leads.lifecycle import Stage
from leads.models import Company, Contact, Import, Lead, LeadScore, Opportunity, Touch
from leads.transitions import move_lead
from tests.api import Caller, all_pages
from tests.factories import (
    HOUR,
    MONDAY,
    make_campaign,
    make_handoff,
    make_lead,
    make_mql,
    make_opportunity,
    make_spend,
)


@pytest.fixture
def calls(mia):
    return Caller(mia)


def make_companies(amounts):
    """Companies of these sizes; several share one, some have none."""
    return [Company.objects.create(name=f"Company {number}", employees=size).pk for number, size in enumerate(amounts)]


def test_a_page_has_fifty_rows_newest_first_and_addresses_of_its_neighbours(calls):
    ids = make_companies([None] * 120)[::-1]

    first = calls.get("companies/").json()
    assert ([row["id"] for row in first["results"]], first["previous"]) == (ids[:50], None)
    second = calls.client.get(first["next"]).json()
    assert [row["id"] for row in second["results"]] == ids[50:100]
    third = calls.client.get(second["next"]).json()
    assert ([row["id"] for row in third["results"]], third["next"]) == (ids[100:], None)
    back = calls.client.get(third["previous"]).json()
    assert (back["results"], calls.client.get(back["previous"]).json()["results"]) == (
        second["results"],
        first["results"],
    )
    assert calls.client.get(back["previous"]).json()["previous"] is None


def test_an_empty_list_has_no_neighbours(calls):
    assert calls.get("companies/").json() == {"next": None, "previous": None, "results": []}


@pytest.mark.parametrize("size", [1, 3, 7, 200])
@pytest.mark.parametrize(
    "ordering", ["employees", "-employees", "employees,name", "-employees,-id", "name", "-id", "id"]
)
def test_every_row_is_met_once_in_either_direction_ties_and_gaps_included(calls, ordering, size):
    make_companies([5, None, 5, 3, None, 5, 8, 3, None, 5])
    wanted = [row["id"] for row in calls.get("companies/", ordering=ordering).json()["results"]]

    assert [row["id"] for row in all_pages(calls, "companies/", ordering=ordering, page_size=size)] == wanted
    sizes = [row["employees"] for row in all_pages(calls, "companies/", ordering=ordering, page_size=size)]
    if "employees" in ordering:
        assert sizes[-3:] == [None] * 3, "what has no value comes last"
    backwards, answer = [], calls.get("companies/", ordering=ordering, page_size=size).json()
    while answer["next"]:
        answer = calls.client.get(answer["next"]).json()
    while answer:
        backwards = [row["id"] for row in answer["results"]] + backwards
        answer = calls.client.get(answer["previous"]).json() if answer["previous"] else None
    assert backwards == wanted


def test_moments_are_told_apart_to_the_microsecond(calls):
    for microseconds in (3, 1, 2, 5, 4):
        make_lead(at=MONDAY + timedelta(microseconds=microseconds))
    rows = all_pages(calls, "leads/", ordering="captured_at", page_size=1)
    assert [row["captured_at"][-4:] for row in rows] == ["001Z", "002Z", "003Z", "004Z", "005Z"]


def test_leads_by_score_with_unscored_ones_last(calls):
    leads = [make_lead() for _ in range(4)]
    for lead, score in zip(leads, (20, 70, None, 20), strict=True):
        if score is not None:
            LeadScore.objects.create(lead=lead, shown=score, scored_at=MONDAY)
    rows = all_pages(calls, "leads/", ordering="-score", page_size=1)
    assert [row["score"] for row in rows] == [70, 20, 20, 0]


def test_a_row_that_comes_meanwhile_moves_no_other_to_the_next_page(calls):
    ids = make_companies([None] * 4)[::-1]
    first = calls.get("companies/", page_size=2).json()
    make_companies([None])
    assert [row["id"] for row in calls.client.get(first["next"]).json()["results"]] == ids[2:]


@pytest.mark.parametrize(
    "cursor", ["x", "e30", "W10", "WzEsMiwzXQ", "ä", "W1siLWlkIl0sWyJ4Il0sZmFsc2Vd", "/" * 500, "bnVsbA"]
)
def test_a_cursor_that_was_never_given_out_is_400(calls, cursor):
    answer = calls.get("companies/", cursor=cursor)
    assert (answer.status_code, answer.json()["parameter"]) == (400, "cursor")


def test_a_cursor_of_another_order_is_400(calls):
    make_companies([1, 2, 3])
    following = calls.get("companies/", page_size=1).json()["next"]
    assert calls.client.get(following + "&ordering=name").status_code == 400


def test_a_page_has_at_most_two_hundred_rows(calls):
    make_companies([None] * 201)
    assert len(calls.get("companies/", page_size=1000).json()["results"]) == 200


def test_the_neighbours_keep_filters_and_order(calls):
    make_companies([1, 2, 3])
    Company.objects.update(country="BR")
    following = calls.get("companies/", page_size=1, ordering="name", country="BR").json()["next"]
    assert [part in following for part in ("page_size=1", "ordering=name", "country=BR", "cursor=")] == [True] * 4


# For each resource a maker of one row with everything a row can point at.
def one_spend(people, number):
    make_spend(make_campaign(owner=people["mia"]), by=people["mia"])


def one_touch(people, number):
    campaign = make_campaign()
    Touch.objects.create(lead=make_lead(), at=MONDAY, campaign=campaign, kind="click")


def one_handoff(people, number):
    make_handoff(to=people["rob"], by=people["mia"])


def one_lead(people, number):
    lead = make_mql(campaign=make_campaign(), owner=people["rob"], team=people["rob"].team)
    lead.company = Company.objects.create(name="Acme")
    lead.contact = Contact.objects.create(last_name="Lee", company=lead.company)
    lead.save()
    LeadScore.objects.create(lead=lead, shown=30, scored_at=MONDAY)


def one_opportunity(people, number):
    lead = make_lead()
    make_opportunity(
        lead=lead, company=Company.objects.create(name="Acme"), owner=people["rob"], team=people["rob"].team
    )


def one_transition(people, number):
    lead = make_lead(by=people["mia"])
    move_lead(lead, Stage.NURTURE, by=people["mia"], at=MONDAY + HOUR)


MAKERS = {
    "campaigns": lambda people, number: make_campaign(owner=people["mia"], parent=make_campaign()),
    "spends": one_spend,
    "touches": one_touch,
    "companies": lambda people, number: Company.objects.create(name="Acme"),
    "contacts": lambda people, number: Contact.objects.create(company=Company.objects.create(name="Acme")),
    "leads": one_lead,
    "transitions": one_transition,
    "opportunities": one_opportunity,
    "handoffs": one_handoff,
    "imports": lambda people, number: Import.objects.create(
        kind="leads", file_name="a.csv", path="/x", by=people["mia"]
    ),
    "users": lambda people, number: User.objects.create(first_name=f"Person {number}", team=people["rob"].team),
}


@pytest.mark.parametrize("resource", MAKERS)
def test_a_list_costs_the_same_few_queries_with_one_row_and_with_fifty(resource, calls, mia, rob):
    people = {"mia": mia, "rob": rob}
    counts = []
    for number in range(50):
        MAKERS[resource](people, number)
        if number in (0, 49):
            with CaptureQueriesContext(
                connection,
            ) as queries:
                answer = calls.get(f"{resource}/", page_size=200)
            assert len(answer.json()["results"]) > number
            counts.append(len(queries))
    # The token with its user, and the rows; campaigns also have their content, records with fields of one's own those
    # fields, opportunities people, and stages that say what stands still.
    expected = {"opportunities": 5, "campaigns": 3, "companies": 3, "leads": 3}.get(resource, 2)
    assert counts[1] == expected
    assert counts[0] - expected in (0, 1), "the first call also notes the day of use"


def test_filters_are_named_like_the_fields(calls, mia, rob):
    campaign = make_campaign()
    wanted = make_mql(campaign=campaign, owner=rob, source="fair", country="BR", external_id="7", source_system="olist")
    other = make_lead(source="web", email="Other@Example.com")
    for parameters in (
        {"stage": "mql"},
        {"stage": ["mql", "offered"]},
        {"owner": rob.pk},
        {"campaign": campaign.pk},
        {"source": "fair"},
        {"country": "BR"},
        {"source_system": "olist", "external_id": "7"},
        {"stage": "mql", "owner": rob.pk, "captured_at__gte": "2026-03-02", "captured_at__lt": "2026-03-03"},
    ):
        assert [row["id"] for row in calls.get("leads/", **parameters).json()["results"]] == [wanted.pk], parameters
    assert [row["id"] for row in calls.get("leads/", email="oTHER@example.COM").json()["results"]] == [other.pk]
    assert calls.get("leads/", side=["marketing", "sales"]).json()["results"][0]["id"] == other.pk
    assert calls.get("leads/", side="sales", owner=2**63 - 1).json()["results"] == []
    assert (Lead.objects.count(), Opportunity.objects.count()) == (2, 0)
