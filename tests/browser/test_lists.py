"""The lists by mouse, by keyboard and on a phone."""

from typing import Any

import pytest
from playwright.sync_api import expect

from desk.models import SavedView
from tests.factories import make_campaign, make_lead, make_mql

pytestmark = pytest.mark.django_db(transaction=True)


def names(page: Any) -> list[str]:
    return page.locator("[data-row] .row-link").all_inner_texts()


def test_filters_by_mouse(page_for, rob):
    make_mql(first_name="Ada", last_name="Lovelace", source="Trade fair")
    make_mql(first_name="Bea", last_name="Bold", source="Web")
    make_lead(first_name="Cleo", last_name="Cold", source="Trade fair")
    page = page_for(rob)
    page.goto("/leads/?tab=all")

    page.locator(".filter-menu > summary").click()
    page.locator(".filter-menu").get_by_role("link", name="Stage").click()
    page.get_by_label("MQL").check()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".filter-chip")).to_contain_text("Stage: MQL")
    assert names(page) == ["Bea Bold", "Ada Lovelace"]

    page.locator(".filter-menu > summary").click()
    page.locator(".filter-menu").get_by_role("link", name="Source").click()
    page.get_by_label("Trade fair").check()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".filter-chip")).to_have_count(2)
    assert names(page) == ["Ada Lovelace"]

    page.get_by_label("Remove the filter Stage").click()
    expect(page.locator(".filter-chip")).to_have_count(1)
    assert names(page) == ["Cleo Cold", "Ada Lovelace"]


def test_filters_by_keyboard(page_for, rob):
    make_mql(first_name="Ada", last_name="Lovelace")
    make_lead(first_name="Cleo", last_name="Cold")
    page = page_for(rob)
    page.goto("/leads/?tab=all")

    page.keyboard.press("f")
    expect(page.get_by_label("Filter by")).to_be_focused()
    page.keyboard.type("sta")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Find among these")).to_be_focused()
    page.keyboard.type("mql")
    page.keyboard.press("Enter")

    expect(page.locator(".filter-chip")).to_contain_text("Stage: MQL")
    assert names(page) == ["Ada Lovelace"]


def test_peek_follows_j_and_k_and_enter_opens(page_for, rob):
    first = make_lead(first_name="Ada", last_name="Lovelace", owner=rob)
    make_lead(first_name="Bea", last_name="Bold", owner=rob)
    page = page_for(rob)
    page.goto("/leads/?tab=all")
    glance = page.locator("#peek h2")

    page.keyboard.press("j")
    page.keyboard.press("p")
    expect(glance).to_have_text("Bea Bold")
    page.keyboard.press("j")
    expect(glance).to_have_text("Ada Lovelace")
    page.keyboard.press("k")
    expect(glance).to_have_text("Bea Bold")
    page.keyboard.press("Escape")
    expect(page.locator("#peek")).to_be_hidden()

    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/leads/{first.pk}/")
    way = page.evaluate("JSON.parse(sessionStorage.getItem('tandem:walk'))")
    assert way == {"list": "leads", "url": "/leads/?tab=all", "ids": [first.pk + 1, first.pk]}


def test_back_returns_to_the_row(page_for, rob):
    for number in range(45):
        make_lead(first_name=f"Lead {number}", last_name="")
    page = page_for(rob)
    page.goto("/leads/?tab=all")

    page.get_by_role("link", name="Lead 3", exact=True).click()
    page.wait_for_url("**/leads/*/")
    page.go_back()

    expect(page.locator("[data-row].is-current .row-link")).to_have_text("Lead 3")
    expect(page.get_by_role("link", name="Lead 3", exact=True)).to_be_in_viewport()


def test_a_view_is_saved_and_opened(page_for, rob):
    make_mql(first_name="Ada", last_name="Lovelace")
    make_lead()
    page = page_for(rob)
    page.goto("/leads/?tab=all&stage=mql&ordering=name")

    page.get_by_role("link", name="Save view").click()
    page.get_by_label("Name").fill("My hot ones")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="My hot ones")).to_have_attribute("aria-current", "page")
    assert SavedView.objects.get().query == "tab=all&stage=mql&ordering=name"

    page.goto("/leads/?tab=all")
    page.get_by_role("link", name="My hot ones").click()
    expect(page.locator(".filter-chip")).to_contain_text("Stage: MQL")
    assert names(page) == ["Ada Lovelace"]


def test_columns_and_order_are_chosen(page_for, rob):
    make_lead(first_name="Bea", last_name="Bold", country="Norway")
    make_lead(first_name="Ada", last_name="Lovelace", country="Chile")
    page = page_for(rob)
    page.goto("/leads/?tab=all")

    page.get_by_role("link", name="Name", exact=True).click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Name")
    assert names(page) == ["Bea Bold", "Ada Lovelace"]

    page.get_by_text("Columns").click()
    page.get_by_label("Country").check()
    page.get_by_role("button", name="Show these").click()
    expect(page.get_by_text("Chile")).to_be_visible()
    assert "ordering=name" in page.url


def test_an_empty_list_leads_out(page_for, rob):
    make_mql(source="Web")
    page = page_for(rob)
    page.goto("/leads/?tab=all&stage=mql&source=Nowhere")

    expect(page.get_by_text("1 without it")).to_be_visible()
    page.locator(".ways-out").get_by_role("link").first.click()

    expect(page.locator("[data-row]")).to_have_count(1)


def test_on_a_phone_the_bar_is_one_line_and_nothing_is_wider_than_the_screen(page_for, rob):
    make_mql(first_name="Ada", last_name="Lovelace", company_name="Acme " * 20, campaign=make_campaign(), owner=rob)
    page = page_for(rob)
    page.set_viewport_size({"width": 390, "height": 844})

    for path in ("/leads/?tab=all&stage=mql", "/contacts/", "/companies/", "/opportunities/", "/campaigns/", "/tasks/"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        assert page.locator("#filter-bar").bounding_box()["height"] <= 44, path

    page.goto("/leads/?tab=all")
    page.locator(".filter-menu > summary").click()
    page.locator(".filter-menu").get_by_role("link", name="Stage").click()
    page.get_by_label("MQL").check()
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("[data-row]")).to_have_count(1)
