"""The inbox in a browser: keys, live rows, a question that is not disturbed; fields edited in place."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from feedback.models import Handoff
from feedback.verdicts import accept_handoff
from tests.factories import HOUR, make_handoff, make_lead, make_mql

pytestmark = pytest.mark.django_db(transaction=True)


def waiting_for(rep, name, hours=1):
    at = timezone.now() - hours * HOUR
    return make_handoff(to=rep, at=at, lead=make_mql(at=at, last_name=name))


def test_keys_walk_the_list_and_stay_out_of_fields(page_for, rob):
    first, second = waiting_for(rob, "Byrne", 3), waiting_for(rob, "Cole", 2)
    page = page_for(rob)
    page.goto("/inbox/")
    card = page.locator("#inbox-card")
    expect(card).to_have_attribute("data-handoff", str(first.pk))

    page.keyboard.press("j")
    expect(card).to_have_attribute("data-handoff", str(second.pk))
    expect(page).to_have_url(f"{page.url.split('?')[0]}?open={second.pk}")
    page.keyboard.press("k")
    expect(card).to_have_attribute("data-handoff", str(first.pk))

    # "Other" needs words, and the letters typed are words, not keys.
    for key in ("r", "4", "4", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_label("Comment for marketing")).to_be_focused()
    page.keyboard.type("a jar of z and 3")
    expect(page.get_by_label("Comment for marketing")).to_have_value("a jar of z and 3")
    page.keyboard.press("Escape")
    expect(page.get_by_label("Comment for marketing")).to_be_hidden()
    assert set(Handoff.objects.values_list("status", flat=True)) == {"open"}

    page.keyboard.press("?")
    expect(page.locator("#key-sheet")).to_contain_text("Accept")


def test_keys_pressed_faster_than_cards_come_mean_the_row_they_came_to(page_for, rob):
    waiting = [waiting_for(rob, name, hours) for name, hours in (("Byrne", 4), ("Cole", 3), ("Dean", 2), ("Eder", 1))]
    page = page_for(rob)
    page.goto("/inbox/")
    held = []
    page.route(re.compile(r"/inbox/\?open="), lambda route: route.continue_() if held else held.append(route))
    page.keyboard.press("j")
    page.wait_for_timeout(250)
    assert len(held) == 1  # The card of the second is on its way.
    page.keyboard.press("j")
    page.keyboard.press("a")
    expect(page.locator("#toasts")).to_contain_text("Accepted")
    expect(page.locator("#inbox-told")).to_contain_text("Dean is yours")
    assert [status_of(each) for each in waiting] == ["open", "open", "accepted", "open"]


def test_the_next_card_is_there_already_and_says_when_somebody_was_faster(page_for, north, rob, rosa):
    first, second = waiting_for(north, "Byrne", 3), waiting_for(north, "Cole", 2)
    page = page_for(rob)
    with page.expect_response(re.compile(rf"/inbox/\?open={second.pk}$")):
        page.goto("/inbox/")
    # Nothing more is asked for to show it: the server would not answer.
    page.route(re.compile(r"/inbox/\?open="), lambda route: route.abort())
    accept_handoff(second, by=rosa, at=timezone.now())

    page.keyboard.press("a")

    expect(page.locator("#inbox-card")).to_have_attribute("data-handoff", str(second.pk))
    expect(page.locator("#toasts")).to_contain_text("Accepted Lea Byrne")
    expect(page.locator("#inbox-gone")).to_contain_text("Rosa accepted this")
    expect(page.locator(".inbox-row")).to_have_count(0)
    page.keyboard.press("a")
    expect(page.locator("#toasts")).to_contain_text("Rosa accepted this")
    assert (status_of(first), Handoff.objects.get(pk=second.pk).decided_by) == ("accepted", rosa)


def test_two_answers_in_one_breath_are_for_two_hand_offs_and_the_count_follows(page_for, rob):
    waiting = [waiting_for(rob, name, hours) for name, hours in (("Byrne", 4), ("Cole", 3), ("Dean", 2))]
    page = page_for(rob)
    page.goto("/inbox/")
    page.evaluate("document.querySelector('#inbox-list').dataset.liveSeconds = '600'")

    page.keyboard.press("a")
    page.keyboard.press("a")

    expect(page.locator("#inbox-told")).to_contain_text("Cole is yours")
    expect(page.locator("#inbox-card")).to_have_attribute("data-handoff", str(waiting[2].pk))
    expect(page.locator("#inbox-list [data-pulse-key=waiting]")).to_have_text("1")
    expect(page.locator(".inbox-row")).to_have_count(1)
    assert [status_of(handoff) for handoff in waiting] == ["accepted", "accepted", "open"]
    page.keyboard.press("a")
    expect(page.locator("#inbox-card")).to_contain_text("Nothing waits.")


def test_a_new_hand_off_appears_while_a_rejection_is_being_written(page_for, rob):
    waiting_for(rob, "Byrne", 3)
    page = page_for(rob)
    page.goto("/inbox/")
    page.evaluate("document.querySelector('#inbox-list').dataset.liveSeconds = '1'")
    for key in ("r", "2", "1"):
        page.keyboard.press(key)
    page.keyboard.type("No phone")

    waiting_for(rob, "Cole", 1)

    expect(page.locator("#inbox-list")).to_contain_text("Cole", timeout=15_000)
    expect(page.get_by_label("Comment for marketing")).to_have_value("No phone")
    expect(page.get_by_label("Comment for marketing")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("back with marketing for repair")
    expect(page.locator("#inbox-card h2")).to_contain_text("Cole")


def test_a_field_is_edited_where_it_stands(page_for, mia):
    lead = make_lead(at=timezone.now() - HOUR, phone="123")
    page = page_for(mia)
    page.goto(f"/leads/{lead.pk}/")
    phone = page.locator("#field-phone")

    phone.get_by_role("link").click()
    expect(phone.get_by_role("textbox")).to_be_focused()
    page.keyboard.type("999")
    page.keyboard.press("Escape")
    expect(phone).to_contain_text("123")
    phone.get_by_role("link").click()
    expect(phone.get_by_role("textbox")).to_be_focused()
    page.keyboard.type("+49 30")
    # htmx may settle after the first keys: they must not be selected and typed over.
    detail = "{elt: document.activeElement.closest('dd')}"
    page.evaluate(f"document.dispatchEvent(new CustomEvent('htmx:afterSettle', {{detail: {detail}}}))")
    page.keyboard.type(" 555")
    page.keyboard.press("Enter")

    expect(phone).to_contain_text("+49 30 555")
    expect(phone.get_by_role("link")).to_be_focused()
    expect(page.locator(".record-head")).to_contain_text("+49 30 555")
    expect(page.locator("#timeline")).to_contain_text("Phone changed by Mia")


def test_the_inbox_fits_a_phone(page_for, rob):
    waiting_for(rob, "Byrne", 3)
    page = page_for(rob)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/inbox/")
    for name in ("Accept", "Reject", "Snooze"):
        button = page.locator(f"#inbox-card [data-key={name[0].lower()}]")
        box = button.bounding_box()
        assert box["height"] >= 44
        assert box["y"] + box["height"] <= 844
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("link", name="All that wait").click()
    expect(page.locator("#inbox-list")).to_be_visible()
    page.locator(".inbox-row").click()
    expect(page.locator("#inbox-card")).to_be_visible()
    expect(page.locator("#inbox-list")).to_be_hidden()


def status_of(handoff):
    handoff.refresh_from_db()
    return handoff.status


def test_a_working_hour_by_keyboard_alone(page_for, rob):
    first, second, third = (waiting_for(rob, name, hours) for name, hours in (("Byrne", 3), ("Cole", 2), ("Dean", 1)))
    page = page_for(rob)
    page.goto("/inbox/")
    card, toasts = page.locator("#inbox-card"), page.locator("#toasts")

    page.keyboard.press("a")
    expect(card).to_have_attribute("data-handoff", str(second.pk))
    expect(page.locator("#inbox-told")).to_contain_text("Byrne is yours")
    assert status_of(first) == "accepted"
    page.keyboard.press("z")
    expect(toasts).to_contain_text("Undone")
    expect(card).to_have_attribute("data-handoff", str(first.pk))
    assert status_of(first) == "open"

    # Bad data, data is wrong: two keys, then the words.
    page.keyboard.press("r")
    page.keyboard.press("2")
    page.keyboard.press("2")
    expect(page.get_by_label("Comment for marketing")).to_be_focused()
    page.get_by_label("Phone", exact=True).check()
    page.keyboard.press("Enter")
    expect(toasts).to_contain_text("back with marketing for repair")
    expect(card).to_have_attribute("data-handoff", str(second.pk))
    assert (status_of(first), first.wrong_fields) == ("rejected", ["phone"])

    page.keyboard.press("s")
    expect(page.get_by_text("In an hour")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("In an hour")).to_be_hidden()
    page.keyboard.press("s")
    page.keyboard.press("1")
    expect(card).to_have_attribute("data-handoff", str(third.pk))
    expect(page.locator(".inbox-snoozed summary")).to_contain_text("1")
    page.keyboard.press("z")
    expect(card).to_have_attribute("data-handoff", str(second.pk))
    second.refresh_from_db()
    assert (second.status, second.snoozed_until) == ("open", None)


def test_many_are_answered_by_keyboard_and_who_moved_is_named(page_for, north, rob, rosa):
    handoffs = [
        waiting_for(north, name, hours) for name, hours in (("Byrne", 4), ("Cole", 3), ("Dean", 2), ("Eads", 1))
    ]
    page = page_for(rob)
    page.goto("/inbox/")
    page.evaluate("document.querySelector('#inbox-list').dataset.liveSeconds = '600'")
    card = page.locator("#inbox-card")
    for number in range(3):
        page.keyboard.press("x")
        expect(page.locator("[data-selected-words]")).to_have_text(f"{number + 1} selected")
        page.keyboard.press("j")
        expect(card).to_have_attribute("data-handoff", str(handoffs[number + 1].pk))
    expect(page.locator("[data-selected-words]")).to_have_text("3 selected")
    accept_handoff(handoffs[1], by=rosa, at=timezone.now())

    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Accept 3 leads")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("#toasts")).to_contain_text("2 leads accepted, 1 left as it was.")
    expect(page.locator(".inbox-left")).to_contain_text("Cole")
    expect(page.locator(".inbox-left")).to_contain_text("Rosa accepted this")
    expect(page.locator(".inbox-selected")).to_be_hidden()
    assert [status_of(handoff) for handoff in handoffs] == ["accepted", "accepted", "accepted", "open"]
    page.keyboard.press("z")
    expect(page.locator("#toasts")).to_contain_text("2 leads are as they were before.")
    expect(page.locator(".inbox-row")).to_have_count(3)
    assert [status_of(handoff) for handoff in handoffs] == ["open", "accepted", "open", "open"]


def test_what_is_selected_stays_so_while_the_list_refreshes_itself(page_for, rob):
    waiting_for(rob, "Byrne", 3)
    page = page_for(rob)
    page.goto("/inbox/")
    page.evaluate("document.querySelector('#inbox-list').dataset.liveSeconds = '1'")
    page.keyboard.press("x")
    waiting_for(rob, "Cole", 1)
    expect(page.locator("#inbox-list")).to_contain_text("Cole", timeout=15_000)
    expect(page.locator("[data-selected-words]")).to_have_text("1 selected")
    expect(page.get_by_label("Select Lea Byrne")).to_be_checked()


@pytest.fixture
def phone(browser, live_server, client_for):
    """Open a page on a phone that is touched, by this user."""
    contexts = []

    def open_page(user):
        context = browser.new_context(
            base_url=live_server.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        cookie = client_for(user).cookies["sessionid"]
        context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": live_server.url}])
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


def test_the_same_by_thumb(phone, rob):
    first, second, third, fourth = (
        waiting_for(rob, name, hours) for name, hours in (("Byrne", 4), ("Cole", 3), ("Dean", 2), ("Eads", 1))
    )
    page = phone(rob)
    page.goto("/inbox/")
    card = page.locator("#inbox-card")

    page.locator("#inbox-card [data-key=a]").tap()
    expect(card).to_have_attribute("data-handoff", str(second.pk))
    page.get_by_role("button", name="Undo").tap()
    expect(card).to_have_attribute("data-handoff", str(first.pk))
    assert status_of(first) == "open"

    page.wait_for_timeout(500)
    page.locator("#inbox-card [data-key=r]").tap()
    page.get_by_role("button", name="Not now").tap()
    page.get_by_text("Budget comes later").tap()
    page.get_by_text("In a month").tap()
    page.get_by_role("button", name="Send rejection").tap()
    expect(card).to_have_attribute("data-handoff", str(second.pk))
    assert status_of(first) == "rejected"

    page.wait_for_timeout(500)
    page.locator("#inbox-card [data-key=s]").tap()
    page.get_by_text("In an hour").tap()
    expect(card).to_have_attribute("data-handoff", str(third.pk))

    page.locator(".inbox-back").tap()
    page.get_by_label("Select Lea Dean").tap()
    page.get_by_label("Select Lea Eads").tap()
    expect(page.locator("[data-selected-words]")).to_have_text("2 selected")
    page.locator(".inbox-selected [data-key=a]").tap()
    page.get_by_role("button", name="Accept 2 leads").tap()
    expect(page.locator("#toasts")).to_contain_text("2 leads accepted.")
    assert (status_of(third), status_of(fourth)) == ("accepted", "accepted")
