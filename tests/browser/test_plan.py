"""The plan answers while one types; quotas are filled in from the keyboard."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from crm.fiscal import fiscal_quarter
from funnel.models import Quota

pytestmark = pytest.mark.django_db(transaction=True)
KA = "goal=1000000&share=40&value=25000&win=25&opportunity=60&qualified=70&accepted=65"


def test_what_is_assumed_is_answered_while_one_types(page_for, max_):
    page = page_for(max_)
    page.goto(f"/dashboards/plan/?{KA}")
    mqls = page.locator("tr", has_text="MQLs").locator("b")
    expect(mqls).to_have_text("235")

    field = page.get_by_label("Opportunities won, %")
    field.fill("50")

    expect(mqls).to_have_text("118")
    expect(field).to_be_focused()
    expect(page).to_have_url(re.compile(r"win=50"))
    assert "cost=" not in page.url
    page.go_back()
    expect(page.locator("tr", has_text="MQLs").locator("b")).to_have_text("235")


def test_quotas_are_filled_in_from_the_keyboard(page_for, max_, rob):
    now = fiscal_quarter(timezone.localdate())
    page = page_for(max_)
    page.goto("/settings/quotas/")

    page.get_by_label(f"Rob, {now.label}").fill("60k")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Saved 1.")).to_be_visible()
    expect(page.get_by_label(f"Rob, {now.label}")).to_have_value("60000")
    assert Quota.objects.get().user == rob
