"""The bell: told once, read once, forgotten in time."""

import pytest

from crm.models import Notification
from crm.notifications import forget_old, mark_all_read, mark_read, notify
from tests.factories import DAY, HOUR, MONDAY

pytestmark = pytest.mark.django_db


def tell(*users, key="task:1", at=MONDAY, **facts):
    notify(users, **{"kind": "task_due", "key": key, "title": "Call Ada", "at": at, **facts})


def test_everybody_is_told_once(rob, rosa, django_assert_num_queries):
    tell(rob)
    with django_assert_num_queries(1):
        tell(rob, rosa)

    assert list(Notification.objects.order_by("id").values_list("user", "title")) == [
        (rob.pk, "Call Ada"),
        (rosa.pk, "Call Ada"),
    ]


def test_a_long_title_is_cut(rob):
    tell(rob, title="x" * 900, text="y" * 900)

    told = Notification.objects.get()
    assert (len(told.title), len(told.text)) == (200, 300)


def test_the_first_reading_counts(rob):
    tell(rob)
    told = Notification.objects.get()

    mark_read(told, at=MONDAY + HOUR)
    mark_read(told, at=MONDAY + DAY)

    told.refresh_from_db()
    assert told.read_at == MONDAY + HOUR


def test_all_read_leaves_what_came_later_and_what_is_others(rob, rosa):
    tell(rob, rosa)
    tell(rob, key="task:2", at=MONDAY + DAY)

    assert mark_all_read(rob, at=MONDAY + HOUR) == 1

    unread = Notification.objects.filter(read_at=None)
    assert set(unread.values_list("user", "key")) == {(rosa.pk, "task:1"), (rob.pk, "task:2")}


def test_old_ones_are_forgotten(rob):
    for number, age in enumerate([10, 40, 100]):
        tell(rob, key=f"unread {number}", at=MONDAY - age * DAY)
        tell(rob, key=f"read {number}", at=MONDAY - age * DAY)
        mark_read(Notification.objects.get(key=f"read {number}"), at=MONDAY - age * DAY)

    assert forget_old(now=MONDAY) == 3

    assert set(Notification.objects.values_list("key", flat=True)) == {"unread 0", "unread 1", "read 0"}
