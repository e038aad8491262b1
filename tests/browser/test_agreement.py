"""Two managers agree: one proposes, both sign; also without a mouse."""

import pytest
from playwright.sync_api import expect

from feedback.models import Agreement

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_managers_propose_and_sign(page_for, mona, max_):
    sales = page_for(max_)
    sales.goto("/agreement/")
    sales.get_by_role("button", name="Write it").click()

    levels = sales.locator("#part-levels")
    levels.get_by_label("Hours to a verdict").first.fill("8")
    levels.get_by_role("button", name="Another row").click()
    expect(levels.locator("[name=exceptions-1-name]")).to_be_visible()
    expect(levels.get_by_label("Hours to a verdict").first).to_have_value("8")
    levels.locator("[name=exceptions-0-name]").fill("Large")
    levels.locator("[name=exceptions-0-score_from]").fill("80")
    levels.locator("[name=exceptions-0-score_to]").fill("20")
    levels.locator("[name=exceptions-0-min_attempts]").fill("7")
    levels.get_by_role("button", name="Save this part").click()
    expect(levels.get_by_text("Score from is above “to”")).to_be_visible()
    levels.locator("[name=exceptions-0-score_to]").fill("100")
    levels.get_by_role("button", name="Save this part").click()
    expect(sales.locator("#draft-changes").get_by_text("7 attempts at least")).to_be_visible()
    sales.get_by_role("button", name="Propose").click()
    expect(sales.get_by_text("Version 1 is proposed")).to_be_visible()

    marketing = page_for(mona)
    marketing.goto("/agreement/")
    expect(marketing.locator(".changes ins").filter(has_text="8 h").first).to_be_visible()
    marketing.get_by_role("button", name="Sign for marketing").press("Enter")
    expect(marketing.get_by_text("Waits for sales to sign.")).to_be_visible()

    sales.reload()
    sales.get_by_role("button", name="Sign for sales").click()
    expect(sales.get_by_text("Signed by both sides: version 1 is in force.")).to_be_visible()
    expect(sales.locator(".exceptions")).to_contain_text("Score 80 to 100: 7 attempts at least.")
    assert Agreement.objects.get().status == "active"
