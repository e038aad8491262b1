"""The dashboard lives: a verdict in one browser changes the number in another, through a real worker."""

import pytest
from playwright.sync_api import expect

from crm.outbox import drain_all
from feedback.verdicts import accept_handoff
from tests.factories import HOUR, MONDAY, make_handoff, make_mql

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]


@pytest.fixture
def waiting(mia, rob):
    """Twelve leads handed to Rob, two of them accepted so far."""
    handoffs = [make_handoff(to=rob, by=mia, lead=make_mql(), at=MONDAY + HOUR) for _ in range(12)]
    for handoff in handoffs[:2]:
        accept_handoff(handoff, by=rob, at=MONDAY + 2 * HOUR)
    return handoffs


def test_a_verdict_appears_on_an_open_dashboard_within_five_seconds(page_for, rob, max_, waiting, worker):
    drain_all()
    board = page_for(max_)
    board.goto("/dashboards/funnel/")
    accepted = board.locator(".funnel-row[data-stage=accepted] .funnel-count")
    expect(accepted).to_have_text("2")
    loaded = board.evaluate("performance.timeOrigin")
    inbox = page_for(rob)
    inbox.goto("/inbox/")
    expect(inbox.get_by_role("button", name="Accept")).to_be_visible()
    # The worker's first drain says that it is up; from then on the clock counts.
    make_mql()
    expect(board.locator(".funnel-row[data-stage=mql] .funnel-count")).to_have_text("13", timeout=30_000)

    inbox.keyboard.press("a")

    expect(accepted).to_have_text("3", timeout=5_000)
    assert board.evaluate("performance.timeOrigin") == loaded


def test_by_keyboard_cut_by_a_dimension_open_the_table_and_drill_down(page_for, max_, waiting):
    drain_all()
    board = page_for(max_)
    board.goto("/dashboards/funnel/")
    board.keyboard.press("t")
    expect(board.get_by_role("columnheader", name="Likely between")).to_be_visible()
    board.keyboard.press("d")
    board.keyboard.type("tea")
    board.wait_for_url("**dimension=team**")
    board.locator(".funnel-row[data-stage=accepted] .funnel-count a").click()
    expect(board.get_by_role("heading", name="Reached Accepted (SAL)")).to_be_visible()
    expect(board.locator("[data-row]")).to_have_count(2)


def test_on_a_phone_the_page_fits_and_every_figure_is_there(page_for, max_, waiting):
    drain_all()
    board = page_for(max_)
    board.set_viewport_size({"width": 390, "height": 844})
    board.goto("/dashboards/funnel/?dimension=team")
    expect(board.locator(".funnel-row")).to_have_count(7)
    assert board.evaluate("document.documentElement.scrollWidth") <= 390
