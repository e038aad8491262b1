"""The page of a lead in a browser: by mouse, by keyboard and with one thumb."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from feedback.verdicts import accept_handoff
from leads.models import Lead, Opportunity
from tests.factories import HOUR, make_handoff, make_lead, make_mql

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lead(rob):
    """A lead of Acme that Rob took an hour ago."""
    at = timezone.now() - 2 * HOUR
    known = {"first_name": "Ada", "last_name": "Byrne", "company_name": "Acme", "phone": "+49 30 555"}
    return accept_handoff(make_handoff(to=rob, lead=make_mql(at=at, **known), at=at), by=rob, at=at + HOUR).lead


def now_in(page, stage):
    expect(page.locator(".stage-step.now")).to_contain_text(stage)


def test_by_keyboard_qualify_convert_and_undo(page_for, rob, lead):
    page = page_for(rob)
    page.goto(f"/leads/{lead.pk}/")
    expect(page.locator(".record-verbs .btn-primary")).to_contain_text("Log call")

    page.keyboard.press("q")
    panel = page.locator("#panel")
    panel.get_by_label("What do they need?").fill("Twelve cargo bikes")
    panel.get_by_label("Budget").fill("30,000")
    panel.get_by_role("button", name="Qualify").press("Enter")
    now_in(page, "Qualified")
    expect(page.locator(".record .rail")).to_contain_text("What they need")
    expect(page.locator(".record .rail")).to_contain_text("Twelve cargo bikes")

    page.keyboard.press("v")
    panel.get_by_label("Amount").fill("12000")
    expect(panel).to_contain_text("0 touchpoints and 0 calls")
    page.keyboard.press("Enter")
    now_in(page, "Opportunity")
    page.keyboard.press("z")
    now_in(page, "Qualified")
    assert Opportunity.objects.count() == 0


def test_by_mouse_convert_and_undo_from_the_opportunity(page_for, rob, lead):
    page = page_for(rob)
    page.goto(f"/leads/{lead.pk}/")
    page.locator(".record-verbs summary").click()
    page.get_by_role("link", name=re.compile("^Convert")).click()
    page.locator("#panel").get_by_role("button", name="Convert").click()
    page.get_by_role("link", name=re.compile("^Open opportunity")).click()
    page.wait_for_url("**/opportunities/*/")
    expect(page.locator("#timeline")).to_contain_text("Converted")

    page.locator(".record-verbs summary").click()
    page.get_by_role("button", name=re.compile("^Undo the conversion")).click()
    page.wait_for_url(f"**/leads/{lead.pk}/")
    now_in(page, "Accepted")


def test_return_to_marketing_asks_why_and_until_when(page_for, rob, lead):
    page = page_for(rob)
    page.goto(f"/leads/{lead.pk}/")
    page.locator(".record-verbs summary").click()
    page.get_by_role("link", name=re.compile("^Return to marketing")).click()
    panel = page.locator("#panel")
    panel.get_by_label("Look again on").fill("2020-01-01")
    panel.get_by_label("Not now").check()
    panel.get_by_role("button", name="Return to marketing").click()
    expect(panel).to_contain_text("Choose a day that lies ahead.")
    panel.get_by_label("Look again on").fill("2099-01-01")
    panel.get_by_role("button", name="Return to marketing").click()
    now_in(page, "In nurture")
    expect(page.locator(".record-chips")).to_contain_text("Look again on 1 Jan 2099")


def test_a_rep_takes_on_a_lead_found_alone(page_for, rob):
    own = make_lead(owner=rob, team=rob.team, sourced_by="sales", phone="+49 30 1")
    page = page_for(rob)
    page.goto(f"/leads/{own.pk}/")
    page.get_by_role("button", name=re.compile("^Take it on")).click()
    now_in(page, "Accepted")
    expect(page.locator(".micro-state")).to_contain_text("not tried yet")


def test_with_one_thumb_the_number_to_call_is_near(page_for, rob, lead):
    page = page_for(rob)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/leads/{lead.pk}/")
    call = page.locator(".record-call")
    expect(call).to_have_attribute("href", "tel:+49 30 555")
    box, step, story = (page.locator(part).bounding_box() for part in (".record-call", "#next-step", "#timeline"))
    assert box["height"] >= 44
    assert box["y"] < step["y"] < story["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

    page.locator(".record-verbs summary").click()
    page.get_by_role("link", name=re.compile("^Qualify")).click()
    page.locator("#panel").get_by_label("What do they need?").fill("A call back")
    page.locator("#panel").get_by_role("button", name="Qualify").click()
    now_in(page, "Qualified")


def test_who_wants_no_calls_has_no_link_to_call(page_for, rob, lead):
    Lead.objects.filter(pk=lead.pk).update(do_not_call=True)
    page = page_for(rob)
    page.goto(f"/leads/{lead.pk}/")
    expect(page.locator(".contact-links")).to_contain_text("does not want to be called")
    expect(page.locator("a[href^='tel:']")).to_have_count(0)


def test_brackets_walk_the_list_one_came_from(page_for, mia):
    leads = [make_lead(first_name=name, last_name="Walk") for name in ("Ann", "Ben", "Cid")]
    page = page_for(mia)
    page.goto("/leads/?tab=all")
    page.get_by_role("link", name="Ben Walk").click()
    page.wait_for_url(f"**/leads/{leads[1].pk}/")
    expect(page.locator(".record-walk")).to_contain_text("2 of 3")
    page.keyboard.press("]")
    page.wait_for_url(f"**/leads/{leads[0].pk}/")
    page.keyboard.press("[")
    page.wait_for_url(f"**/leads/{leads[1].pk}/")


def test_what_is_logged_shows_at_once_and_what_is_typed_stays(page_for, rob, lead):
    page = page_for(rob)
    page.goto(f"/leads/{lead.pk}/")
    page.keyboard.press("n")
    page.locator("form[data-tab=note] textarea").fill("Half a thought")
    page.keyboard.press("Escape")
    page.locator(".record-verbs .btn-primary").click()
    page.locator("form[data-tab=call]").get_by_text("No answer").click()
    page.locator("form[data-tab=call]").get_by_role("button", name="Log call").click()
    expect(page.locator("#timeline")).to_contain_text("Called, no answer")
    expect(page.locator(".micro-state")).to_contain_text("attempting · 1 attempt")
    expect(page.locator("form[data-tab=note] textarea")).to_have_value("Half a thought")


def test_the_form_of_a_verb_opened_as_its_own_page_leads_back_to_the_lead(page_for, rob, lead):
    page = page_for(rob)
    page.goto(f"/leads/{lead.pk}/move/?to=qualified")
    page.get_by_label("What do they need?").fill("Twelve cargo bikes")
    page.locator("#main").get_by_role("button", name="Qualify").click()
    page.wait_for_url(f"**/leads/{lead.pk}/**")
    now_in(page, "Qualified")


def test_a_rejection_opened_as_its_own_page_leads_back_to_the_lead(page_for, rob):
    waiting = make_handoff(to=rob, at=timezone.now() - HOUR)
    page = page_for(rob)
    page.goto(f"/leads/{waiting.lead_id}/rejection/?handoff={waiting.pk}")
    page.keyboard.press("1")
    page.keyboard.press("1")
    page.get_by_role("button", name="Send rejection").click()
    page.wait_for_url(f"**/leads/{waiting.lead_id}/**")
    expect(page.get_by_role("status")).to_contain_text("Rejected")
