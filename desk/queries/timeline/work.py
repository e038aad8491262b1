"""What buyers met and what our people did, in words: touches, activities, tasks done."""

from django.urls import reverse

from desk.queries.timeline.entry import Entry
from desk.queries.timeline.scope import Scope
from desk.queries.timeline.whose import named
from desk.telling import (
    ACTIVITY_ICONS,
    TOUCH_ICONS,
    activity_line,
    activity_text,
    side_of_person,
    touch_line,
    touch_origin,
)
from leads.models import Activity, ActivityKind, Task, Touch, TouchBy, TouchKind


def told_touches(pks: list[int], scope: Scope) -> dict[int, Entry]:
    touches = Touch.objects.filter(pk__in=pks).select_related("campaign", "asset", "corrected_by")
    return named({touch.pk: (told_touch(touch), touch.lead_id) for touch in touches}, scope)


def told_touch(touch: Touch) -> Entry:
    """A touch is append-only: a wrong one is corrected by another, once."""
    is_corrected = hasattr(touch, "corrected_by")
    return Entry(
        touch.at, TOUCH_ICONS[TouchKind(touch.kind)], touch_line(touch), text=touch_origin(touch),
        side="" if touch.by == TouchBy.BUYER else touch.by, undone=is_corrected,
        edit_url="" if is_corrected else reverse("desk:touch-correction", args=[touch.pk]), edit_label="Correct",
    )  # fmt: skip


def told_activities(pks: list[int], scope: Scope) -> dict[int, Entry]:
    rows = Activity.objects.filter(pk__in=pks).select_related("by", "asset", "mail").prefetch_related("participants")
    return named({activity.pk: (told_activity(activity), activity.lead_id) for activity in rows}, scope)


def told_activity(activity: Activity) -> Entry:
    return Entry(
        activity.at, ACTIVITY_ICONS[ActivityKind(activity.kind)], activity_line(activity),
        side_of_person(activity.by), activity.by, text=activity_text(activity), quote=activity.note,
        edit_url=reverse("desk:activity", args=[activity.pk]), edit_label="Edit", mail=activity.mail,
    )  # fmt: skip


def told_tasks(pks: list[int], scope: Scope) -> dict[int, Entry]:
    tasks = Task.objects.filter(pk__in=pks).select_related("done_by")
    return named({task.pk: (told_task(task), task.lead_id) for task in tasks}, scope)


def told_task(task: Task) -> Entry:
    assert task.done_at
    side = side_of_person(task.done_by)
    return Entry(task.done_at, "checkbox", f"Done: {task.title}", side, task.done_by, quote=task.note)
