"""One tap after qualifying, by keys and by finger; asking marketing, and its answer."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from campaigns.models import Asset
from crm.models import Role
from feedback.models import Impression, Request
from feedback.verdicts import accept_handoff
from leads.pick_values import seed_themes
from leads.reasons import seed_reasons
from leads.touches import record_touch
from tests.factories import HOUR, MONDAY, make_handoff, make_team, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def people() -> tuple[Any, Any]:
    seed_reasons()
    seed_themes()
    mia = make_user("mia", role=Role.MARKETER, team=make_team("Marketing", kind="marketing"))
    return make_user("rob", team=make_team()), mia


def accepted(rob: Any, mia: Any) -> Any:
    lead = accept_handoff(make_handoff(to=rob, by=mia), by=rob, at=MONDAY + HOUR).lead
    record_touch(lead, at=MONDAY, kind="download", asset=Asset.objects.create(name="White paper"))
    return lead


def test_three_taps_by_keys_after_qualifying(page_for: Callable[[Any], Page], people: tuple[Any, Any]) -> None:
    rob, mia = people
    lead = accepted(rob, mia)
    page = page_for(rob)
    page.goto(f"/leads/{lead.pk}/")
    page.keyboard.press("q")
    panel = page.get_by_role("dialog")
    panel.get_by_label("What do they need?").fill("Planning for two plants")
    panel.get_by_role("button", name="Qualify").click()

    strip = page.locator("[data-tap]")
    expect(strip).to_contain_text("How good was this lead?")
    page.keyboard.press("1")
    expect(strip).to_contain_text("Which content helped?")
    page.keyboard.press("1")
    expect(strip).to_contain_text("What did they ask about?")
    page.keyboard.press("2")
    expect(strip).to_contain_text("Thank you")
    expect(page.locator("#timeline")).to_contain_text("“White paper” helped")
    said = Impression.objects.order_by("pk").values_list("question", "quality", "asset__name", "theme")
    assert list(said) == [
        ("quality", 3, None, ""),
        ("content", None, "White paper", ""),
        ("theme", None, None, "Integration"),
    ]


def test_esc_puts_the_question_away_for_good(page_for: Callable[[Any], Page], people: tuple[Any, Any]) -> None:
    rob, mia = people
    lead = accepted(rob, mia)
    page = page_for(rob)
    page.goto(f"/leads/{lead.pk}/")
    page.keyboard.press("q")
    page.get_by_label("What do they need?").fill("Planning")
    page.get_by_role("dialog").get_by_role("button", name="Qualify").click()
    expect(page.locator("[data-tap]")).to_be_visible()

    page.locator("h1").click()
    page.keyboard.press("Escape")
    expect(page.locator("[data-tap]")).to_have_count(0)
    page.reload()
    expect(page.locator("#timeline")).to_be_visible()
    expect(page.locator("[data-tap]")).to_have_count(0)
    assert not Impression.objects.exists()

    # Later, from the menu, by finger, on a phone.
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator(".record-verbs summary").click()
    page.get_by_role("link", name="Say how good it was").click()
    page.get_by_role("dialog").get_by_role("button", name="Poor").click()
    expect(page.get_by_role("dialog")).to_contain_text("Which content helped?")
    assert list(Impression.objects.values_list("moment", "quality")) == [("qualify", 1)]


def test_a_rep_asks_and_marketing_promises(page_for: Callable[[Any], Page], people: tuple[Any, Any]) -> None:
    rob, mia = people
    lead = accepted(rob, mia)
    page = page_for(rob)
    page.goto(f"/leads/{lead.pk}/")
    page.locator(".record-verbs summary").click()
    page.get_by_role("link", name="Ask marketing").click()
    panel = page.get_by_role("dialog")
    panel.get_by_text("A case study").click()
    panel.get_by_label("In your words").fill("A case with a paint shop")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Asked. You hear as soon as marketing answers.")).to_be_visible()

    answers = page_for(mia)
    answers.goto("/requests/")
    answers.get_by_role("link", name="A case with a paint shop").click()
    expect(answers.get_by_role("heading", name="A case study")).to_be_visible()
    answers.keyboard.press("p")
    answers.get_by_role("dialog").get_by_label("You have it by").fill("2199-12-31")
    answers.get_by_role("dialog").get_by_role("button", name="Promise it").click()
    expect(answers.get_by_text("31 December 2199")).to_be_visible()

    page.goto("/requests/")
    expect(page.get_by_role("row", name="A case with a paint shop")).to_contain_text("by 31 Dec 2199")
    assert Request.objects.get().status == "accepted"
