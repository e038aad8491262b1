"""From a new campaign to its first hand-off, as a marketer does it."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from campaigns.models import Campaign, Spend
from crm.models import Role
from feedback.models import Handoff
from leads.reasons import seed_reasons
from tests.factories import make_mql, make_team, make_user

pytestmark = pytest.mark.django_db(transaction=True)


def test_campaign_spend_and_bulk_handoff(page_for: Callable[[Any], Page]) -> None:
    seed_reasons()
    north = make_team()
    mia = make_user("mia", role=Role.MARKETER, team=make_team("Marketing", kind="marketing"))
    page = page_for(mia)

    page.goto("/campaigns/")
    page.keyboard.press("n")
    page.get_by_label("Name", exact=True).fill("Spring webinar")
    page.get_by_label("Channel").select_option("webinar")
    page.get_by_label("Budget").fill("1000")
    page.get_by_role("button", name="Set up campaign").click()
    expect(page.get_by_role("heading", name="Spring webinar")).to_be_visible()
    expect(page.get_by_text("Three steps to the first answer")).to_be_visible()
    campaign = Campaign.objects.get()

    page.keyboard.press("s")  # a key of the closed menu
    expect(page.get_by_label("Amount")).to_be_focused()
    for amount, what in (("120.50", "Speakers"), ("80", "Adverts")):
        page.get_by_label("Amount").fill(amount)
        page.get_by_label("Note").fill(what)
        page.keyboard.press("Enter")
        expect(page.get_by_role("cell", name=what)).to_be_visible()
    # The next row waits with the cursor in it.
    expect(page.get_by_label("Amount")).to_be_focused()
    expect(page.get_by_text("€200.50").first).to_be_visible()
    assert sum(Spend.objects.values_list("amount", flat=True)) == Decimal("200.50")

    leads = [make_mql(campaign=campaign) for _number in range(3)]
    page.reload()
    page.get_by_role("link", name="Hand 3 ready leads to sales").click()
    panel = page.get_by_role("dialog")
    panel.get_by_label("To", exact=True).select_option("Team North")
    panel.get_by_label("Promised to the buyer").fill("A call this week")
    panel.get_by_role("button", name="Hand 3 leads over").click()

    expect(page.get_by_text("3 leads handed to Team North.")).to_be_visible()
    expect(page.get_by_text("ready lead")).to_have_count(0)
    assert sorted(Handoff.objects.values_list("lead", "to_team")) == sorted((lead.pk, north.pk) for lead in leads)
