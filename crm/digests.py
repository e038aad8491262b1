"""What the bell says, by e-mail: one mail a person, at the pace and of the kinds that each has chosen.

Notices are taken and their mail is written in one transaction: nothing is sent twice and nothing is lost. What was read
before is not mailed, and what a person does not want is settled as soon as it is told, so that a change of mind brings
no flood.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.template.loader import render_to_string
from django.urls import reverse

from crm.letters import absolute
from crm.mailing import queue_mails
from crm.models import Mail, MailPace, Notification, NotificationKind, User
from crm.smtp import is_configured
from crm.working_time import WHOLE_DAY, Schedule, schedules_for

# Time to read it in the product first.
AT_ONCE_AFTER = timedelta(seconds=45)
MORNING = time(8)
# While there is no mail server notices grow old; of what waits otherwise the longest is a daily digest over holidays.
OLD_WITHOUT_SERVER = timedelta(days=1)
OLD = timedelta(days=14)
MOST_ROWS = 30
SATURDAY = 5

SETTLE = """
    UPDATE crm_notification AS notice SET mailed_at = %(at)s
    FROM crm_user AS person
    WHERE person.id = notice.user_id AND notice.mailed_at IS NULL
      AND (notice.read_at IS NOT NULL OR notice.at < %(too_old)s OR NOT person.is_active OR person.email IS NULL
           OR person.mail_pace = 'never' OR notice.kind = ANY(person.mail_muted))
"""
# Of two sweeps at once the second waits for the first and then finds them mailed.
TAKE = """
    UPDATE crm_notification AS notice SET mailed_at = %(at)s
    FROM unnest(%(people)s::bigint[], %(before)s::timestamptz[]) AS asked (person, before)
    WHERE notice.user_id = asked.person AND notice.at < asked.before
      AND notice.mailed_at IS NULL AND notice.read_at IS NULL
    RETURNING notice.id
"""


def queue_digests(*, at: datetime) -> int:
    """Write the digests that are due; gives their number. Safe twice, late and side by side."""
    settle(at=at)
    if not is_configured():
        return 0
    people = {person.pk: person for person in people_with_news()}
    with transaction.atomic():
        notices = take(limits(people.values(), at=at), at=at)
        mails = [digest(people[pk], rows, at=at) for pk, rows in notices.items()]
        queue_mails(mails)
    return len(mails)


def settle(*, at: datetime) -> None:
    """Of what was read, is not wanted or is too old no mail is written, now or later."""
    too_old = at - (OLD if is_configured() else OLD_WITHOUT_SERVER)
    with connection.cursor() as sql:
        sql.execute(SETTLE, {"at": at, "too_old": too_old})


def people_with_news() -> Iterable[User]:
    waiting = Notification.objects.filter(user=OuterRef("pk"), mailed_at__isnull=True, read_at__isnull=True)
    return User.objects.filter(Exists(waiting))


def limits(people: Iterable[User], *, at: datetime) -> dict[int, datetime]:
    """For each person's id: what was told before this moment is due by e-mail."""
    asked = {person.pk: person for person in people}
    schedules = schedules_for((pk, None) for pk in asked)
    return {pk: due_before(person, schedules[pk, None], at=at) for pk, person in asked.items()}


def due_before(person: User, schedule: Schedule, *, at: datetime) -> datetime:
    """The last moment at or before ``at`` when this person gets mail, by their pace and ``schedule``."""
    if person.mail_pace == MailPace.AT_ONCE:
        return at - AT_ONCE_AFTER
    if person.mail_pace == MailPace.HOURLY:
        return at.replace(minute=0, second=0, microsecond=0)
    return last_morning(schedule, at=at)


def last_morning(schedule: Schedule, *, at: datetime) -> datetime:
    """The last eight o'clock, where the person is, of a day on which they work."""
    days = [schedule.day_of(at) - timedelta(days=back) for back in range(OLD.days)]
    mornings = (schedule.moment(datetime.combine(day, MORNING)) for day in days if is_worked(day, schedule))
    return next((morning for morning in mornings if morning <= at), at - OLD)


def is_worked(day: date, schedule: Schedule) -> bool:
    """Whether somebody works on ``day``; who has no hours works from Monday to Friday."""
    has_hours = any(window != WHOLE_DAY for window in schedule.windows)
    works = schedule.windows[day.weekday()] is not None if has_hours else day.weekday() < SATURDAY
    return works and day not in schedule.holidays


def take(before: Mapping[int, datetime], *, at: datetime) -> dict[int, list[Notification]]:
    """The notices that are due, by person, in the caller's transaction; nobody else gets them again."""
    with connection.cursor() as sql:
        sql.execute(TAKE, {"at": at, "people": list(before), "before": list(before.values())})
        ids = [pk for (pk,) in sql.fetchall()]
    taken: dict[int, list[Notification]] = defaultdict(list)
    for notice in Notification.objects.filter(pk__in=ids).order_by("at", "id"):
        taken[notice.user_id].append(notice)
    return taken


def digest(person: User, notices: list[Notification], *, at: datetime) -> Mail:
    """One mail with all of it; its key names the newest notice, which no other digest has."""
    return Mail(
        key=f"digest:{person.pk}:{max(notice.pk for notice in notices)}", to=person.email or "", to_name=str(person),
        subject=subject_of(notices), text=text_of(person, notices), next_try_at=at,
    )  # fmt: skip


def subject_of(notices: list[Notification]) -> str:
    """What it is about, when it is one thing; else how many."""
    if len(notices) > 1:
        return f"{len(notices)} notifications in Tandem"
    [notice] = notices
    return f"{notice.get_kind_display()}: {notice.title}"[:250]


@dataclass(frozen=True)
class Line:
    title: str
    text: str
    address: str


def text_of(person: User, notices: list[Notification]) -> str:
    """The whole of a digest as plain text: by kind, each with its link, at most MOST_ROWS of them."""
    order = NotificationKind.values.index
    shown = sorted(notices[-MOST_ROWS:], key=lambda notice: order(notice.kind))
    groups = [(NotificationKind(kind).label, [line_of(each) for each in rows])
              for kind, rows in groupby(shown, key=lambda notice: notice.kind)]  # fmt: skip
    context: dict[str, Any] = {
        "person": person, "groups": groups, "count": len(notices), "more": len(notices) - len(shown),
        "bell": absolute(reverse("notifications")), "choices": absolute(reverse("crm:mail-choices")),
        "pace": MailPace(person.mail_pace).label.lower(),
    }  # fmt: skip
    return render_to_string("crm/digest.txt", context).strip() + "\n"


def line_of(notice: Notification) -> Line:
    address = absolute(reverse("notification", args=[notice.pk]) if notice.pk else notice.url)
    return Line(notice.title, notice.text, address)


def preview(person: User) -> str:
    """What a digest of this person looks like: of what is unread, else of two examples."""
    unread = Notification.objects.filter(user=person, read_at__isnull=True).exclude(kind__in=person.mail_muted)
    return text_of(person, list(unread[:3])[::-1] or examples(person))


def examples(person: User) -> list[Notification]:
    if person.is_marketer:
        first = Notification(kind=NotificationKind.VERDICT, title="Rob accepted Ada Lovelace, Acme", url="/leads/7/")
    else:
        first = Notification(kind=NotificationKind.HANDOFF, title="Ada Lovelace, Acme, waits for you", url="/inbox/")
    task = Notification(kind=NotificationKind.TASK_DUE, title="Call Ada back", text="Ada Lovelace", url="/tasks/")
    return [task, first]
