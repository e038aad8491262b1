"""Mail goes out once, whatever server, network or worker do: over a real SMTP dialogue (tests/mail_server.py)."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from crm.errors import BusinessError, NotAllowed, StaleState
from crm.mailing import (
    LEASE,
    LOST,
    MOST_TRIES,
    NOT_CERTAIN,
    forget_notices,
    oldest_wait,
    queue_mail,
    send_again,
    send_all_again,
    send_due,
    take_back,
)  # fmt: skip
from crm.models import Mail, MailState, Notification
from tests.mail_server import free_port, mail_server

pytestmark = pytest.mark.django_db
NOW = timezone.now()
MINUTE = timedelta(minutes=1)


@pytest.fixture
def over(settings):
    """Send over the mail server at this port."""

    def use(port):
        settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_PORT = (
            "crm.smtp.TandemEmailBackend",
            "127.0.0.1",
            port,
        )
        settings.EMAIL_USE_TLS, settings.EMAIL_TIMEOUT = False, 1
        settings.DEFAULT_FROM_EMAIL, settings.SITE_URL = "Tandem <crm@tandem.test>", "https://crm.test"

    return use


@pytest.fixture
def server(over):
    with mail_server() as running:
        over(running.port)
        yield running


def write(key="a", at=NOW, **facts):
    return queue_mail(
        **{"key": key, "to": "ada@acme.test", "subject": "Hello", "text": "Hello Ada.", "at": at, **facts}
    )


def states():
    return dict(Mail.objects.values_list("key", "state"))


def test_a_mail_goes_out_once(server, rob):
    write(by=rob, to_name="Ada Lovelace", text="Grüße.\nSecond line.")

    assert send_due(at=NOW) == 1
    assert send_due(at=NOW + MINUTE) == 0

    [taken] = server.taken
    assert {name: str(taken[name]) for name in ("From", "To", "Reply-To", "Subject")} == {
        "From": "Rob via Tandem <crm@tandem.test>",
        "To": "Ada Lovelace <ada@acme.test>",
        "Reply-To": "Rob <rob@demo.test>",
        "Subject": "Hello",
    }
    assert taken.get_content().replace("\r\n", "\n") == "Grüße.\nSecond line.\n"
    assert taken.get_content_type() == "text/plain"
    assert Mail.objects.get().sent_at == NOW


def test_the_same_key_is_one_mail(server):
    write(text="first")
    write(text="second")
    send_due(at=NOW)

    assert [mail.get_content().strip() for mail in server.taken] == ["first"]


def test_a_mail_waits_for_its_time(server):
    write(at=NOW + MINUTE)

    assert send_due(at=NOW) == 0
    assert send_due(at=NOW + MINUTE) == 1


def test_what_was_rolled_back_is_never_sent(server):
    with transaction.atomic():
        write()
        transaction.set_rollback(True)

    assert send_due(at=NOW) == 0


def test_a_notice_says_where_to_have_less_of_it(server):
    write()
    send_due(at=NOW)

    [taken] = server.taken
    assert taken["From"] == "Tandem <crm@tandem.test>"
    assert taken["Reply-To"] is None
    assert taken["Auto-Submitted"] == "auto-generated"
    assert taken["List-Unsubscribe"] == "<https://crm.test/settings/notifications/>"


def test_nothing_typed_starts_another_header(server, rob):
    rob.first_name = 'Rob"\r\nBcc: all@evil.test'
    rob.save()
    write(subject="Hi\r\nBcc: all@evil.test", to_name="Ada\nX-Evil: 1", by=rob, text="Hi\n.\n\nRCPT TO:<x@evil.test>")
    send_due(at=NOW)

    [taken] = server.taken
    assert set(taken.keys()) == {
        "Content-Type", "MIME-Version", "Content-Transfer-Encoding", "Subject", "From", "To", "Reply-To", "Date",
        "Message-ID",
    }  # fmt: skip
    assert taken["Subject"] == "Hi Bcc: all@evil.test"
    assert "\n.\n" in taken.get_content().replace("\r\n", "\n")


def test_names_and_subjects_of_any_script_arrive(server, rob):
    rob.last_name = "Gößner, Dr."
    rob.save()
    write(subject="Größe 日本 🚲", to_name="Łukasz, Żak", by=rob)
    send_due(at=NOW)

    [taken] = server.taken
    assert taken["Subject"] == "Größe 日本 🚲"
    assert taken["To"].addresses[0].display_name == "Łukasz, Żak"
    assert taken["From"].addresses[0].display_name == "Rob Gößner, Dr. via Tandem"


def test_every_attempt_has_the_same_message_id(server):
    write()
    server.answers["RCPT"] = "451 try later"
    send_due(at=NOW)
    server.answers = {"END": "die after"}
    send_due(at=NOW + MINUTE)
    server.answers = {}
    Mail.objects.update(state=MailState.QUEUED)
    send_due(at=NOW + 2 * MINUTE)

    first, second = server.taken
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Message-ID"].endswith("@tandem.test>")


def test_a_server_that_is_away_loses_nothing(over):
    port = free_port()
    over(port)
    for key in "abc":
        write(key)

    assert send_due(at=NOW) == 0
    waiting = Mail.objects.get(key="a")
    assert (waiting.state, waiting.tries, waiting.next_try_at) == (MailState.QUEUED, 1, NOW + MINUTE)
    assert "cannot be reached" in waiting.error

    with mail_server(port) as server:
        write("d")  # what comes first once it is back brings the others along
        assert send_due(at=NOW + MINUTE / 2) == 1
        assert send_due(at=NOW + MINUTE / 2) == 3
        assert len(server.taken) == 4


def test_the_wait_grows_to_six_hours_and_ends_after_three_days(over, rob):
    over(free_port())
    write(by=rob)
    at, waits = NOW, []
    while (mail := Mail.objects.get()).state == MailState.QUEUED:
        waits.append(mail.next_try_at - at)
        at = mail.next_try_at
        send_due(at=at)

    assert [wait / MINUTE for wait in waits[:5]] == [0, 1, 2, 4, 8]
    assert max(waits) == timedelta(hours=6)
    assert len(waits) == MOST_TRIES
    assert timedelta(days=2, hours=12) < at - NOW < timedelta(days=3, hours=12)
    [told] = Notification.objects.all()
    assert (told.user, told.kind, told.title) == (rob, "mail_failed", "Not sent: Hello")


def test_a_server_that_hangs_holds_nothing_up(server):
    write()
    server.answers["CONNECT"] = "hang"
    begun = time.monotonic()

    assert send_due(at=NOW) == 0

    assert time.monotonic() - begun < 5
    assert states() == {"a": "queued"}


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "END"])
def test_later_is_tried_later_and_others_go_on(server, command):
    write("a")
    server.answers[command] = "451 busy"
    send_due(at=NOW)
    server.answers = {}
    write("b")

    assert send_due(at=NOW) == 1
    mail = Mail.objects.get(key="a")
    assert (mail.state, mail.error, mail.next_try_at) == (MailState.QUEUED, "451 busy", NOW + MINUTE)
    assert send_due(at=NOW + MINUTE) == 1


@pytest.mark.parametrize("command", ["MAIL", "RCPT", "END"])
def test_a_plain_no_is_final_and_the_writer_is_told(server, rob, command):
    write(by=rob)
    server.answers[command] = "550 no such user here"

    send_due(at=NOW)

    mail = Mail.objects.get()
    assert (mail.state, mail.error) == (MailState.FAILED, "550 no such user here")
    told = Notification.objects.get(user=rob)
    assert told.text == "To ada@acme.test. 550 no such user here"
    assert told.url == f"/mails/{mail.pk}/"


def test_admins_hear_once_a_day_that_notices_fail(server, ada, rob):
    server.answers["RCPT"] = "550 no"
    write("a")
    write("b")
    send_due(at=NOW)

    assert list(Notification.objects.values_list("user", "title")) == [
        (ada.pk, "Notifications could not be sent by e-mail")
    ]


def test_a_connection_that_breaks_before_the_mail_is_handed_over_is_tried_again(server):
    write()
    server.answers["RCPT"] = "die"
    send_due(at=NOW)
    assert states() == {"a": "queued"}

    server.answers = {}
    assert send_due(at=NOW + MINUTE) == 1


@pytest.mark.parametrize("how", ["die after", "die", "hang"])
def test_what_breaks_at_the_last_moment_is_not_sent_twice(server, rob, how):
    write(by=rob)
    server.answers["END"] = how
    send_due(at=NOW)
    server.answers = {}
    send_due(at=NOW + timedelta(days=1))

    assert Mail.objects.get().error == NOT_CERTAIN
    assert len(server.taken) == (how == "die after")
    send_again(Mail.objects.get(), by=rob, at=NOW)
    assert send_due(at=NOW) == 1


def test_what_is_no_address_is_final(server):
    write(to="ada@acme.test\r\nBcc: all@evil.test")
    write("b")
    send_due(at=NOW)

    assert states() == {"a": "failed", "b": "sent"}


def test_nothing_is_tried_without_a_server(settings, rob):
    settings.EMAIL_HOST = ""
    write(by=rob)

    assert send_due(at=NOW) == 0
    assert Mail.objects.get().tries == 0
    with pytest.raises(BusinessError, match="No mail server"):
        send_again(Mail.objects.get(), by=rob, at=NOW)


def test_failed_mail_is_sent_again_by_who_may(server, rob, rosa, ada):
    write("a", by=rob)
    write("b")
    server.answers["RCPT"] = "550 no"
    send_due(at=NOW)
    server.answers = {}
    mail = Mail.objects.get(key="a")

    with pytest.raises(NotAllowed):
        send_again(mail, by=rosa, at=NOW)
    with pytest.raises(NotAllowed):
        send_all_again(by=rob, at=NOW)
    assert send_all_again(by=ada, at=NOW) == 2
    assert send_due(at=NOW) == 2
    with pytest.raises(StaleState):
        send_again(mail, by=rob, at=NOW)


def test_what_has_not_gone_is_taken_back(server):
    take_back(write())
    sent = write("b")
    send_due(at=NOW)

    assert len(server.taken) == 1
    with pytest.raises(StaleState):
        take_back(sent)


def test_the_oldest_wait_is_known(server):
    assert oldest_wait(now=NOW) == 0
    mail = write()
    Mail.objects.update(created_at=NOW - MINUTE)
    assert oldest_wait(now=NOW) == 60
    assert mail.state == "queued"


def test_old_notices_are_forgotten_letters_are_not(rob):
    write("letter", by=rob)
    write("notice")
    Mail.objects.update(created_at=NOW - timedelta(days=40))
    write("young")

    assert forget_notices(now=NOW) == 1
    assert set(states()) == {"letter", "young"}


@pytest.mark.django_db(transaction=True)
def test_a_thousand_mails_go_out_over_few_connections_by_two_workers(server):
    for number in range(1_000):
        write(f"mail {number}", to=f"buyer{number}@acme.test")

    def work():
        while send_due(at=NOW, limit=200):
            pass
        database.close()

    begun = time.monotonic()
    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    seconds = time.monotonic() - begun

    assert len({mail["To"] for mail in server.taken}) == len(server.taken) == 1_000
    assert set(states().values()) == {"sent"}
    assert server.connections <= 20
    assert seconds < 60


SEND = """
import django; django.setup()
from django.utils.timezone import now
from crm.mailing import send_due
send_due(at=now())
"""


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_while_it_sends_leaves_one_mail_to_a_person(server, database_url, services):
    for key in "abc":
        write(key, at=NOW - MINUTE)
    server.answers["END"] = "hang"
    environment = os.environ | {
        "DATABASE_URL": database_url, "REDIS_URL": services.valkey.url, "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(server.port), "EMAIL_USE_TLS": "0", "DJANGO_SETTINGS_MODULE": "crm.settings",
    }  # fmt: skip
    worker = subprocess.Popen([sys.executable, "-c", SEND], env=environment)
    until = time.monotonic() + 20
    while "sending" not in states().values() and time.monotonic() < until:
        time.sleep(0.05)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    server.answers = {}

    assert sorted(states().values()) == ["queued", "queued", "sending"]
    assert send_due(at=NOW) == 2
    assert send_due(at=timezone.now() + LEASE) == 0
    assert sorted(states().values()) == ["failed", "sent", "sent"]
    assert Mail.objects.get(state="failed").error == LOST
