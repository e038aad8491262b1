"""Logging what was done, from the composer, the “Log it?” strip or a card; correcting and removing it."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST

from crm.access import require
from crm.errors import BusinessError
from crm.forms import saved
from crm.once import is_repeat
from crm.requests import PersonRequest, id_of
from desk.forms.activity import ActivityEditForm, ActivityForm
from desk.queries.work import Record, composer_of, name_of, subject_for
from desk.views.answers import changed
from desk.views.panels import form_page
from desk.views.record import address_of
from leads import addresses
from leads.access import may_change_activity
from leads.activities import NOT_YOUR_ENTRY, edit_activity, log_activity, remove_activity
from leads.models import Activity, ActivityKind, Contact, Lead, Opportunity, Task
from leads.next_steps import add_task, complete_task, remove_task, reopen_task

RECORDS: dict[str, QuerySet[Any]] = {
    "opportunity": Opportunity.objects.select_related("lead__contact", "contact"),
    "lead": Lead.objects.select_related("contact"),
    "contact": Contact.objects.all(),
}
LOGGED = {
    ActivityKind.CALL: "Call logged",
    ActivityKind.EMAIL: "E-mail logged",
    ActivityKind.MEETING: "Meeting logged",
    ActivityKind.NOTE: "Noted",
}
COMPOSER = "composer"


@require_POST
def activities(request: PersonRequest) -> HttpResponse:
    """Log one activity, and with it the next step and the task that it was."""
    record, kind = record_asked(request), request.POST.get("kind", "")
    if kind not in ActivityKind.values:
        raise BusinessError("Choose what happened.", code="unknown_kind")
    form = ActivityForm(request.POST, kind=kind)
    done: dict[str, int] = {}
    if not saved(form, lambda _values: done.update(log(request, record, form))):
        return refused(request, record, form, kind=kind)
    text = LOGGED.get(ActivityKind(kind), "Logged")
    text = f"{text}, next step planned." if "step" in done else f"{text}."
    return logged(request, record, text, kind=kind, undo_url=undo_address(done))


@transaction.atomic
def log(request: PersonRequest, record: Record, form: ActivityForm) -> dict[str, int]:
    """The ids that an undo needs: of the activity, of the step planned with it, of the task that it was.

    Nothing when the form was sent twice: the first time stands.
    """
    if is_repeat(request, request.user):
        return {}
    by, now, subject = request.user, timezone.now(), subject_for(record)
    done = {"activity": log_activity(subject, by=by, at=now, kind=form.kind, **form.facts).pk}
    if task := Task.objects.open().filter(pk=form.cleaned_data["completes"] or 0).first():
        done["task"] = complete_task(task, by=by, at=now).pk
    if follow_up := form.follow_up(name=name_of(record), now=now):
        done["step"] = add_task(subject, by=by, at=now, **follow_up).pk
    return done


def undo_address(done: dict[str, int]) -> str:
    if not done:
        return ""
    rest = urlencode([(name, done[name]) for name in ("step", "task") if name in done])
    return f"{reverse('desk:activity-removal', args=[done['activity']])}?{rest}"


def logged(request: PersonRequest, record: Record, text: str, *, kind: str, undo_url: str) -> HttpResponse:
    """The composer, empty again; from elsewhere only the news."""
    response = None
    if request.htmx.target == COMPOSER:
        composer = composer_of(record, request.user, timezone.now(), opened=kind)
        response = render(request, "desk/composer.html", {"composer": composer, "record": record})
    sent: dict[str, Any] = {"composer_sent": {"kind": kind}} if response else {}
    return changed(request, address_of(record), text, undo_url=undo_url, response=response, **sent)


def refused(request: PersonRequest, record: Record, form: BaseForm, *, kind: str) -> HttpResponse:
    """The same form with what is wrong beside its field; nothing that was typed is lost."""
    if request.htmx and request.htmx.target != COMPOSER:
        raise BusinessError(str(next(iter(form.errors.values()))[0]))
    composer = composer_of(record, request.user, timezone.now(), bound=form, opened=kind)
    page = "desk/composer.html" if request.htmx else "desk/composer_page.html"
    context = {"composer": composer, "record": record, "back": address_of(record)}
    return render(request, page, context, status=422)


@require_http_methods(["GET", "POST"])
def activity(request: PersonRequest, pk: int) -> HttpResponse:
    """Correct an entry of the time line."""
    row = get_object_or_404(Activity.objects.select_related("asset").prefetch_related("participants"), pk=pk)
    require(may_change_activity(request.user, row), NOT_YOUR_ENTRY)
    form = ActivityEditForm(request.POST or None, activity=row)
    back = addresses.address_of(row)

    def deed(_values: dict[str, Any]) -> None:
        edit_activity(row, by=request.user, at=timezone.now(), **form.facts)

    if request.method == "POST" and saved(form, deed):
        return changed(request, back, "Corrected.")
    return form_page(request, "desk/activity.html", {"form": form, "activity": row, "back": back})


@require_POST
def activity_removal(request: PersonRequest, pk: int) -> HttpResponse:
    """Remove an entry; as the undo of logging it also the step planned with it, and the task is open again."""
    row = Activity.objects.filter(pk=pk).first()
    if row is None:
        return changed(request, reverse("desk:home"), "It was removed already.", level="info")
    with transaction.atomic():
        remove_activity(row, by=request.user)
        if step := Task.objects.filter(pk=id_of(request.GET.get("step"))).first():
            remove_task(step, by=request.user)
        if task := Task.objects.filter(pk=id_of(request.GET.get("task"))).first():
            reopen_task(task, by=request.user)
    return changed(request, addresses.address_of(row), "Removed.", level="info")


def record_asked(request: PersonRequest) -> Record:
    """The record named by ?lead=, ?opportunity= or ?contact=."""
    for name, rows in RECORDS.items():
        if number := request.GET.get(name):
            return get_object_or_404(rows, pk=id_of(number))
    raise BusinessError("Say whom this is about: a lead, an opportunity or a contact.", code="about_nothing")
