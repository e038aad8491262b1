"""The next step: tasks, how they are made, done and put off.

A lead's or opportunity's ``next_step_at`` is the due time of its first open task (leads/subjects.py). Tasks stay with
their owner when a lead goes back to marketing; what is lost or disqualified needs no next step, so its open tasks are
done by the system, and come back when that is undone.
"""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from crm.access import require
from crm.assigning import is_here
from crm.editing import make, put
from crm.errors import BusinessError
from crm.models import NotificationKind, User
from crm.moments import LATEST
from crm.notifications import notify
from leads.access import may_change_task
from leads.activities import check_note
from leads.addresses import address_of
from leads.models import Lead, Opportunity, Task, TaskKind
from leads.subjects import Subject, hold_pulse, hold_subjects, refresh_pulse, refresh_subjects, require_reachable
from leads.united import survivor_of, united

NOT_YOURS = "Only who is to do this, who asked for it, or a manager may change it."
# Something noted down a moment too late is still a task; 1970 is a slip.
OVERDUE_FROM_THE_START = timedelta(days=1)
MORNING = time(9)
SATURDAY = 5


@transaction.atomic
def add_task(
    subject: Subject,
    *,
    by: User,
    at: datetime,
    title: str,
    due_at: datetime,
    kind: str = TaskKind.TODO,
    owner: User | None = None,
    **facts: Any,
) -> Task:
    """Plan a next step, of one's own unless ``owner`` is somebody else, whom the bell tells.

    ``facts``: remind_at, note and so on. Raises ValidationError and BusinessError: `due_in_past`, `due_too_far`,
    `do_not_call`, `do_not_mail`, `owner_left`, `note_too_long`.
    """
    require_reachable(subject, kind)
    owner = owner or by
    check_owner(owner)
    check_due(due_at, now=at)
    check_note(facts.get("note", ""))
    fields = {**subject.fields, **facts, "is_sample": subject.is_sample, "owner": owner, "made_by": by}
    task = make(Task(title=title.strip(), kind=kind, due_at=due_at, **fields))
    refresh_subjects(task)
    tell_owner(task, by=by, at=at)
    return task


@transaction.atomic
def edit_task(task: Task, *, by: User, at: datetime, **fields: Any) -> Task:
    """Change a task; a reminder moves with its due time unless it is set, and a new owner is told."""
    if "owner" in fields and fields["owner"] != task.owner:
        check_owner(fields["owner"])
    task = held(task, by=by)
    due_at = fields.get("due_at", task.due_at)
    if due_at != task.due_at:
        check_due(due_at, now=at)
        if task.remind_at and "remind_at" not in fields:
            fields["remind_at"] = task.remind_at + (due_at - task.due_at)
    new_owner = "owner" in fields and fields["owner"] != task.owner
    check_note(fields.get("note", ""))
    fresh = put(task, fields)
    if "remind_at" in fresh:
        task.reminded_at = None
        fresh.append("reminded_at")
    if fresh:
        task.save(update_fields=[*fresh, "updated_at"])
        refresh_subjects(task)
    if new_owner:
        tell_owner(task, by=by, at=at)
    return task


def reassign_task(task: Task, *, to: User, by: User, at: datetime) -> Task:
    """Give a task to somebody else."""
    return edit_task(task, by=by, at=at, owner=to)


def snooze_task(task: Task, *, days: int, by: User, at: datetime, zone: ZoneInfo) -> Task:
    """Put a task off by so many days from now."""
    return edit_task(task, by=by, at=at, due_at=due_in(days, at=at, zone=zone))


@transaction.atomic
def complete_task(task: Task, *, by: User, at: datetime, follow_up: dict[str, Any] | None = None) -> Task:
    """Done; ``follow_up``, as `add_task` takes it, is the step after it, about the same. Done twice is done once."""
    task = held(task, by=by)
    if task.done_at is None:
        task.done_at, task.done_by = at, by
        task.save(update_fields=["done_at", "done_by", "updated_at"])
        if follow_up:
            add_task(about(task), by=by, at=at, **{"owner": task.owner, **follow_up})
        else:
            refresh_subjects(task)
    return task


@transaction.atomic
def reopen_task(task: Task, *, by: User) -> Task:
    """It is not done after all."""
    task = held(task, by=by)
    if task.done_at is not None:
        task.done_at = task.done_by = None
        task.save(update_fields=["done_at", "done_by", "updated_at"])
        refresh_subjects(task)
    return task


@transaction.atomic
def remove_task(task: Task, *, by: User) -> None:
    """Take away a task that was a mistake. One that is gone already is no error."""
    hold_subjects(task)
    found = Task.objects.select_for_update().filter(pk=task.pk).first()
    if found is None:
        return
    require(may_change_task(by, found), NOT_YOURS)
    found.delete()
    refresh_subjects(task)


@transaction.atomic
def postpone_overdue(user: User, *, due_at: datetime, at: datetime) -> int:
    """Put off everything of ``user`` that was due before ``at``; gives how many. Reminders ring at the new time."""
    check_due(due_at, now=at)
    overdue = Task.objects.open().filter(owner=user, due_at__lt=at).only("id", "lead_id", "opportunity_id")
    hold_subjects(*overdue)
    rows = list(overdue.select_for_update().order_by("id"))
    Task.objects.filter(pk__in=[row.pk for row in rows]).update(
        due_at=due_at, remind_at=due_at, reminded_at=None, updated_at=at
    )
    refresh_subjects(*rows)
    return len(rows)


def close_tasks(*, at: datetime, lead: Lead | None = None, opportunity: Opportunity | None = None) -> None:
    """What was lost or disqualified needs no next step: its open tasks are done by the system."""
    hold_pulse(*ids(lead, opportunity))
    open_ones = Task.objects.open().filter(tasks_of(lead, opportunity))
    open_ones.update(done_at=at, done_by=None, updated_at=at)
    refresh_of(lead, opportunity)


def close_tasks_of_leads(lead_ids: list[int], *, at: datetime) -> None:
    """`close_tasks` for many leads."""
    hold_pulse(lead_ids, [])
    Task.objects.open().filter(tasks_of_leads(lead_ids)).update(done_at=at, done_by=None, updated_at=at)
    refresh_pulse(lead_ids, [])


def revive_tasks(*, closed_at: datetime, lead: Lead | None = None, opportunity: Opportunity | None = None) -> None:
    """The close at that moment was undone: what it had done is open again."""
    hold_pulse(*ids(lead, opportunity))
    by_system = Task.objects.filter(tasks_of(lead, opportunity), done_at=closed_at, done_by__isnull=True)
    by_system.update(done_at=None)
    refresh_of(lead, opportunity)


def revive_tasks_of_leads(lead_ids: list[int], *, closed_at: datetime) -> None:
    """`revive_tasks` for many leads that were closed at that moment."""
    hold_pulse(lead_ids, [])
    Task.objects.filter(tasks_of_leads(lead_ids), done_at=closed_at, done_by__isnull=True).update(done_at=None)
    refresh_pulse(lead_ids, [])


def release_opportunity(opportunity: Opportunity) -> None:
    """Before an opportunity made by mistake goes: what was done and planned for it stays with its lead."""
    for rows in (opportunity.activities, opportunity.tasks):
        rows.filter(lead__isnull=False).update(opportunity=None)
    refresh_of(opportunity.lead, None)


def about(task: Task) -> Subject:
    return Subject(survivor_of(task.lead) if task.lead else None, task.opportunity, task.contact)


def tasks_of(lead: Lead | None, opportunity: Opportunity | None) -> Q:
    """A lead's tasks, those of its open opportunities aside; an opportunity's own."""
    return Q(opportunity=opportunity) if opportunity else tasks_of_leads([lead.pk] if lead else [])


def tasks_of_leads(lead_ids: list[int]) -> Q:
    """Tasks of these leads and of those merged into them, those of open opportunities aside."""
    return Q(lead__in=list(united(lead_ids))) & (Q(opportunity__isnull=True) | ~Q(opportunity__outcome=""))


def refresh_of(lead: Lead | None, opportunity: Opportunity | None) -> None:
    refresh_pulse(*ids(lead, opportunity))


def ids(lead: Lead | None, opportunity: Opportunity | None) -> tuple[list[int], list[int]]:
    return [lead.pk] if lead else [], [opportunity.pk] if opportunity else []


def due_in(days: int, *, at: datetime, zone: ZoneInfo) -> datetime:
    """The morning so many days from now; a weekend's becomes Monday's."""
    day = at.astimezone(zone).date() + timedelta(days=days)
    if day.weekday() >= SATURDAY:
        day += timedelta(days=7 - day.weekday())
    return datetime.combine(day, MORNING, tzinfo=zone)


def held(task: Task, *, by: User) -> Task:
    """The present row, held until the transaction ends, if ``by`` may change it."""
    hold_subjects(task)
    present = Task.objects.select_for_update(of=("self",)).select_related("owner", "lead", "opportunity", "contact")
    found = present.get(pk=task.pk)
    require(may_change_task(by, found), NOT_YOURS)
    return found


def check_due(due_at: datetime, *, now: datetime) -> None:
    if due_at < now - OVERDUE_FROM_THE_START:
        raise BusinessError(f"{due_at:%d %b %Y} has passed; a next step lies ahead.", code="due_in_past")
    if due_at >= LATEST:
        raise BusinessError("Nobody does anything then; look at the year once more.", code="due_too_far")


def check_owner(owner: User) -> None:
    if not is_here(owner):
        raise BusinessError(f"{owner} has left; give it to somebody else.", code="owner_left")


def tell_owner(task: Task, *, by: User, at: datetime) -> None:
    """Ring the bell of who was given a task by somebody else."""
    if task.owner_id == by.pk:
        return
    record = task.lead or task.opportunity or task.contact
    notify(
        [task.owner],
        kind=NotificationKind.ASSIGNED,
        key=f"task:{task.pk}:given:{at.timestamp():.0f}",
        title=task.title,
        text=f"{by} asks you, for {record}" if record else f"{by} asks you",
        url=address_of(task),
        at=at,
    )
