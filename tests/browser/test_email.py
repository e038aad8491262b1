"""Writing an e-mail from a lead: by the keyboard, with a template, taken back, sent."""

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import expect

from crm.mailing import send_due
from crm.models import Mail, Notification
from crm.notifications import notify
from leads.models import Activity
from tests.factories import DAY, make_lead
from tests.mail_server import mail_server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(settings):
    with mail_server() as running:
        settings.EMAIL_BACKEND, settings.EMAIL_USE_TLS = "crm.smtp.TandemEmailBackend", False
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        yield running


@pytest.fixture
def lead(rob):
    from leads.mail_templates import seed_templates

    seed_templates()
    return make_lead(owner=rob, first_name="Ada", last_name="Lovelace", company_name="Acme", email="ada@acme.test")


def test_an_e_mail_is_written_taken_back_and_sent(page_for, rob, lead, server):
    page = page_for(rob)
    page.goto(f"/leads/{lead.pk}/")
    page.keyboard.press("e")
    expect(page.locator("#id_write_subject")).to_be_focused()

    page.get_by_text("Template", exact=True).click()
    page.get_by_role("link", name="First contact").click()
    expect(page.locator("#id_write_subject")).to_have_value("Acme and us")
    page.locator("#id_write_text").fill("Hello {first_name}, one word.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Goes out in 20 seconds.")).to_be_visible()
    expect(page.locator(".mail-state")).to_contain_text("Waiting to be sent")
    expect(page.locator("#id_write_text")).to_have_value("")

    page.locator("h1").click()
    page.keyboard.press("z")
    expect(page.locator(".mail-state")).to_have_count(0)
    assert (Mail.objects.count(), Activity.objects.count()) == (0, 0)

    page.locator("#id_write_subject").fill("Again")
    page.locator("#id_write_text").fill("Hello {first_name}, two words.")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".mail-state")).to_contain_text("Waiting to be sent")
    send_due(at=timezone.now() + DAY)
    expect(page.locator(".mail-state")).to_contain_text("Sent")
    assert server.taken[0].get_content().strip() == "Hello Ada, two words."


def test_a_template_asks_before_it_replaces_what_was_typed(page_for, rob, lead, server):
    page = page_for(rob)
    page.goto(f"/leads/{lead.pk}/")
    page.keyboard.press("e")
    page.locator("#id_write_text").fill("My own words")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_text("Template", exact=True).click()
    page.get_by_role("link", name="First contact").click()
    expect(page.locator("#id_write_text")).to_have_value("My own words")

    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_text("Template", exact=True).click()
    page.get_by_role("link", name="First contact").click()
    expect(page.locator("#id_write_subject")).to_have_value("Acme and us")


def test_what_was_typed_survives_a_reload(page_for, rob, lead, server):
    page = page_for(rob)
    page.goto(f"/leads/{lead.pk}/")
    page.keyboard.press("e")
    page.locator("#id_write_text").press_sequentially("Half a mail")
    page.reload()

    expect(page.locator("#id_write_text")).to_be_visible()
    expect(page.locator("#id_write_text")).to_have_value("Half a mail")


def test_the_bell_shows_what_is_new_by_day_and_all_is_read(page_for, rob):
    for number in range(25):
        facts = {"kind": "handoff", "title": f"Lead {number} was handed to you", "url": "/inbox/"}
        notify([rob], key=str(number), at=timezone.now() - number * DAY / 10, **facts)
    page = page_for(rob)
    page.goto("/leads/")
    page.keyboard.press("b")
    expect(page.locator("#panel .notices-day").first).to_contain_text("Lead 0 was handed to you")
    page.get_by_role("link", name="Show older").click()
    expect(page.locator("#panel .notices > li")).to_have_count(25)
    page.get_by_role("button", name="Mark all read").click()
    expect(page.locator("#bell .nav-count")).to_have_count(0)
    assert not Notification.objects.filter(read_at=None)
    connection.close()
