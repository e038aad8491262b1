"""Fields of one's own: an admin makes one, a marketer fills it in where it stands and asks the list for it."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from leads.models import CustomField, Lead
from leads.reasons import seed_reasons
from tests.factories import make_field, make_lead, make_team, make_user

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def mia() -> Any:
    seed_reasons()
    return make_user("mia", role="marketer", team=make_team("Marketing", kind="marketing"))


def test_an_admin_makes_changes_and_deletes_a_field(page_for: Callable[[Any], Page]) -> None:
    page = page_for(make_user("ada", role="admin"))
    page.goto("/settings/fields/")

    page.keyboard.press("n")
    form = page.locator("form.field-settings")
    expect(form.get_by_label("Name")).to_be_focused()
    expect(form.get_by_label("Choices")).to_be_hidden()
    form.get_by_label("Name").fill("Plans today with")
    form.get_by_label("Choice", exact=True).check()
    expect(form.get_by_label("Currency")).to_be_hidden()
    form.get_by_role("button", name="Add the field").click()
    expect(form).to_contain_text("Write at least one choice")
    form.get_by_label("Choices").fill("Whiteboard\nSpreadsheets")
    form.get_by_role("button", name="Add the field").click()
    row = page.locator("#lead li")
    expect(row).to_contain_text("Choice: Whiteboard, Spreadsheets")

    row.get_by_role("link", name="Delete Plans today with").click()
    expect(page.locator("#panel-body")).to_contain_text("No record holds a value of it")
    page.get_by_role("button", name="Delete the field").click()
    expect(page.locator("#lead")).to_contain_text("None yet.")
    assert CustomField.objects.get().deleted_at


def test_a_value_is_filled_in_where_it_stands_and_found(page_for: Callable[[Any], Page], mia: Any) -> None:
    make_field("Machines")
    make_field("Tool", "choice", choices=["Whiteboard", "Spreadsheets"])
    lead = make_lead(first_name="Lea", last_name="Lang", owner=mia)
    page = page_for(mia)
    page.goto(f"/leads/{lead.pk}/")

    page.locator("#fields summary").click()
    machines = page.locator("[id='field-custom.machines']")
    machines.get_by_role("link").click()
    box = page.get_by_role("textbox", name="Machines", exact=True)
    expect(box).to_be_focused()
    box.fill("a dozen")
    page.keyboard.press("Enter")
    expect(machines).to_contain_text("“a dozen” is not a number; write it like 1250 or 12.5.")
    box.fill("12")
    page.keyboard.press("Tab")
    choice = page.get_by_label("Tool", exact=True)
    expect(choice).to_be_focused()
    expect(machines).to_contain_text("12")
    choice.select_option("Whiteboard")
    page.keyboard.press("Enter")
    expect(page.locator("[id='field-custom.tool']").get_by_role("link")).to_be_focused()
    assert Lead.objects.get().custom == {"machines": 12, "tool": "Whiteboard"}

    page.goto("/leads/?tab=all&columns=custom.tool")
    page.keyboard.press("f")
    page.keyboard.type("Machines")
    page.keyboard.press("Enter")
    page.get_by_label("From").fill("13")
    page.keyboard.press("Enter")
    expect(page.get_by_text("No lead passes these filters")).to_be_visible()
    page.get_by_text("Machines: from 13").first.click()
    page.get_by_label("From").fill("12")
    page.keyboard.press("Enter")
    expect(page.locator("[data-row]")).to_contain_text("Whiteboard")
