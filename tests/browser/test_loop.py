"""The whole loop in a browser, from the keyboard: campaign to hand-off, verdict, opportunity, won."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from leads.models import Lead, Opportunity
from tests.factories import HOUR, make_campaign, make_handoff, make_lead, make_mql

pytestmark = pytest.mark.django_db(transaction=True)


def hour_ago():
    return timezone.now() - HOUR


def undo(page):
    """Z takes the verdict back; keys count at once, as fast as anybody types."""
    page.keyboard.press("z")
    expect(page.locator("#inbox-list")).to_contain_text("Ada Byrne")


def test_a_lead_goes_once_round_from_marketing_to_a_won_deal(page_for, mia, rob):
    lead = make_lead(at=hour_ago(), first_name="Ada", last_name="Byrne", company_name="Acme", campaign=make_campaign())
    marketing, sales = page_for(mia), page_for(rob)

    # Mia marks the lead as MQL and hands it to Rob.
    marketing.goto(f"/leads/{lead.pk}/")
    marketing.keyboard.press("f")
    expect(marketing.get_by_role("status")).to_contain_text("is now “MQL”")
    marketing.keyboard.press("h")
    panel = marketing.locator("#panel")
    panel.get_by_label("To", exact=True).select_option(f"user:{rob.pk}")
    panel.get_by_label("Promised to the buyer").fill("A price before Friday")
    panel.get_by_role("button", name="Hand to sales").click()
    expect(marketing.get_by_label("Waiting for sales")).to_contain_text("Waiting for Rob")
    expect(panel).to_be_hidden()

    # Rob accepts in his inbox, undoes, and rejects: not a fit, first reason.
    sales.goto("/inbox/")
    expect(sales.locator("#inbox-card")).to_contain_text("A price before Friday")
    sales.keyboard.press("a")
    expect(sales.locator("#inbox-told")).to_contain_text("Ada Byrne is yours")
    expect(sales.locator("#inbox-card")).to_contain_text("Nothing waits.")
    undo(sales)
    expect(sales.get_by_role("button", name="Accept")).to_be_visible()
    sales.keyboard.press("r")
    sales.keyboard.press("3")
    sales.keyboard.press("1")
    sales.keyboard.type("Two people, one bike")
    sales.keyboard.press("Enter")
    expect(sales.locator("#inbox-card")).to_contain_text("Nothing waits.")

    # Mia sees who said what; Rob takes it back and accepts after all.
    marketing.goto(f"/leads/{lead.pk}/")
    said = marketing.get_by_label("What sales said")
    expect(said).to_contain_text("Rob rejected this: Not a fit, company too small or too large")
    expect(said).to_contain_text("Two people, one bike")
    undo(sales)
    sales.keyboard.press("a")
    expect(sales.locator("#inbox-told")).to_contain_text("Ada Byrne is yours")
    sales.keyboard.press("o")

    # Rob qualifies and converts, with a nervous second click.
    sales.wait_for_url(f"**/leads/{lead.pk}/")
    sales.keyboard.press("q")
    sales.locator("#panel").get_by_label("Need").fill("Twelve cargo bikes")
    sales.locator("#panel").get_by_role("button", name="Qualify").click()
    expect(sales.locator(".stage-step.now")).to_contain_text("Qualified")
    sales.keyboard.press("v")
    sales.locator("#panel").get_by_label("Amount").fill("12000")
    sales.locator("#panel").get_by_role("button", name="Convert").dblclick()
    expect(sales.locator(".stage-step.now")).to_contain_text("Opportunity")
    assert list(Opportunity.objects.values_list("name", "amount")) == [("Acme", 12000)]
    sales.keyboard.press("z")
    expect(sales.locator(".stage-step.now")).to_contain_text("Qualified")
    assert Opportunity.objects.count() == 0
    sales.keyboard.press("v")
    sales.locator("#panel").get_by_label("Amount").fill("12000")
    sales.keyboard.press("Enter")
    expect(sales.locator(".stage-step.now")).to_contain_text("Opportunity")

    # The opportunity goes through a stage and is won.
    sales.keyboard.press("o")
    sales.wait_for_url("**/opportunities/*/")
    sales.get_by_role("button", name=re.compile("Solution")).first.click()
    expect(sales.get_by_role("status")).to_contain_text("Solution")
    sales.keyboard.press("w")
    expect(sales.get_by_role("status")).to_contain_text("is won")

    moves = (
        Lead.objects.get(pk=lead.pk).transitions.effective().order_by("seq").values_list("to_stage", "by__first_name")
    )
    assert list(moves) == [
        ("inquiry", None), ("mql", "Mia"), ("offered", "Mia"), ("accepted", "Rob"), ("qualified", "Rob"),
        ("opportunity", "Rob"), ("customer", "Rob"),
    ]  # fmt: skip


def test_of_two_reps_one_wins_and_the_other_is_told(page_for, north, rob, rosa):
    at = hour_ago()
    first = make_handoff(to=north, at=at, lead=make_mql(at=at, last_name="Byrne"))
    second = make_handoff(to=north, at=at, lead=make_mql(at=at, last_name="Cole"))
    robs, rosas = page_for(rob), page_for(rosa)
    robs.goto(f"/inbox/?open={first.pk}")
    rosas.goto(f"/inbox/?open={first.pk}")
    # Rosa's list stays as it is until she acts.
    rosas.evaluate("document.querySelector('#inbox-list').removeAttribute('data-live')")

    robs.keyboard.press("a")
    expect(robs.locator("#inbox-told")).to_contain_text("Byrne is yours")
    rosas.keyboard.press("a")

    expect(rosas.get_by_role("status")).to_contain_text("Rob accepted this at")
    expect(rosas.locator("#inbox-card")).to_have_attribute("data-handoff", str(second.pk))
    assert list(first.lead.transitions.values_list("to_stage", flat=True)) == ["inquiry", "mql", "offered", "accepted"]


def test_a_slow_double_click_answers_one_hand_off_only(page_for, rob):
    at = hour_ago()
    for name in ("Byrne", "Cole"):
        make_handoff(to=rob, at=at, lead=make_mql(at=at, last_name=name))
    page = page_for(rob)
    page.goto("/inbox/")
    accept = page.get_by_role("button", name="Accept")
    page.evaluate("performance.now = () => 1000")
    accept.click()
    expect(page.locator("#inbox-told")).to_contain_text("Byrne is yours")
    accept.click()
    expect(page.locator("#inbox-list [data-row]")).to_have_count(1)
    expect(page.locator("#inbox-card h2")).to_contain_text("Cole")

    page.evaluate("performance.now = () => 9000")
    accept.click()
    expect(page.locator("#inbox-told")).to_contain_text("Cole is yours")


def test_of_two_people_on_a_leads_page_the_second_sees_who_moved_it(page_for, mia, mona):
    lead = make_lead(at=hour_ago())
    mias, monas = page_for(mia), page_for(mona)
    for page in (mias, monas):
        page.goto(f"/leads/{lead.pk}/")

    monas.keyboard.press("f")
    expect(monas.get_by_role("link", name="Hand to sales")).to_be_visible()
    mias.keyboard.press("f")

    expect(mias.locator(".record-note")).to_contain_text("Mona moved this lead to “MQL”")
    expect(mias.get_by_role("link", name="Hand to sales")).to_be_visible()
    assert lead.transitions.count() == 2
