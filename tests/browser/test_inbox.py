"""The inbox in a browser: keys, live rows, a question that is not disturbed; fields edited in place."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from feedback.models import Handoff
from tests.factories import HOUR, make_handoff, make_lead, make_mql

pytestmark = pytest.mark.django_db(transaction=True)


def waiting_for(rep, name, hours=1):
    at = timezone.now() - hours * HOUR
    return make_handoff(to=rep, at=at, lead=make_mql(at=at, last_name=name))


def test_keys_walk_the_list_and_stay_out_of_fields(page_for, rob):
    first, second = waiting_for(rob, "Byrne", 3), waiting_for(rob, "Cole", 2)
    page = page_for(rob)
    page.goto("/inbox/")
    card = page.locator("#inbox-card")
    expect(card).to_have_attribute("data-handoff", str(first.pk))

    page.keyboard.press("j")
    expect(card).to_have_attribute("data-handoff", str(second.pk))
    expect(page).to_have_url(f"{page.url.split('?')[0]}?open={second.pk}")
    page.keyboard.press("k")
    expect(card).to_have_attribute("data-handoff", str(first.pk))

    # "Other" needs words, and the letters typed are words, not keys.
    for key in ("r", "4", "4", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_label("Comment for marketing")).to_be_focused()
    page.keyboard.type("a jar of z and 3")
    expect(page.get_by_label("Comment for marketing")).to_have_value("a jar of z and 3")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Comment for marketing")).to_be_hidden()
    assert set(Handoff.objects.values_list("status", flat=True)) == {"open"}

    page.keyboard.press("?")
    expect(page.locator("#key-sheet")).to_contain_text("Accept")


def test_a_new_hand_off_appears_while_a_rejection_is_being_written(page_for, rob):
    waiting_for(rob, "Byrne", 3)
    page = page_for(rob)
    page.goto("/inbox/")
    page.evaluate("document.querySelector('#inbox-list').dataset.liveSeconds = '1'")
    for key in ("r", "2", "1"):
        page.keyboard.press(key)
    page.keyboard.type("No phone")

    waiting_for(rob, "Cole", 1)

    expect(page.locator("#inbox-list")).to_contain_text("Cole", timeout=15_000)
    expect(page.get_by_label("Comment for marketing")).to_have_value("No phone")
    expect(page.get_by_label("Comment for marketing")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("back with marketing for repair")
    expect(page.locator("#inbox-card h2")).to_contain_text("Cole")


def test_a_field_is_edited_where_it_stands(page_for, mia):
    lead = make_lead(at=timezone.now() - HOUR, phone="123")
    page = page_for(mia)
    page.goto(f"/leads/{lead.pk}/")
    phone = page.locator("#field-phone")

    phone.get_by_role("link").click()
    expect(phone.get_by_role("textbox")).to_be_focused()
    page.keyboard.type("999")
    page.keyboard.press("Escape")
    expect(phone).to_contain_text("123")
    phone.get_by_role("link").click()
    expect(phone.get_by_role("textbox")).to_be_focused()
    page.keyboard.type("+49 30")
    # htmx may settle after the first keys: they must not be selected and typed over.
    detail = "{elt: document.activeElement.closest('dd')}"
    page.evaluate(f"document.dispatchEvent(new CustomEvent('htmx:afterSettle', {{detail: {detail}}}))")
    page.keyboard.type(" 555")
    page.keyboard.press("Enter")

    expect(phone).to_contain_text("+49 30 555")
    expect(phone.get_by_role("link")).to_be_focused()
    expect(page.locator(".record-head")).to_contain_text("+49 30 555")
    expect(page.locator("#timeline")).to_contain_text("Phone changed by Mia")


def test_the_inbox_fits_a_phone(page_for, rob):
    waiting_for(rob, "Byrne", 3)
    page = page_for(rob)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/inbox/")
    for name in ("Accept", "Reject"):
        button = page.locator(f"[data-key={name[0].lower()}]")
        box = button.bounding_box()
        assert box["height"] >= 44
        assert box["y"] + box["height"] <= 844
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("link", name="1 waiting").click()
    expect(page.locator("#inbox-list")).to_be_visible()
    page.locator(".inbox-row").click()
    expect(page.locator("#inbox-card")).to_be_visible()
    expect(page.locator("#inbox-list")).to_be_hidden()
