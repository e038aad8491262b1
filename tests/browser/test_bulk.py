"""Selecting rows and dealing with them at once: by mouse, by keyboard, on a phone."""

import re

import pytest
from playwright.sync_api import Page, expect

from leads.lifecycle import Stage
from leads.models import Lead
from leads.transitions import move_lead
from tests.factories import make_mql

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def leads(north):
    return [make_mql(first_name="Ada", last_name=f"Byron {number}") for number in range(5)]


def tick(page: Page, lead: Lead, **options) -> None:
    page.get_by_role("checkbox", name=f"Select {lead}").click(**options)


def bar(page: Page):
    return page.locator("#bulk")


def test_by_mouse_a_range_is_handed_over_what_moved_is_shown_and_it_is_undone(page_for, leads, mona, north, mia):
    page = page_for(mona)
    page.goto("/leads/?tab=all")
    newest_first = leads[::-1]
    tick(page, newest_first[0])
    tick(page, newest_first[2], modifiers=["Shift"])
    expect(bar(page)).to_contain_text("3 selected")
    move_lead(Lead.objects.get(pk=newest_first[1].pk), Stage.NURTURE, by=mia, at=leads[0].stage_since)

    bar(page).get_by_role("button", name="Hand to sales").click()
    page.get_by_label("To", exact=True).select_option(label="Team North")
    page.locator("#panel").get_by_role("button", name="Hand to sales: 3 leads").click()

    toasts = page.locator("#toasts")
    expect(toasts).to_contain_text("2 leads handed to Team North, 1 left as it was.")
    expect(page.locator("#panel")).to_be_hidden()
    expect(bar(page)).to_be_hidden()
    assert Lead.objects.filter(stage=Stage.OFFERED).count() == 2
    toasts.get_by_role("button", name="Undo").click()
    expect(toasts).to_contain_text("2 leads are as they were before.")
    assert Lead.objects.filter(stage=Stage.MQL).count() == 4


def test_exactly_two_are_merged_from_the_list(page_for, leads, mona):
    page = page_for(mona)
    page.goto("/leads/?tab=all")
    merge = bar(page).locator("[data-takes]")
    for lead in leads[:3]:
        tick(page, lead)
    expect(merge).to_have_attribute("hidden", "")
    tick(page, leads[2])
    bar(page).get_by_text("More", exact=True).click()
    merge.click()

    expect(page.locator("#panel")).to_contain_text("Byron 0")
    expect(page.locator("#panel")).to_contain_text("Byron 1")
    page.locator("#panel").get_by_role("button", name="Merge").last.click()
    expect(page).to_have_url(re.compile(r"/leads/\d+/$"))
    assert Lead.objects.filter(merged_into__isnull=False).count() == 1


def test_the_toast_leads_to_what_was_left_alone(page_for, leads, mona, rob):
    Lead.objects.filter(pk=leads[0].pk).update(owner=rob)
    page = page_for(mona)
    page.goto("/leads/?tab=all")

    page.locator("[data-select-all]").click()
    expect(bar(page)).to_contain_text("5 selected")
    bar(page).get_by_role("button", name="Assign").click()
    page.get_by_label("To", exact=True).select_option(label="Rob")
    page.locator("#panel").get_by_role("button", name="Assign: 5 leads").click()
    page.locator("#toasts").get_by_role("link", name="Show").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("4 leads given to Rob, 1 left as it was.")
    expect(page.get_by_text("Rob has it already.")).to_be_visible()


def test_by_keyboard_rows_are_selected_and_tagged(page_for, leads, mia):
    page = page_for(mia)
    page.goto("/leads/?tab=all")

    for key in ("j", "x", "j", "j", "Shift+X"):
        page.keyboard.press(key)
    expect(bar(page)).to_contain_text("3 selected")
    page.keyboard.press("t")
    page.locator("#panel").get_by_label("Add").fill("hot")
    page.keyboard.press("Enter")

    expect(page.locator("#toasts")).to_contain_text("3 leads tagged “hot”.")
    assert Lead.objects.filter(tags=["hot"]).count() == 3
    page.keyboard.press("z")
    expect(page.locator("#toasts")).to_contain_text("3 leads are as they were before.")
    assert not Lead.objects.filter(tags=["hot"]).exists()


def test_escape_selects_nothing_and_back_brings_the_selection_along(page_for, leads, mia):
    page = page_for(mia)
    page.goto("/leads/?tab=all")
    tick(page, leads[1])
    page.locator("a.row-link").first.click()
    page.wait_for_url("**/leads/*/")

    page.go_back()
    expect(bar(page)).to_contain_text("1 selected")
    page.keyboard.press("Escape")
    expect(bar(page)).to_be_hidden()


def test_the_whole_filter_is_taken_behind_the_page(page_for, north, mona, rob):
    for number in range(52):
        make_mql(last_name=f"Lead {number:02}")
    page = page_for(mona)
    page.goto("/leads/?tab=all")

    page.locator("[data-select-all]").click()
    bar(page).get_by_role("button", name="all 52 leads?").click()
    expect(bar(page)).to_contain_text("All 52 leads selected")
    page.keyboard.press("a")
    page.get_by_label("To", exact=True).select_option(label="Rob")
    page.locator("#panel").get_by_role("button", name="Assign: 52 leads").click()

    expect(page.locator("#toasts")).to_contain_text("52 leads given to Rob.")
    assert Lead.objects.filter(owner=rob).count() == 52


def test_on_a_phone_the_bar_sits_at_the_foot(page_for, leads, mona, rob):
    page = page_for(mona)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/leads/?tab=all")

    tick(page, leads[0])
    box = bar(page).bounding_box()
    assert box
    assert box["y"] > 600
    assert box["y"] + box["height"] <= 844
    bar(page).get_by_role("button", name="Whole page").click()
    bar(page).get_by_role("button", name="Assign").click()
    page.get_by_label("To", exact=True).select_option(label="Rob")
    page.locator("#panel").get_by_role("button", name="Assign: 5 leads").click()

    expect(page.locator("#toasts")).to_contain_text("5 leads given to Rob.")
    assert Lead.objects.filter(owner=rob).count() == 5


def test_a_file_is_downloaded(page_for, leads, mona):
    page = page_for(mona)
    page.goto("/leads/?tab=all")
    tick(page, leads[0])

    bar(page).get_by_role("button", name="Export").click()
    with page.expect_download() as download:
        page.locator("#panel").get_by_role("link", name="Download").click()

    text = download.value.path().read_text("utf-8-sig")
    assert download.value.suggested_filename.startswith("leads-")
    assert text.count("Byron") == 1
