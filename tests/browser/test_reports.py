"""Reports as one reads them: keys, charts with their tables and files, what is computed how, on a phone, on paper."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from crm.outbox import drain_all
from feedback.verdicts import accept_handoff
from tests.factories import HOUR, make_campaign, make_handoff, make_mql

pytestmark = pytest.mark.django_db(transaction=True)
MONTHS = "/dashboards/funnel/?dimension=month&days=all"


@pytest.fixture
def months(mia, rob):
    """Twelve leads in each of three months, half of them accepted; a campaign that began in the second."""
    now = timezone.now()
    make_campaign("Autumn fair", starts_on=(now - timedelta(days=33)).date())
    for back in (65, 33, 3):
        at = now - timedelta(days=back)
        for place in range(12):
            handoff = make_handoff(to=rob, by=mia, lead=make_mql(channel="webinar", at=at), at=at + HOUR)
            if place % 2:
                accept_handoff(handoff, by=rob, at=at + 2 * HOUR)
    drain_all()


@pytest.fixture
def page(page_for, max_, months):
    return page_for(max_)


def drawn(page):
    return page.locator(".chart[data-drawn] canvas")


def test_a_chart_is_drawn_with_its_table_behind_it(page):
    page.goto(MONTHS)
    expect(drawn(page)).to_be_visible()
    table = page.locator("#table-months table")
    expect(table).to_be_hidden()
    page.keyboard.press("t")
    expect(table).to_be_visible()
    expect(table.locator("tbody tr")).to_have_count(3)
    expect(table.locator("tbody tr").first.locator("td").first).to_have_text("12")
    expect(page.get_by_text("Campaign began: Autumn fair")).to_be_visible()


def test_the_keys_cut_compare_and_open_tables(page):
    page.goto("/dashboards/velocity/?days=all")
    page.keyboard.press("c")
    page.wait_for_url("**compare=1**")
    expect(page.locator(".compared")).to_contain_text("Compared with")
    page.keyboard.press("d")
    page.keyboard.type("chan")
    page.wait_for_url("**dimension=channel**")
    assert "compare=1" in page.url
    expect(page.get_by_role("link", name="Webinar").first).to_be_visible()


def test_a_chart_is_saved_as_a_picture_and_as_numbers(page):
    page.goto(MONTHS)
    expect(drawn(page)).to_be_visible()
    files = {}
    for kind in ("PNG", "CSV"):
        with page.expect_download() as download:
            page.get_by_role("button", name="Month by month").filter(has_text=kind).click()
        files[download.value.suggested_filename] = download.value.path().read_bytes()
    assert sorted(files) == ["funnel-month-by-month.csv", "funnel-month-by-month.png"]
    assert files["funnel-month-by-month.png"].startswith(b"\x89PNG")
    lines = files["funnel-month-by-month.csv"].decode().split("\r\n")
    assert lines[0] == '"","MQL","Accepted (SAL)","Customer"'
    assert len(lines) == 4
    assert lines[1].endswith('"12","6","0"')


def test_how_a_figure_is_computed_opens_at_its_entry(page):
    page.goto("/dashboards/sla/?days=all")
    page.locator("a.how").first.click()
    expect(page.locator("#how-computed")).to_be_visible()
    expect(page.locator("#how-computed .is-asked")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#how-computed")).to_be_hidden()


def test_what_happened_can_be_taken_off_the_chart(page):
    page.goto(MONTHS)
    page.get_by_role("link", name="Leave the lines away").click()
    page.wait_for_url("**marks=off**")
    expect(page.get_by_text("Campaign began: Autumn fair")).to_have_count(0)
    page.get_by_role("link", name="Show what happened in these days").click()
    expect(page.get_by_text("Campaign began: Autumn fair")).to_be_visible()


@pytest.mark.parametrize("address", [MONTHS, "/dashboards/", "/dashboards/velocity/?days=all&dimension=channel"])
def test_on_a_phone_nothing_lies_outside(page, address):
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(address)
    expect(page.locator("h1")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_on_paper_there_is_the_chart_and_nothing_to_click(page):
    page.goto(MONTHS)
    expect(drawn(page)).to_be_visible()
    page.emulate_media(media="print", color_scheme="light")
    expect(drawn(page)).to_be_visible()
    for hidden in (".tabs", ".filter-bar", ".page-actions", ".chart-actions"):
        expect(page.locator(hidden).first).to_be_hidden()


def test_the_first_page_answers_the_questions_of_a_manager(page):
    page.goto("/dashboards/")
    expect(page.get_by_role("heading", name="Who waits?")).to_be_visible()
    expect(page.locator("#tile-waits .question-answer")).to_contain_text("18 of 18 hand-offs wait past their time")
    expect(page.locator("#tile-die .funnel-row")).to_have_count(7)
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    page.locator("#tile-die .card-note").click()
    expect(page.get_by_role("heading", name="Funnel", level=1)).to_be_visible()
