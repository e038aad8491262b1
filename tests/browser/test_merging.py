"""Merging two leads in a browser: by mouse and by keyboard, and back."""

import re

import pytest
from playwright.sync_api import expect

from leads.models import Lead, Merge
from tests.factories import DAY, MONDAY, make_lead, make_mql

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def twins():
    """Ada, an MQL, and Ada again, who filled in another form a day later."""
    first = make_mql(first_name="Ada", last_name="Byrne", email="ada@acme.test", phone="+49 30 555")
    second = make_lead(
        at=MONDAY + DAY, first_name="Ada", last_name="Byrne-Lee", email="ada@acme.test", phone="+49 30 777"
    )
    return first, second


def test_by_mouse_from_the_warning_on_the_page_and_undo(page_for, mia, twins):
    first, second = twins
    page = page_for(mia)
    page.goto(f"/leads/{first.pk}/")

    page.get_by_role("link", name="Compare").click()
    panel = page.locator("#panel")
    expect(panel.get_by_role("radio", name=re.compile("Ada Byrne MQL"))).to_be_checked()
    panel.get_by_label("+49 30 777").check()
    panel.get_by_role("button", name="Merge").click()

    expect(page.locator(".lead-includes")).to_contain_text("Includes Ada Byrne-Lee")
    expect(page.locator(".record-head")).to_contain_text("+49 30 777")
    page.locator("[data-undo]").click()
    expect(page.locator(".lead-includes")).to_have_count(0)
    expect(page.locator(".record-head")).to_contain_text("+49 30 555")
    assert Merge.objects.get().undone_by == mia
    assert Lead.objects.get(pk=second.pk).merged_into is None


def test_by_keyboard_from_the_menu_with_a_search(page_for, mia, twins):
    first, second = twins
    Lead.objects.filter(pk=second.pk).update(email="other@acme.test")
    page = page_for(mia)
    page.goto(f"/leads/{second.pk}/")

    page.locator(".record-verbs summary").press("Enter")
    page.get_by_role("link", name=re.compile("^Merge with another lead")).press("Enter")
    panel = page.locator("#panel")
    search = panel.get_by_label("Find the other lead")
    expect(search).to_be_focused()
    page.keyboard.type("byrne")
    panel.get_by_role("link", name="Ada Byrne", exact=True).press("Enter")
    # Another lead may stay than the one that is proposed, and every answer by the arrow keys.
    panel.get_by_role("radio", name=re.compile("Ada Byrne-Lee Inquiry")).press("Space")
    page.keyboard.press("Enter")

    page.wait_for_url(f"**/leads/{second.pk}/")
    expect(page.locator(".lead-includes")).to_contain_text("Includes Ada Byrne")
    page.goto(f"/leads/{first.pk}/")
    expect(page.locator(".record-note")).to_contain_text("This is Ada Byrne")
