"""A working day in a real browser: a call by mouse, by keyboard and by one thumb; the bell; Today."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from leads.models import Activity, Task
from leads.next_steps import add_task
from leads.reminders import remind
from leads.subjects import Subject
from tests.factories import DAY, make_lead

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def lead(rob):
    return make_lead(first_name="Ada", last_name="Lovelace", phone="+493012345", owner=rob, team=rob.team)


def logged():
    return list(Activity.objects.values_list("kind", "outcome", "note"))


def test_the_simplest_call_takes_two_clicks(page_for, rob, lead):
    page = page_for(rob)
    page.goto(f"/leads/{lead.pk}/")

    page.locator("#composer").get_by_text("Voicemail").click()
    page.get_by_role("button", name="Log call").click()

    expect(page.get_by_text("Call logged.")).to_be_visible()
    expect(page.locator("#timeline")).to_contain_text("oicemail")
    assert logged() == [("call", "voicemail", "")]
    page.keyboard.press("z")
    expect(page.get_by_text("Removed.")).to_be_visible()
    assert logged() == []


def test_a_call_by_keyboard_with_its_next_step_survives_a_reload(page_for, rob, lead):
    page = page_for(rob)
    page.goto(f"/leads/{lead.pk}/")
    expect(page.locator("#next-step")).to_contain_text("No next step")

    page.keyboard.press("n")
    page.keyboard.press("Escape")
    page.keyboard.press("c")
    page.keyboard.press("1")
    page.keyboard.type("Wants a demo")
    page.reload()
    expect(page.locator("#id_call_note")).to_have_value("Wants a demo")
    page.locator("#composer form[data-tab=call]").get_by_text("3 d", exact=True).click()
    page.locator("#id_call_note").press("Control+Enter")

    expect(page.locator("#next-step")).to_contain_text("Call Ada back")
    assert logged() == [("call", "reached", "Wants a demo")]
    page.reload()
    expect(page.locator("#id_call_note")).to_have_value("")


def test_a_call_without_an_outcome_says_so_and_keeps_the_words(page_for, rob, lead):
    page = page_for(rob)
    page.goto(f"/leads/{lead.pk}/")

    page.locator("#id_call_note").fill("Long talk")
    page.get_by_role("button", name="Log call").click()

    expect(page.locator("#composer")).to_contain_text("Say how the call ended.")
    expect(page.locator("#id_call_note")).to_have_value("Long talk")


def test_log_it_asks_on_the_next_page_too_and_one_thumb_answers(page_for, rob, lead):
    page = page_for(rob)
    page.set_viewport_size(PHONE)
    page.goto(f"/leads/{lead.pk}/")
    page.evaluate("document.addEventListener('click', e => e.target.closest('a[href^=tel]') && e.preventDefault())")
    page.locator("a[href^='tel:']").first.click()
    expect(page.locator(".log-strip")).to_contain_text("Called Ada Lovelace?")

    page.goto("/")
    answer = page.locator(".log-strip").get_by_text("No answer")
    assert answer.bounding_box()["height"] >= 44
    answer.click()

    expect(page.locator(".log-strip")).to_have_count(0)
    expect(page.get_by_text("Call logged.")).to_be_visible()
    assert logged() == [("call", "no_answer", "")]
    page.reload()
    expect(page.locator(".log-strip")).to_have_count(0)


def test_a_phone_logs_a_call_without_sideways_scrolling(page_for, rob, lead):
    page = page_for(rob)
    page.set_viewport_size(PHONE)
    page.goto(f"/leads/{lead.pk}/")

    page.locator("#composer").get_by_text("Reached").click()
    page.get_by_role("button", name="Log call").click()

    expect(page.get_by_text("Call logged.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert logged() == [("call", "reached", "")]


def test_the_bell_rings_in_an_open_page(page_for, rob, lead):
    now = timezone.now()
    add_task(Subject(lead), by=rob, at=now, title="Call Ada", due_at=now + DAY, remind_at=now - timedelta(seconds=1))
    page = page_for(rob)
    page.goto("/settings/me/")
    expect(page.locator("#bell .nav-count")).to_have_count(0)

    remind(at=timezone.now())

    expect(page.locator("#bell .nav-count")).to_contain_text("1", timeout=20_000)
    page.keyboard.press("b")
    page.get_by_role("link", name="Call Ada").click()
    expect(page).to_have_url(f"{page.url.split('/leads')[0]}/leads/{lead.pk}/")
    expect(page.locator("#bell .nav-count")).to_have_count(0)


def test_today_does_a_task_in_place_and_takes_it_back(page_for, rob, lead):
    now = timezone.now()
    add_task(Subject(lead), by=rob, at=now, title="Call Ada", due_at=now)
    page = page_for(rob)
    page.goto("/")

    page.get_by_role("button", name="Done: Call Ada").click()
    expect(page.locator("#home-tasks")).to_contain_text("Nothing is due")
    assert Task.objects.get().done_by == rob

    page.keyboard.press("z")
    expect(page.locator("#home-tasks")).to_contain_text("Call Ada")


def test_cancel_closes_the_panel_on_a_page_that_is_no_record(page_for, rob):
    page = page_for(rob)
    page.goto("/tasks/?tab=all")
    page.keyboard.press("n")

    page.locator("#panel").get_by_text("Cancel").click()

    expect(page.locator("#panel")).to_be_hidden()
    assert page.url.endswith("/tasks/?tab=all")
