"""A stranger fills in a form, by mouse and by keyboard, wide and on a phone; the marketer sees the lead."""

import pytest
from playwright.sync_api import expect

from leads.models import CaptureForm, Lead, Submission, Touch
from tests.factories import make_campaign, make_lead
from tests.processes import wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]
# Nobody fills in the form faster than that.
READING = 2_100


@pytest.fixture
def form(mia):
    return CaptureForm.objects.create(
        key="demo", name="Ask for a demo", owner=mia, campaign=make_campaign("Autumn fair"),
        consent="We use your data to answer you.", thanks="We call you tomorrow.",
    )  # fmt: skip


@pytest.mark.parametrize("width", [1440, 390])
def test_a_stranger_fills_in_the_form_and_the_lead_appears(new_page, page_for, mia, form, worker, width):
    stranger = new_page()
    stranger.set_viewport_size({"width": width, "height": 900 if width > 1000 else 844})
    stranger.goto("/capture/demo/?utm_source=fair")
    stranger.get_by_label("First name").fill("Ada")
    stranger.get_by_label("Last name").fill("Lovelace")
    stranger.get_by_label("E-mail").fill("ada")
    stranger.get_by_text("Please contact me").click()
    stranger.wait_for_timeout(READING)
    stranger.evaluate("document.querySelector('form').noValidate = true")
    stranger.get_by_role("button", name="Send").click()
    expect(stranger.get_by_text("Enter a valid email address.")).to_be_visible()
    assert stranger.get_by_label("Please contact me").is_checked()

    stranger.get_by_label("E-mail").fill("ada@acme.test")
    stranger.wait_for_timeout(READING)
    stranger.get_by_role("button", name="Send").click()
    expect(stranger.get_by_text("We call you tomorrow.")).to_be_visible()
    assert stranger.evaluate("document.documentElement.scrollWidth") <= width
    assert stranger.context.cookies() == []

    wait_for(lambda: Lead.objects.filter(email="ada@acme.test").exists(), seconds=30)
    assert Touch.objects.values_list("raised_hand", "utm").get() == (True, {"source": "fair"})
    marketer = page_for(mia)
    marketer.goto(f"/capture-forms/{form.pk}/")
    expect(marketer.get_by_role("link", name="Ada Lovelace")).to_be_visible()
    marketer.get_by_role("link", name="What was sent").first.click()
    expect(marketer.locator("#panel-body .raw-payload")).to_contain_text("ada@acme.test")


def test_by_keyboard_alone(new_page, form):
    page = new_page()
    page.goto("/capture/demo/")
    page.get_by_label("First name").focus()
    page.keyboard.type("Ada")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("ada@acme.test")
    page.wait_for_timeout(READING)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    sent = Submission.objects.get()
    assert (sent.status, sent.payload["email"], "homepage" in sent.payload) == ("received", "ada@acme.test", False)


def test_somebody_known_is_shown_while_typing_and_added_to(page_for, mia):
    known = make_lead(first_name="Ada", last_name="Lovelace", email="ada@acme.test", company_name="Acme")
    page = page_for(mia)
    page.goto("/leads/new/")
    page.get_by_label("E-mail").fill("ADA@acme.test")
    page.get_by_label("Phone").fill("030 1234567")
    expect(page.get_by_text("You may know this person already")).to_be_visible()
    page.get_by_role("button", name="Add to it").click()
    expect(page).to_have_url(f"{page.url.partition('/leads/')[0]}/leads/{known.pk}/")
    known.refresh_from_db()
    assert (known.phone, Lead.objects.count()) == ("030 1234567", 1)


def test_enter_in_a_field_never_adds_to_somebody_else(page_for, mia):
    make_lead(email="ada@acme.test")
    page = page_for(mia)
    page.goto("/leads/new/")
    page.get_by_label("Last name").fill("Countess")
    page.get_by_label("E-mail").fill("ada@acme.test")
    page.get_by_label("Phone").click()
    expect(page.get_by_role("button", name="Add to it")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Create anyway")).to_be_visible()
    assert not Touch.objects.exists()
    page.get_by_role("button", name="Create anyway").click()
    expect(page.get_by_role("heading", name="Countess")).to_be_visible()
    assert Lead.objects.count() == 2
