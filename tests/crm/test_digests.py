"""The bell by e-mail: at each person's pace, of the kinds they chose, once, and never what was read."""

import threading
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.digests import due_before, preview, queue_digests
from crm.models import HolidayCalendar, Mail, MailPace, Notification, NotificationKind, Organisation
from crm.notice_kinds import WORDS, groups_for
from crm.notifications import mark_all_read, notify
from crm.working_time import schedule_of
from tests.factories import DAY, HOUR, MONDAY, make_user

pytestmark = pytest.mark.django_db
LATER = MONDAY + HOUR


@pytest.fixture(autouse=True)
def has_server(settings):
    settings.EMAIL_HOST, settings.SITE_URL = "mail.test", "https://crm.test"


@pytest.fixture
def at_once(rob):
    return choose(rob, mail_pace="at_once")


def choose(person, **choices):
    for name, value in choices.items():
        setattr(person, name, value)
    person.save()
    return person


def ring(*people, key="1", at=MONDAY, kind="handoff", **facts):
    notify(people, **{"kind": kind, "key": key, "title": f"Lead {key}", "url": "/inbox/", "at": at, **facts})


def mailed():
    return sorted(Mail.objects.values_list("to", "subject"))


def test_every_kind_has_words_and_a_sign():
    assert set(WORDS) == set(NotificationKind)


def test_everybody_is_offered_the_kinds_of_their_side(rob, mia, ada, max_):
    def titles(person):
        return [group.title for group in groups_for(person)]

    assert titles(rob) == ["Sales", "Everybody"]
    assert titles(mia) == ["Marketing", "Everybody"]
    assert titles(ada) == ["Sales", "Marketing", "Everybody"]
    assert titles(max_) == ["Sales", "Everybody"]


def test_one_thing_is_its_own_subject(at_once):
    ring(at_once, title="Ada Lovelace was handed to you", text="Acme")

    assert queue_digests(at=LATER) == 1
    mail = Mail.objects.get()
    assert (mail.to, mail.subject) == ("rob@demo.test", "Handed to you: Ada Lovelace was handed to you")
    assert "  Acme\n" in mail.text
    assert f"https://crm.test/notifications/{Notification.objects.get().pk}/" in mail.text
    assert "https://crm.test/settings/notifications/" in mail.text
    assert "&" not in mail.text


def test_many_things_are_one_mail_by_kind(at_once):
    for number in range(40):
        ring(at_once, key=f"{number:02}", kind="verdict" if number % 2 else "handoff")
    queue_digests(at=LATER)

    mail = Mail.objects.get()
    assert mail.subject == "40 notifications in Tandem"
    assert "and 10 more: https://crm.test/notifications/" in mail.text
    assert mail.text.index("HANDED TO YOU") < mail.text.index("SALES ANSWERED")
    assert mail.text.count("https://crm.test/notifications/") == 31
    assert "Lead 39" in mail.text
    assert "Lead 00" not in mail.text


def test_nothing_is_mailed_twice(at_once):
    ring(at_once)
    assert queue_digests(at=LATER) == 1
    ring(at_once, key="2", at=LATER)
    assert queue_digests(at=LATER + HOUR) == 1
    assert queue_digests(at=LATER + DAY) == 0

    assert [subject for _to, subject in mailed()] == ["Handed to you: Lead 1", "Handed to you: Lead 2"]


def test_what_was_read_is_not_mailed(at_once):
    ring(at_once)
    mark_all_read(at_once, at=MONDAY)

    assert queue_digests(at=LATER) == 0


def test_there_is_a_moment_to_read_it_first(at_once):
    ring(at_once)

    assert queue_digests(at=MONDAY) == 0
    assert queue_digests(at=MONDAY + HOUR / 60) == 1


def test_who_wants_none_gets_none_now_or_later(rob, rosa, sam, north):
    ring(choose(rob, mail_pace="never"), choose(rosa, mail_pace="at_once", mail_muted=["handoff"]))
    ring(choose(sam, mail_pace="at_once", is_active=False))
    ring(make_user("import", team=north, email=None, mail_pace="at_once"))
    assert queue_digests(at=LATER) == 0

    choose(rob, mail_pace="at_once")
    choose(rosa, mail_muted=[])
    assert queue_digests(at=LATER + HOUR) == 0


def test_hourly_goes_at_the_full_hour(rob):
    choose(rob, mail_pace="hourly")
    ring(rob, at=MONDAY + HOUR / 4)
    ring(rob, key="2", at=MONDAY + HOUR / 2)

    assert queue_digests(at=MONDAY + HOUR * 0.9) == 0
    assert queue_digests(at=MONDAY + HOUR) == 1
    assert mailed() == [("rob@demo.test", "2 notifications in Tandem")]


@pytest.mark.parametrize(
    ("zone", "at", "morning"),
    [
        ("Europe/Berlin", datetime(2026, 3, 3, 7, tzinfo=UTC), datetime(2026, 3, 3, 7, tzinfo=UTC)),
        ("Europe/Berlin", datetime(2026, 3, 3, 6, 59, tzinfo=UTC), datetime(2026, 3, 2, 7, tzinfo=UTC)),
        ("America/New_York", datetime(2026, 3, 3, 14, tzinfo=UTC), datetime(2026, 3, 3, 13, tzinfo=UTC)),
        # Summer time began on Sunday 29 March: eight o'clock is an hour earlier in UTC.
        ("Europe/Berlin", datetime(2026, 3, 30, 6, tzinfo=UTC), datetime(2026, 3, 30, 6, tzinfo=UTC)),
        # On a Sunday it is still Friday's.
        ("Europe/Berlin", datetime(2026, 3, 8, 12, tzinfo=UTC), datetime(2026, 3, 6, 7, tzinfo=UTC)),
    ],
)
def test_daily_goes_in_the_persons_own_morning_on_working_days(rob, zone, at, morning):
    choose(rob, mail_pace="daily", time_zone=zone)

    assert due_before(rob, schedule_of(rob, None), at=at) == morning


def test_who_works_on_sundays_gets_it_on_sundays(rob):
    choose(rob, mail_pace="daily", working_hours={"sun": ["09:00", "12:00"]})
    sunday = datetime(2026, 3, 8, 12, tzinfo=UTC)

    assert due_before(rob, schedule_of(rob, None), at=sunday) == sunday.replace(hour=8)


def test_the_weekends_news_come_on_monday(rob):
    choose(rob, mail_pace="daily")
    ring(rob, at=MONDAY - 3 * DAY + HOUR)  # Friday at ten

    assert queue_digests(at=MONDAY - DAY) == 0
    assert queue_digests(at=MONDAY) == 1


def test_nobody_gets_it_on_a_holiday(rob, north):
    calendar = HolidayCalendar.objects.create(name="Berlin")
    calendar.holidays.create(day=MONDAY.date())
    north.holidays = calendar
    north.save()
    choose(rob, mail_pace="daily")
    ring(rob, at=MONDAY - 3 * DAY + HOUR)  # Friday at ten

    assert queue_digests(at=MONDAY) == 0
    assert queue_digests(at=MONDAY + DAY) == 1


def test_of_long_holidays_nothing_is_due(rob, north):
    calendar = HolidayCalendar.objects.create(name="Summer")
    for days in range(30):
        calendar.holidays.create(day=(MONDAY - days * DAY).date())
    north.holidays = calendar
    north.save()
    choose(rob, mail_pace="daily")

    assert due_before(rob, schedule_of(rob, None), at=MONDAY) == MONDAY - 14 * DAY


def test_without_a_server_nothing_waits_longer_than_a_day(at_once, settings):
    settings.EMAIL_HOST = ""
    ring(at_once, at=MONDAY - 2 * DAY)
    ring(at_once, key="young", at=MONDAY)
    assert queue_digests(at=MONDAY) == 0
    assert Mail.objects.count() == 0

    settings.EMAIL_HOST = "mail.test"
    queue_digests(at=LATER)
    assert mailed() == [("rob@demo.test", "Handed to you: Lead young")]


def test_the_preview_shows_what_would_come(rob, mia):
    assert "TASK DUE" in preview(rob)
    assert "SALES ANSWERED" in preview(mia)
    ring(rob, title="Ada waits")
    assert "Ada waits" in preview(rob)
    assert Mail.objects.count() == 0


def test_many_people_cost_the_same(north):
    Organisation.get()

    def queries(count, key):
        people = [make_user(f"{key}{number}", team=north, mail_pace=MailPace.AT_ONCE) for number in range(count)]
        ring(*people, key=key)
        with CaptureQueriesContext(connection) as seen:
            assert queue_digests(at=LATER) == count
        return len(seen)

    assert queries(1, "a") == queries(30, "b") <= 10


@pytest.mark.django_db(transaction=True)
def test_sweeps_side_by_side_write_each_notice_once(north):
    people = [make_user(f"p{number}", team=north, mail_pace="at_once") for number in range(20)]
    for number in range(10):
        ring(*people, key=str(number))

    def sweep():
        queue_digests(at=LATER)
        connection.close()

    sweeps = [threading.Thread(target=sweep) for _ in range(4)]
    for each in sweeps:
        each.start()
    for each in sweeps:
        each.join()

    texts = "".join(Mail.objects.values_list("text", flat=True))
    assert Mail.objects.count() == 20
    assert texts.count("https://crm.test/notifications/") == 200
