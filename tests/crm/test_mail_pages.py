"""The pages of notifications and of the mail server."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.mailing import queue_mail
from crm.models import Mail, MailState, Notification
from crm.notifications import notify
from tests.factories import DAY
from tests.mail_server import free_port, mail_server

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def server(settings):
    with mail_server() as running:
        settings.EMAIL_BACKEND, settings.EMAIL_USE_TLS = "crm.smtp.TandemEmailBackend", False
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_HOST_PASSWORD = "127.0.0.1", running.port, "secret99"
        yield running


def ring(*people, count=1, **facts):
    for number in range(count):
        notify(people, **{"kind": "handoff", "key": str(number), "title": f"Lead {number}", "at": NOW, **facts})


def failed(key="a", **facts):
    mail = queue_mail(key=key, to="ada@acme.test", subject=f"About {key}", text="Hi", at=NOW)
    Mail.objects.filter(pk=mail.pk).update(state=MailState.FAILED, error="550 no such user", **facts)
    return mail


def test_choices_are_kept(client_for, rob):
    page = client_for(rob)
    rob.mail_muted = ["verdict", "handoff"]
    rob.save()
    text = page.get("/settings/notifications/").content.decode()
    assert 'value="handoff">' in text
    assert 'value="task_due" checked>' in text
    assert 'value="verdict"' not in text

    page.post("/settings/notifications/", {"pace": "daily", "kinds": ["handoff", "mention"]})

    rob.refresh_from_db()
    assert rob.mail_pace == "daily"
    assert {"handoff", "mention"}.isdisjoint(rob.mail_muted)
    # What a rep is not asked about stays as it was.
    assert {"verdict", "task_due", "overdue"} <= set(rob.mail_muted)


@pytest.mark.parametrize("sent", [{"pace": "yearly"}, {"kinds": ["handoff"]}, {"pace": "daily", "kinds": ["nonsense"]}])
def test_choices_that_make_no_sense_change_nothing(client_for, rob, sent):
    assert client_for(rob).post("/settings/notifications/", sent).status_code == 422

    rob.refresh_from_db()
    assert (rob.mail_pace, rob.mail_muted) == ("hourly", [])


def test_only_admins_see_to_the_mail_server(client_for, rob, max_):
    for person in (rob, max_):
        page = client_for(person)
        assert page.get("/settings/mail/").status_code == 403
        assert page.post("/settings/mail/test/").status_code == 403
        assert page.post("/settings/mail/again/").status_code == 403
        assert page.post(f"/settings/mail/{failed().pk}/again/").status_code == 403


def test_the_server_is_shown_without_its_password(client_for, ada, server):
    text = client_for(ada).get("/settings/mail/").content.decode()

    assert f"127.0.0.1:{server.port}" in text
    assert "secret99" not in text


def test_without_a_server_it_says_how_to_set_one_up(client_for, ada, settings):
    settings.EMAIL_HOST = ""
    text = client_for(ada).get("/settings/mail/").content.decode()

    assert "No mail server is set up" in text
    assert "EMAIL_HOST=" in text
    assert "Send me a test" not in text


def test_a_test_says_what_the_server_said(client_for, ada, server, settings):
    page = client_for(ada)
    assert "Sent to ada@demo.test" in page.post("/settings/mail/test/", follow=True).content.decode()
    assert server.taken[0]["Subject"] == "E-mail from Tandem works"

    server.answers["RCPT"] = "550 not allowed to relay"
    assert "550 not allowed to relay" in page.post("/settings/mail/test/", follow=True).content.decode()
    settings.EMAIL_PORT = free_port()
    assert "Connection refused" in page.post("/settings/mail/test/", follow=True).content.decode()


def test_failed_mail_is_listed_and_sent_again(client_for, ada, server):
    first = failed("a")
    failed("b")
    page = client_for(ada)
    assert "550 no such user" in page.get("/settings/mail/").content.decode()

    page.post(f"/settings/mail/{first.pk}/again/")
    assert Mail.objects.get(key="a").state == MailState.QUEUED
    page.post("/settings/mail/again/")
    assert set(Mail.objects.values_list("state", flat=True)) == {"queued"}


def test_the_page_of_mail_costs_the_same(client_for, ada, server):
    page = client_for(ada)

    def queries():
        with CaptureQueriesContext(connection) as seen:
            page.get("/settings/mail/")
        return len(seen)

    failed("a")
    page.get("/settings/mail/")
    one = queries()
    for number in range(60):
        failed(str(number))
    assert queries() == one


def test_the_bell_is_grouped_by_day(client_for, rob):
    ring(rob, key="a", at=NOW)
    ring(rob, key="b", at=NOW - DAY, kind="task_due")
    text = client_for(rob).get("/notifications/").content.decode()

    assert text.index("Today") < text.index("Lead 0") < text.index("Yesterday")
    assert "Handed to you" in text
    assert "Task due" in text


def test_older_ones_come_page_by_page_and_none_twice(client_for, rob):
    ring(rob, count=50)
    page, seen, address = client_for(rob), [], "/notifications/"
    while address and len(seen) < 99:
        text = page.get(address, HTTP_HX_REQUEST="true", HTTP_HX_TARGET="notices-more").content.decode()
        seen += re.findall(r"Lead \d+", text)
        older = re.search(r'href="(/notifications/\?before=\d+)"', text)
        address = older and older[1]

    assert seen == [f"Lead {number}" for number in reversed(range(50))]


def test_nobody_pages_from_anothers_notice(client_for, rob, rosa):
    ring(rosa)
    ring(rob, key="mine")
    answer = client_for(rob).get(f"/notifications/?before={Notification.objects.get(user=rosa).pk}")

    assert answer.context["days"] == []


def test_the_bell_costs_the_same(client_for, rob):
    page = client_for(rob)

    def queries():
        with CaptureQueriesContext(connection) as seen:
            page.get("/notifications/", HTTP_HX_REQUEST="true", HTTP_HX_TARGET="panel-body")
        return len(seen)

    ring(rob)
    page.get("/notifications/")
    one = queries()
    ring(rob, count=50)
    assert queries() == one


def test_all_read(client_for, rob):
    ring(rob, count=3)
    answer = client_for(rob).post("/notifications/reading/", HTTP_HX_REQUEST="true")

    assert "All read" in answer.content.decode()
    assert 'hx-swap-oob="true"' in answer.content.decode()
    assert not Notification.objects.filter(read_at=None)
