"""The board by mouse, by keyboard and by finger."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from leads.models import Opportunity, PipelineStage
from tests.factories import make_opportunity

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def deals(rob: Any) -> list[Opportunity]:
    return [
        make_opportunity(name, owner=rob, team=rob.team, amount=amount, stage=stage)
        for name, amount, stage in (("Press", 900, "discovery"), ("Valve", 500, "discovery"), ("Pump", 70, "proof"))
    ]


def column(page: Page, stage: str) -> Any:
    return page.locator(f"[data-column={stage}]")


def cards(page: Page, stage: str) -> Any:
    return column(page, stage).locator(".deal-name")


def carry(page: Page, name: str, to: str) -> None:
    card = page.locator(".deal-card", has_text=name).bounding_box()
    goal = page.locator(to).first.bounding_box()
    assert card
    assert goal
    page.mouse.move(card["x"] + 40, card["y"] + 30)
    page.mouse.down()
    page.mouse.move(card["x"] + 60, card["y"] + 40, steps=3)
    page.mouse.move(goal["x"] + goal["width"] / 2, goal["y"] + goal["height"] / 2, steps=5)


def test_a_card_is_carried_by_mouse_and_comes_back(page_for: Any, rob: Any, deals: list[Opportunity]) -> None:
    page = page_for(rob)
    page.goto("/board/")

    carry(page, "Press", "[data-column=proof]")
    page.mouse.up()

    expect(cards(page, "proof")).to_have_text(["Press", "Pump"])
    expect(column(page, "proof").locator(".board-worth")).to_contain_text("€970")
    expect(column(page, "discovery").locator(".board-count")).to_have_text("1")
    expect(page.locator("[data-notice]")).to_contain_text("Press is now in Proof, 40 % probable.")
    assert page.url.endswith("/board/")
    page.keyboard.press("z")
    expect(cards(page, "discovery")).to_have_text(["Press", "Valve"])
    deals[0].refresh_from_db()
    assert deals[0].stage == "discovery"


def test_escape_lets_go_and_a_drop_beside_the_columns_moves_nothing(
    page_for: Any, rob: Any, deals: list[Opportunity]
) -> None:
    page = page_for(rob)
    page.goto("/board/")
    carry(page, "Press", "[data-column=proof]")
    expect(page.locator(".board-ends")).to_be_visible()
    page.keyboard.press("Escape")
    page.mouse.up()
    carry(page, "Press", ".board-truth")
    page.mouse.up()
    expect(page.locator(".deal-ghost")).to_have_count(0)
    expect(cards(page, "discovery")).to_have_text(["Press", "Valve"])
    assert page.url.endswith("/board/")


def test_dropped_on_won_and_on_lost(page_for: Any, rob: Any, deals: list[Opportunity]) -> None:
    page = page_for(rob)
    page.goto("/board/")
    carry(page, "Press", "[data-column=proof]")
    page.mouse.move(*middle_of(page, "[data-end=won]"), steps=5)
    page.mouse.up()
    expect(page.locator("[data-notice]")).to_contain_text("Press is won.")
    expect(cards(page, "discovery")).to_have_text(["Valve"])

    carry(page, "Valve", "[data-column=proof]")
    page.mouse.move(*middle_of(page, "[data-end=lost]"), steps=5)
    page.mouse.up()
    expect(page.get_by_text("Why was it lost?")).to_be_visible()
    page.keyboard.press("1")
    page.get_by_role("button", name="Close as lost").click()
    expect(cards(page, "discovery")).to_have_count(0)
    expect(page.locator("#panel")).not_to_be_visible()
    assert sorted(Opportunity.objects.values_list("outcome", flat=True)) == ["", "lost", "won"]


def middle_of(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_keys_choose_move_win_and_open(page_for: Any, rob: Any, deals: list[Opportunity]) -> None:
    page = page_for(rob)
    page.goto("/board/")
    page.locator(".deal-name", has_text="Press").focus()

    page.keyboard.press("ArrowDown")
    expect(page.locator(".deal-name", has_text="Valve")).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")
    expect(cards(page, "solution")).to_have_text(["Valve"])
    expect(page.locator("[data-notice]")).to_contain_text("Valve is now in Solution")
    expect(page.locator("#column-solution .deal-name", has_text="Valve")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".deal-name", has_text="Pump")).to_be_focused()
    page.keyboard.press("w")
    expect(cards(page, "proof")).to_have_count(0)
    page.locator(".deal-name", has_text="Press").focus()
    page.keyboard.press("l")
    expect(page.get_by_text("Why was it lost?")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator(".deal-name", has_text="Press").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/opportunities/{deals[0].pk}/")


def test_a_card_that_may_not_go_there_goes_back_with_words(page_for: Any, rob: Any, deals: list[Opportunity]) -> None:
    page = page_for(rob)
    page.goto("/board/")
    PipelineStage.objects.filter(stage="proof").update(retired=True)
    carry(page, "Press", "[data-column=proof]")
    page.mouse.up()
    expect(page.locator("[data-notice]")).to_contain_text("no longer used")
    expect(cards(page, "discovery")).to_have_text(["Press", "Valve"])

    Opportunity.objects.filter(pk=deals[0].pk).update(stage="proposal")
    page.locator(".deal-name", has_text="Press").focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("[data-notice]").last).to_contain_text("moved this opportunity to “Proposal” meanwhile")
    expect(cards(page, "proposal")).to_have_text(["Press"])


def test_when_no_answer_comes_the_card_goes_back(page_for: Any, rob: Any, deals: list[Opportunity]) -> None:
    page = page_for(rob)
    page.route("**/stage/", lambda route: route.abort())
    page.goto("/board/")
    carry(page, "Press", "[data-column=proof]")
    page.mouse.up()
    expect(cards(page, "discovery")).to_have_text(["Press", "Valve"])
    expect(page.locator(".is-moving")).to_have_count(0)


def test_on_a_phone_one_column_at_a_time_and_the_menu_moves(page_for: Any, rob: Any, deals: list[Opportunity]) -> None:
    page = page_for(rob)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/board/")
    expect(column(page, "discovery")).to_be_visible()
    expect(column(page, "proof")).not_to_be_visible()

    page.locator("[data-show-column=proof]").click()
    expect(cards(page, "proof")).to_have_text(["Pump"])
    expect(column(page, "discovery")).not_to_be_visible()
    page.get_by_label("Move Pump to …").click()
    page.get_by_role("button", name="Negotiation").click()
    expect(page.locator("[data-show-column=negotiation] span")).to_have_text("1")
    expect(column(page, "proof")).to_be_visible()
    expect(page.locator("#panel")).not_to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_long_press_carries_a_card_to_another_stage(page_for: Any, rob: Any, deals: list[Opportunity]) -> None:
    page = page_for(rob)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/board/")
    x, y = middle_of(page, f"#card-{deals[0].pk}")
    to_x, to_y = middle_of(page, "[data-show-column=proof]")
    finger = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    touch("touchStart", (x, y))
    expect(page.locator(".deal-ghost")).to_be_visible()
    touch("touchMove", ((x + to_x) / 2, (y + to_y) / 2))
    touch("touchMove", (to_x, to_y))
    expect(page.locator("[data-show-column=proof].is-over")).to_be_visible()
    touch("touchEnd")
    expect(page.locator("[data-show-column=proof] span")).to_have_text("2")
    deals[0].refresh_from_db()
    assert deals[0].stage == "proof"
