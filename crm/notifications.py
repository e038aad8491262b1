"""The bell: what it tells whom, once, and how it is read and forgotten."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q

from crm.models import Notification, User

# A bell is no archive: what was read goes after a month, the rest after a quarter.
KEEP_READ = timedelta(days=30)
KEEP_UNREAD = timedelta(days=90)
# The panel shows these; a bell counts no further than "99+".
NEWEST = 20
COUNT_UP_TO = 100


def notify(
    users: Iterable[User], *, kind: str, key: str, title: str, text: str = "", url: str = "", at: datetime
) -> None:
    """Tell these people once: who was told ``key`` already is not told again."""
    rows = [
        Notification(user=user, kind=kind, key=key, title=title[:200], text=text[:300], url=url, at=at)
        for user in users
    ]
    Notification.objects.bulk_create(rows, ignore_conflicts=True)


def count_unread(user: User) -> int:
    """How much is new to this person, at most 100."""
    return Notification.objects.filter(user=user, read_at__isnull=True)[:COUNT_UP_TO].count()


def newest(user: User, *, before: int = 0) -> list[Notification]:
    """The newest of a person, at most NEWEST; with ``before``, the id of one of them, those older than it."""
    rows = Notification.objects.filter(user=user)
    if before:
        at = Notification.objects.filter(user=user, pk=before).values_list("at", flat=True).first()
        rows = rows.filter(Q(at__lt=at) | Q(at=at, pk__lt=before)) if at else rows.none()
    return list(rows[:NEWEST])


def mark_read(notification: Notification, *, at: datetime) -> None:
    """Read once; the first time counts."""
    Notification.objects.filter(pk=notification.pk, read_at__isnull=True).update(read_at=at)


def mark_all_read(user: User, *, at: datetime) -> int:
    """Everything told before ``at`` is read; gives how much was not."""
    return Notification.objects.filter(user=user, read_at__isnull=True, at__lte=at).update(read_at=at)


def forget_old(*, now: datetime) -> int:
    """Remove what nobody will look at any more; gives the number."""
    read = Notification.objects.filter(read_at__lt=now - KEEP_READ)
    unread = Notification.objects.filter(read_at__isnull=True, at__lt=now - KEEP_UNREAD)
    return sum(rows.delete()[0] for rows in (read, unread))
