"""Whoever wants less motion gets none, and no page stands still when the evening turns it dark."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.django_db(transaction=True)


def test_colours_change_at_once(page_for, max_):
    page = page_for(max_)
    page.emulate_media(reduced_motion="reduce", color_scheme="light")
    page.goto("/dashboards/funnel/")
    styles = "element => getComputedStyle(element).transitionProperty"
    assert page.locator("main").evaluate(styles) == "none"
    page.emulate_media(reduced_motion="reduce", color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
