"""Two managers agree on what a qualified lead is, from the first rule to the score in force; by keyboard."""

import pytest
from playwright.sync_api import Page, expect

from scoring.drafting import draft_definition
from scoring.models import Definition
from tests.factories import MONDAY, make_lead
from tests.scoring.cards import fit

pytestmark = pytest.mark.django_db(transaction=True)


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def test_a_rule_is_written_proposed_and_signed_by_keyboard(page_for, mona, max_):
    make_lead(country="Sweden", first_name="Astrid", last_name="Lund")
    page = page_for(mona)
    page.goto("/scoring/")
    page.get_by_role("button", name="Begin from scratch").press("Enter")
    expect(page.get_by_text("Nobody is excluded")).to_have_count(0)

    # F adds a rule and stands in it; the field chosen brings its operators.
    page.keyboard.press("f")
    expect(page.locator("#list-fit .rule-row")).to_have_count(1)
    assert focused(page).endswith("-field")
    row = page.locator("#list-fit .rule-row")
    row.get_by_label("What to look at").select_option(label="Country")
    expect(row.get_by_label("How it compares")).to_be_visible()
    row.get_by_label("How it compares").select_option(label="is one of")
    values = row.locator(".token-input")
    values.focus()
    page.keyboard.type("Sweden")
    page.keyboard.press("Enter")
    page.keyboard.type("Norway")
    page.keyboard.press("Enter")
    expect(row.locator(".token")).to_have_count(2)
    page.keyboard.press("Tab")
    assert focused(page).endswith("-points")
    page.keyboard.type("many")
    page.locator("#field-mql").fill("40")
    page.keyboard.press("Control+Enter")

    # What is wrong stands beside the rule, and nothing typed is lost.
    row = page.locator("#list-fit .rule-row")
    expect(row.locator(".field-error")).to_contain_text("whole number from -100 to 100")
    expect(row.locator(".token")).to_have_count(2)
    row.get_by_label("Points", exact=True).fill("40")
    # The preview follows the keys.
    expect(page.locator("#preview")).to_contain_text("1 would qualify, 0 do now.")
    expect(page.locator("#preview")).to_contain_text("Astrid Lund")
    assert Definition.objects.get().rules == []
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Saved. Nobody’s score changes")).to_be_visible()
    assert Definition.objects.get().rules == [
        {"axis": "fit", "field": "country", "operator": "in", "value": ["Sweden", "Norway"], "points": 40}
    ]

    page.get_by_role("link", name="Propose…").press("Enter")
    page.get_by_label("Why").fill("The first one.")
    page.get_by_role("button", name="Propose").press("Enter")
    page.get_by_role("button", name="Sign for marketing").press("Enter")
    expect(page.get_by_text("Waits for sales to sign.")).to_be_visible()

    sales = page_for(max_)
    sales.goto("/agreement/")
    sales.get_by_role("link", name="What differs in the score").click()
    expect(sales.get_by_text("There is nothing to compare yet")).to_be_visible()
    sales.goto("/scoring/")
    expect(sales.get_by_text("The first one.")).to_be_visible()
    sales.get_by_role("button", name="Sign for sales").press("Enter")
    expect(sales.get_by_text("version 1 is in force")).to_be_visible()
    sales.goto("/scoring/")
    expect(sales.get_by_text("A lead counts as qualified from a score of 40")).to_be_visible()
    expect(sales.locator("canvas")).to_be_visible()


def test_rows_move_and_are_copied_and_the_focus_stays_with_them(page_for, mona):
    rules = [fit("country", "Sweden", 20), fit("title", "head", 10, operator="contains")]
    draft = draft_definition(by=mona, at=MONDAY, rules=rules, thresholds={"mql": 20})
    page = page_for(mona)
    page.goto(f"/scoring/definitions/{draft.pk}/")
    fields = page.locator("#list-fit .rule-row select[name$='-field']")

    page.locator("#row-1").get_by_role("button", name="Move up").press("Enter")
    expect(fields.nth(0)).to_have_value("title")
    expect(page.locator("#row-1").get_by_role("button", name="Move down")).to_be_focused()
    page.locator("#row-1").get_by_role("button", name="Duplicate").press("Enter")
    expect(fields).to_have_count(3)
    # The focus comes a moment after the rows; a key pressed before it arrives would go where it goes.
    expect(fields.nth(1)).to_be_focused()
    page.locator("#row-0").get_by_role("button", name="Remove").press("Enter")
    expect(fields).to_have_count(2)
    assert Definition.objects.get().rules == rules
    page.get_by_role("button", name="Save the draft").click()
    expect(page.get_by_text("Saved. Nobody’s score changes")).to_be_visible()
    assert [rule["field"] for rule in Definition.objects.get().rules] == ["title", "title"]


def test_a_rule_is_written_without_javascript(page_for, mona):
    draft = draft_definition(by=mona, at=MONDAY)
    with_script = page_for(mona)
    with_script.goto("/scoring/")
    plain = with_script.context.browser.new_context(
        java_script_enabled=False, storage_state=with_script.context.storage_state()
    )
    page = plain.new_page()
    address = with_script.url.replace("/scoring/", f"/scoring/definitions/{draft.pk}/")
    page.goto(address)
    page.get_by_role("button", name="Add a fit rule").click()
    row = page.locator("#list-fit .rule-row")
    row.get_by_label("What to look at").select_option(label="Channel")
    row.get_by_role("button", name="Show").click()
    row.get_by_label("How it compares").select_option(label="is one of")
    row.get_by_role("button", name="Show").click()
    row.get_by_label("Values").select_option(["webinar", "partner"])
    row.get_by_label("Points", exact=True).fill("15")
    page.get_by_role("button", name="Save the draft").click()
    expect(row.get_by_label("Points", exact=True)).to_have_value("15")
    plain.close()
    assert Definition.objects.get().rules == [
        {"axis": "fit", "field": "channel", "operator": "in", "value": ["webinar", "partner"], "points": 15}
    ]


def test_what_was_typed_stays_to_be_read_and_a_list_of_values_is_as_high_as_they_are(page_for, mona):
    industries = ["Machinery", "Metal processing", "Plastics", "Food", "Furniture", "Electronics", "Packaging"]
    draft = draft_definition(
        by=mona, at=MONDAY, rules=[fit("company_industry", industries, 10, operator="in"), fit("has_phone", True, 4)]
    )
    page = page_for(mona)
    page.goto(f"/scoring/definitions/{draft.pk}/")
    values = page.locator("#row-0 .tokens")
    expect(values.locator(".token")).to_have_count(7)
    end = values.locator(".token").last.bounding_box()
    box = values.bounding_box()
    assert end
    assert box
    assert box["y"] + box["height"] - (end["y"] + end["height"]) < 10
    values.click(position={"x": box["width"] - 6, "y": box["height"] - 6})
    page.keyboard.type("Textile")
    page.keyboard.press("Enter")
    expect(values.locator(".token")).to_have_count(8)
    assert page.locator("#row-1").get_by_label("Yes or no").locator("option").all_inner_texts() == ["yes", "no"]

    points = page.locator("#row-1").get_by_label("Points", exact=True)
    points.fill("1000")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#row-1 .field-error")).to_be_visible()
    assert points.input_value() == "1000"
    room = "e => e.clientWidth - parseFloat(getComputedStyle(e).paddingInlineEnd)"
    assert points.evaluate(room) > 35
