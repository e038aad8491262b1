"""The search over any page: by keyboard, by mouse, at 390 px; and what it remembers."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from desk.search.words import rebuild
from tests.factories import make_campaign, make_lead

pytestmark = pytest.mark.django_db(transaction=True)
ANY_PAGE = "/accounts/password/change/"


@pytest.fixture
def ada_lovelace(db: None) -> Any:
    return make_lead(first_name="Ada", last_name="Lovelace", email="ada@engines.test", company_name="Engines")


@pytest.fixture
def page(page_for: Callable[[Any], Page], mia: Any, ada_lovelace: Any) -> Page:
    """Mia looks at a page; Ada can be found."""
    page = page_for(mia)
    page.goto(ANY_PAGE)
    return page


def field(page: Page) -> Any:
    return page.get_by_role("combobox", name=re.compile("Search"))


def option(page: Page, name: str) -> Any:
    return page.locator("#palette").get_by_role("option", name=re.compile(name))


def test_found_and_opened_by_keyboard_alone(page, ada_lovelace):
    page.keyboard.press("/")
    expect(field(page)).to_be_focused()
    page.keyboard.type("love")
    expect(option(page, "Ada Lovelace")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(f"/leads/{ada_lovelace.pk}/$"))


def test_arrows_choose_and_the_field_says_which(page):
    make_lead(first_name="Ada", last_name="Second")
    page.keyboard.press("Control+k")
    page.keyboard.type("ada")
    expect(option(page, "Ada Lovelace")).to_be_visible()

    rows = page.locator("#palette [role=option]")
    page.keyboard.press("ArrowDown")
    expect(rows.nth(1)).to_have_attribute("aria-selected", "true")
    assert field(page).get_attribute("aria-activedescendant") == rows.nth(1).get_attribute("id")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    expect(rows.last).to_have_attribute("aria-selected", "true")


def test_enter_before_the_answer_opens_the_first_row_of_the_answer(page, ada_lovelace):
    page.keyboard.press("Control+k")
    page.keyboard.type("lovelace")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(f"/leads/{ada_lovelace.pk}/$"))


def test_ctrl_enter_opens_a_new_tab_and_this_one_stays(page, ada_lovelace):
    page.keyboard.press("Control+k")
    page.keyboard.type("lovelace")
    expect(option(page, "Ada Lovelace")).to_be_visible()
    with page.context.expect_page() as opened:
        page.keyboard.press("Control+Enter")

    expect(opened.value).to_have_url(re.compile(f"/leads/{ada_lovelace.pk}/$"))
    expect(page.locator("#palette")).to_be_visible()


def test_escape_closes_and_gives_the_focus_back(page):
    old = page.locator("main input[type=password]").first
    old.focus()
    page.keyboard.type("a/b")
    expect(page.locator("#palette")).to_be_hidden()
    page.keyboard.press("Control+k")
    page.keyboard.type("love")
    page.keyboard.press("Escape")

    expect(page.locator("#palette")).to_be_hidden()
    expect(old).to_be_focused()
    expect(old).to_have_value("a/b")


def test_actions_and_records_by_mouse(page):
    make_campaign("Camping fair")
    page.get_by_role("navigation").get_by_role("link", name="Search").click()
    page.keyboard.type("camp")
    expect(option(page, "Camping fair")).to_be_visible()
    option(page, "New campaign").click()

    expect(page).to_have_url(re.compile("/campaigns/new/$"))


def test_keys_of_the_page_are_actions_too(page):
    page.evaluate(
        """() => {
            const call = document.createElement('button');
            call.dataset.key = 'c';
            call.textContent = 'Log a call';
            call.onclick = () => { call.textContent = 'Logged' };
            document.querySelector('main').append(call);
        }"""
    )
    page.keyboard.press("/")
    page.keyboard.type("log call")
    option(page, "Log a call").click()

    expect(page.get_by_role("button", name="Logged")).to_be_visible()
    expect(page.locator("#palette")).to_be_hidden()


def test_slip_of_the_finger_is_forgiven_and_said(page):
    rebuild()
    page.keyboard.press("/")
    page.keyboard.type("lovelase")

    expect(page.locator("#palette-list")).to_contain_text("Showing “Lovelace”")
    expect(option(page, "Ada Lovelace")).to_be_visible()


def test_nothing_found_is_said(page):
    page.keyboard.press("/")
    page.keyboard.type("qqzzyyxx")

    expect(page.locator("#palette-list")).to_contain_text("Nothing found for “qqzzyyxx”")
    expect(page.locator("#palette [role=status]")).to_contain_text("Nothing found")


def test_lost_connection_is_said(page):
    page.route("**/search/palette/**", lambda route: route.abort())
    page.goto(ANY_PAGE)  # Interception is sure to hold for a page that is loaded under it.
    page.keyboard.press("/")

    expect(page.locator("#palette-list")).to_contain_text("No answer from the server")


def test_without_a_text_it_shows_where_one_was(page, ada_lovelace):
    page.goto(f"/leads/{ada_lovelace.pk}/")
    page.goto(ANY_PAGE)
    page.keyboard.press("/")

    expect(page.locator("#palette-recent")).to_be_visible()
    expect(option(page, "Ada Lovelace")).to_be_visible()


def test_on_a_phone_it_fills_the_screen_and_rows_fit_a_thumb(page, ada_lovelace):
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator(".phone-search").click()
    field(page).fill("ada")
    row = option(page, "Ada Lovelace")
    expect(row).to_be_visible()

    assert page.locator("#palette").bounding_box() == {"x": 0, "y": 0, "width": 390, "height": 844}
    assert row.bounding_box()["height"] >= 48
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    row.click()
    expect(page).to_have_url(re.compile(f"/leads/{ada_lovelace.pk}/$"))


def test_page_of_the_search_opens_a_row_by_key(page, ada_lovelace):
    page.goto("/search/?q=lovelace")
    page.keyboard.press("j")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(f"/leads/{ada_lovelace.pk}/$"))


def test_name_opens_a_record_though_an_action_is_found_too(page):
    lead = make_lead(first_name="Importa", last_name="Trading")
    page.keyboard.press("/")
    page.keyboard.type("im")
    expect(option(page, "Importa Trading")).to_have_attribute("aria-selected", "true")
    page.keyboard.type("port")
    expect(option(page, "^.?Import$")).to_have_attribute("aria-selected", "true")
    page.keyboard.type("a")
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile(f"/leads/{lead.pk}/$"))


def test_sheet_of_keys_tells_the_page_s_own_from_those_of_every_page(page):
    page.goto("/search/?q=lovelace")
    page.keyboard.press("?")

    sheet = page.locator("#key-sheet")
    expect(sheet.get_by_role("heading", level=3)).to_have_text(["This page", "Lists", "Everywhere"])
    expect(sheet.locator("section").last).to_contain_text("Search")
    expect(sheet.locator("section").first.locator("kbd")).to_have_text(["F"])


def test_single_keys_are_switched_off_from_their_sheet_and_on_from_the_menu(page):
    page.keyboard.press("?")
    page.locator("#key-sheet [data-shortcuts-toggle]").click()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#palette")).to_be_hidden()

    page.locator(".shell-user > summary").click()
    page.locator(".shell-user [data-key-sheet]").click()
    page.locator("#key-sheet [data-shortcuts-toggle]").click()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.locator("#palette")).to_be_visible()


def test_only_the_keys_are_printed_while_they_are_open(page):
    page.keyboard.press("?")
    page.emulate_media(media="print")

    expect(page.locator("#key-sheet dl").first).to_be_visible()
    expect(page.locator(".shell")).to_be_hidden()
