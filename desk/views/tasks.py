"""What is done with a task: planned, changed, done, put off, given away, removed."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from crm.access import require
from crm.errors import BusinessError
from crm.forms import saved
from crm.models import User
from crm.once import is_repeat
from crm.requests import PersonRequest, id_of
from desk.forms.task import TaskForm
from desk.queries.work import subject_for
from desk.views.activities import COMPOSER, RECORDS, logged, record_asked, refused
from desk.views.answers import changed
from desk.views.panels import form_page
from leads.access import may_change_task
from leads.addresses import address_of
from leads.models import Task
from leads.next_steps import (
    NOT_YOURS,
    add_task,
    complete_task,
    due_in,
    edit_task,
    postpone_overdue,
    reassign_task,
    remove_task,
    reopen_task,
    snooze_task,
)
from leads.subjects import Subject

SNOOZES = (1, 3, 7)


@require_http_methods(["GET", "POST"])
def task_new(request: PersonRequest) -> HttpResponse:
    """Plan a step for the record of the address, or a to-do of one's own."""
    record = record_asked(request) if RECORDS.keys() & request.GET.keys() else None
    now = timezone.now()
    form = TaskForm(request.POST or None, now=now, initial={"owner": request.user.pk})
    subject = subject_for(record) if record else Subject()

    def deed(_values: dict[str, Any]) -> None:
        with transaction.atomic():
            if not is_repeat(request, request.user):
                add_task(subject, by=request.user, at=now, **form.facts)

    if request.method == "POST" and saved(form, deed):
        if record and request.htmx.target == COMPOSER:
            return logged(request, record, "Planned.", kind="task", undo_url="")
        return changed(request, address_of(Task(**subject.fields)), "Planned.")
    if record and request.htmx.target == COMPOSER:
        return refused(request, record, form, kind="task")
    back = address_of(Task(**subject.fields))
    return form_page(request, "desk/task.html", {"form": form, "record": record, "back": back})


@require_http_methods(["GET", "POST"])
def task(request: PersonRequest, pk: int) -> HttpResponse:
    """Change a task."""
    row = get_task(pk)
    require(may_change_task(request.user, row), NOT_YOURS)
    form = TaskForm(request.POST or None, now=timezone.now(), task=row)

    def deed(_values: dict[str, Any]) -> None:
        edit_task(row, by=request.user, at=timezone.now(), **form.facts)

    if request.method == "POST" and saved(form, deed):
        return changed(request, address_of(row), "Saved.")
    record = row.opportunity or row.lead or row.contact
    return form_page(request, "desk/task.html", {"form": form, "task": row, "record": record, "back": address_of(row)})


@require_POST
def task_done(request: PersonRequest, pk: int) -> HttpResponse:
    row = complete_task(get_task(pk), by=request.user, at=timezone.now())
    return changed(request, address_of(row), f"Done: {row.title}", undo_url=reverse("desk:task-reopening", args=[pk]))


@require_POST
def task_reopening(request: PersonRequest, pk: int) -> HttpResponse:
    row = reopen_task(get_task(pk), by=request.user)
    return changed(request, address_of(row), f"Open again: {row.title}", level="info")


@require_POST
def task_snooze(request: PersonRequest, pk: int) -> HttpResponse:
    """Put it off by 1, 3 or 7 days."""
    row = get_task(pk)
    was_due = row.due_at
    days = id_of(request.POST.get("days"))
    if days not in SNOOZES:
        raise BusinessError("Put it off by a day, three days or a week.", code="unknown_snooze")
    row = snooze_task(row, days=days, by=request.user, at=timezone.now(), zone=timezone.get_current_timezone())
    undo_url = f"{reverse('desk:task-snooze-undo', args=[pk])}?due={int(was_due.timestamp())}"
    text = f"Put off until {timezone.localtime(row.due_at):%A, %d %B}."
    return changed(request, address_of(row), text, undo_url=undo_url)


@require_POST
def task_snooze_undo(request: PersonRequest, pk: int) -> HttpResponse:
    row = get_task(pk)
    due_at = moment_of(request.GET.get("due"))
    row = edit_task(row, by=request.user, at=min(timezone.now(), due_at), due_at=due_at)
    return changed(request, address_of(row), "It is due as before.", level="info")


@require_POST
def task_removal(request: PersonRequest, pk: int) -> HttpResponse:
    row = Task.objects.filter(pk=pk).first()
    if row is None:
        return changed(request, reverse("desk:tasks"), "It was removed already.", level="info")
    remove_task(row, by=request.user)
    return changed(request, address_of(row), f"Removed: {row.title}", level="info")


@require_POST
def task_owner(request: PersonRequest, pk: int) -> HttpResponse:
    """Give it to somebody else."""
    to = get_object_or_404(User, pk=id_of(request.POST.get("owner")))
    row = reassign_task(get_task(pk), to=to, by=request.user, at=timezone.now())
    return changed(request, address_of(row), f"{row.title}: {to} does it.")


@require_POST
def tasks_postponement(request: PersonRequest) -> HttpResponse:
    """Everything of one's own that is overdue gets the same new day."""
    days = id_of(request.POST.get("days"))
    if days not in SNOOZES:
        raise BusinessError("Put them off by a day, three days or a week.", code="unknown_snooze")
    now = timezone.now()
    due_at = due_in(days, at=now, zone=timezone.get_current_timezone())
    count = postpone_overdue(request.user, due_at=due_at, at=now)
    text = f"{count} task{'' if count == 1 else 's'} put off until {timezone.localtime(due_at):%A, %d %B}."
    return changed(request, reverse("desk:home"), text)


def moment_of(text: str | None) -> datetime:
    """The moment that an address of ours names in seconds; Http404 for any other."""
    try:
        return datetime.fromtimestamp(id_of(text), tz=timezone.get_current_timezone())
    except (ValueError, OverflowError, OSError) as error:
        raise Http404("There is no such moment.") from error


def get_task(pk: int) -> Task:
    return get_object_or_404(Task.objects.select_related("lead", "opportunity", "contact", "owner"), pk=pk)
