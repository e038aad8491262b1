"""A field edited where it stands: by mouse, by keyboard, on a phone, and by two people at once."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from leads.models import Contact, Lead
from leads.reasons import seed_reasons
from tests.factories import make_campaign, make_lead, make_team, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people() -> tuple[Any, Any]:
    seed_reasons()
    marketing = make_team("Marketing", kind="marketing")
    return make_user("mia", role="marketer", team=marketing), make_user("mona", role="manager", team=marketing)


def field(page: Page, name: str) -> Any:
    return page.locator(f"#field-{name}")


def test_keyboard_opens_saves_reverts_and_goes_on(page_for: Callable[[Any], Page], people: Any) -> None:
    mia, _mona = people
    lead = make_lead(first_name="Ada", last_name="Lovelace", title="CTO", phone="1", owner=mia)
    page = page_for(mia)
    page.goto(f"/leads/{lead.pk}/")

    value = field(page, "title").get_by_role("link")
    value.focus()
    page.keyboard.press("F2")
    expect(page.get_by_role("textbox", name="Job title", exact=True)).to_be_focused()
    page.keyboard.type("COO")
    page.keyboard.press("Escape")
    expect(value).to_have_text("CTO, edit Job title")

    value.press("Enter")
    expect(page.get_by_role("textbox", name="Job title", exact=True)).to_be_focused()
    page.keyboard.type("CEO")
    page.keyboard.press("Enter")
    expect(value).to_have_text("CEO, edit Job title")
    expect(value).to_be_focused()
    # The head says it, too, though nobody reloaded.
    expect(page.locator("#record-head")).to_contain_text("CEO")

    value.press("Enter")
    page.get_by_role("textbox", name="Job title", exact=True).fill("Founder")
    page.keyboard.press("Tab")
    expect(page.get_by_role("textbox", name="E-mail", exact=True)).to_be_focused()
    expect(field(page, "title")).to_contain_text("Founder")
    page.get_by_role("textbox", name="E-mail", exact=True).fill("not an address")
    page.keyboard.press("Enter")
    expect(field(page, "email")).to_contain_text("Enter a valid email address")
    expect(page.get_by_role("textbox", name="E-mail", exact=True)).to_have_value("not an address")
    page.keyboard.press("Escape")
    expect(field(page, "email")).to_contain_text(lead.email)
    assert Lead.objects.values_list("title", "email").get() == ("Founder", lead.email)


def test_two_edit_the_same_field_and_different_fields(page_for: Callable[[Any], Page], people: Any) -> None:
    mia, mona = people
    contact = Contact.objects.create(first_name="Ada", last_name="Lovelace", title="CTO", phone="1")
    hers, his = page_for(mia), page_for(mona)
    for page in (hers, his):
        page.goto(f"/contacts/{contact.pk}/")
        field(page, "phone").get_by_role("link").click()
        expect(page.get_by_role("textbox", name="Phone", exact=True)).to_be_focused()

    his.get_by_role("textbox", name="Phone", exact=True).fill("777")
    his.keyboard.press("Enter")
    expect(field(his, "phone")).to_contain_text("777")
    field(his, "title").get_by_role("link").click()
    his.get_by_role("textbox", name="Job title", exact=True).fill("CEO")
    his.keyboard.press("Enter")
    expect(field(his, "title")).to_contain_text("CEO")

    hers.get_by_role("textbox", name="Phone", exact=True).fill("888")
    hers.keyboard.press("Enter")
    conflict = field(hers, "phone").get_by_role("alert")
    expect(conflict).to_contain_text("Mona changed this")
    expect(conflict).to_contain_text("777")
    expect(conflict).to_contain_text("888")
    hers.get_by_role("link", name="Take theirs").click()
    expect(field(hers, "phone").get_by_role("link")).to_have_text("777, edit Phone")

    field(hers, "phone").get_by_role("link").click()
    hers.get_by_role("textbox", name="Phone", exact=True).fill("999")
    Contact.objects.update(phone="555")
    hers.keyboard.press("Enter")
    hers.get_by_role("button", name="Keep mine").click()
    expect(field(hers, "phone").get_by_role("link")).to_have_text("999, edit Phone")
    assert Contact.objects.values_list("phone", "title").get() == ("999", "CEO")


def test_a_campaign_is_picked_by_typing_at_390_px(page_for: Callable[[Any], Page], people: Any) -> None:
    mia, _mona = people
    spring = make_campaign("Spring webinar <b>")
    make_campaign("Autumn fair")
    lead = make_lead(owner=mia)
    page = page_for(mia)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"/leads/{lead.pk}/")
    page.locator("#fields summary").click()
    field(page, "campaign").get_by_role("link").click()
    box = page.get_by_role("combobox", name="Campaign")
    expect(box).to_be_focused()
    box.press_sequentially("spri")
    expect(page.get_by_role("option", name="Spring webinar <b>")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(box).to_have_value("Spring webinar <b>")
    page.keyboard.press("Enter")
    expect(field(page, "campaign").locator("[data-field-open]")).to_contain_text("Spring webinar <b>")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert Lead.objects.get().campaign == spring


def test_archive_undo_and_leaving_a_form_half_filled(page_for: Callable[[Any], Page], people: Any) -> None:
    mia, _mona = people
    contact = Contact.objects.create(first_name="Ada", last_name="Lovelace")
    page = page_for(mia)
    page.goto(f"/contacts/{contact.pk}/")
    page.locator("#record-head summary").click()
    page.get_by_role("button", name="Archive").click()
    expect(page.locator("#record-head").get_by_text("Archived", exact=True)).to_be_visible()
    page.keyboard.press("z")
    expect(page.locator("#record-head").get_by_text("Archived", exact=True)).to_have_count(0)

    page.goto("/contacts/new/")
    page.get_by_label("Last name").fill("Byron")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.dismiss()))
    page.get_by_role("link", name="Cancel").click()
    expect(page.get_by_label("Last name")).to_have_value("Byron")
    assert asked == ["beforeunload"]
