"""Settings: calendars of free days."""

from django.contrib import messages
from django.db.models import Count, Min, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from crm.access import require
from crm.forms import saved
from crm.holiday_forms import CalendarFileForm, CalendarNameForm, DayForm, NewCalendarForm
from crm.holidays import (
    REFUSED,
    Imported,
    add_day,
    create_calendar,
    import_days,
    remove_calendar,
    remove_day,
    rename_calendar,
)
from crm.ics import MOST_BYTES
from crm.models import Holiday, HolidayCalendar, Organisation, Team
from crm.requests import PersonRequest
from crm.uploads import WAS_CUT, LimitedUpload

# The CSRF token stands before the file in each form: it is read although the rest was cut off.
MOST_SENT = MOST_BYTES + 1


@csrf_exempt
def holidays(request: PersonRequest) -> HttpResponse:
    """All calendars, and a new one. The limit of the upload is set before anything reads the request."""
    request.upload_handlers = [LimitedUpload(request, most_bytes=MOST_SENT)]
    return calendars_page(request)


@csrf_protect
@require_http_methods(["GET", "POST"])
def calendars_page(request: PersonRequest) -> HttpResponse:
    require(request.user.is_admin, REFUSED)
    form = new_form(request)
    if request.method == "POST" and saved(
        form,
        lambda fields: create_calendar(
            by=request.user, name=fields["name"], content=form.content(), today=timezone.localdate()
        ),
    ):
        calendar = HolidayCalendar.objects.get(name=form.cleaned_data["name"])
        messages.success(request, f"{calendar} is set up. Say who uses it.")
        return redirect("crm:holiday-calendar", calendar.pk)
    today = timezone.localdate()
    coming = Q(holidays__day__gte=today)
    context = {
        "calendars": HolidayCalendar.objects.annotate(
            days=Count("holidays"),
            coming=Count("holidays", filter=coming),
            next_day=Min("holidays__day", filter=coming),
        ),
        "form": form,
        "organisation": Organisation.get(),
        "teams": Team.objects.select_related("holidays").order_by("kind", "name"),
    }
    return render(request, "crm/holidays.html", context, status=422 if form.errors else 200)


def new_form(request: PersonRequest) -> NewCalendarForm:
    if request.method != "POST":
        return NewCalendarForm()
    files = request.FILES
    return NewCalendarForm(request.POST, files, was_cut=getattr(request, WAS_CUT, False))


@require_http_methods(["GET", "POST"])
def calendar(request: PersonRequest, pk: int) -> HttpResponse:
    """The days of a calendar; a post adds one."""
    require(request.user.is_admin, REFUSED)
    present = get_object_or_404(HolidayCalendar, pk=pk)
    form = DayForm(request.POST or None)
    if request.method == "POST" and saved(form, lambda fields: add_day(present, by=request.user, **fields)):
        messages.success(request, f"{form.cleaned_data['day']:%-d %B %Y} is free.")
        return redirect("crm:holiday-calendar", pk)
    return calendar_page(request, present, form=form)


@csrf_exempt
def calendar_import(request: PersonRequest, pk: int) -> HttpResponse:
    request.upload_handlers = [LimitedUpload(request, most_bytes=MOST_SENT)]
    return receive_days(request, pk)


@csrf_protect
@require_POST
def receive_days(request: PersonRequest, pk: int) -> HttpResponse:
    """Add the days of a file, or none of them."""
    require(request.user.is_admin, REFUSED)
    present = get_object_or_404(HolidayCalendar, pk=pk)
    files = request.FILES
    form = CalendarFileForm(request.POST, files, was_cut=getattr(request, WAS_CUT, False))
    done: list[Imported] = []
    if saved(
        form,
        lambda _: done.append(
            import_days(present, by=request.user, content=form.content() or b"", today=timezone.localdate())
        ),
    ):
        messages.success(request, said(done[0]))
        return redirect("crm:holiday-calendar", pk)
    return calendar_page(request, present, file_form=form)


def said(done: Imported) -> str:
    """ "41 days added, 3 were there already. 2 entries with times of day are left out." """
    there = f", {done.present} {'was' if done.present == 1 else 'were'} there already" if done.present else ""
    timed = f" {done.timed} with times of day left out." if done.timed else ""
    return f"{done.added} {'day' if done.added == 1 else 'days'} added{there}.{timed}"


@require_POST
def calendar_name(request: PersonRequest, pk: int) -> HttpResponse:
    require(request.user.is_admin, REFUSED)
    present = get_object_or_404(HolidayCalendar, pk=pk)
    form = CalendarNameForm(request.POST, instance=get_object_or_404(HolidayCalendar, pk=pk))
    if saved(form, lambda fields: rename_calendar(present, by=request.user, **fields)):
        messages.success(request, "Saved.")
        return redirect("crm:holiday-calendar", pk)
    return calendar_page(request, present, name_form=form)


@require_POST
def calendar_removal(request: PersonRequest, pk: int) -> HttpResponse:
    present = get_object_or_404(HolidayCalendar, pk=pk)
    remove_calendar(present, by=request.user)
    messages.success(request, f"{present} is gone.")
    return redirect("crm:holidays")


@require_POST
def day_removal(request: PersonRequest, pk: int) -> HttpResponse:
    holiday = get_object_or_404(Holiday.objects.select_related("calendar"), pk=pk)
    remove_day(holiday, by=request.user)
    messages.success(request, f"{holiday.day:%-d %B %Y} is a day of work again.")
    return redirect("crm:holiday-calendar", holiday.calendar_id)


def calendar_page(
    request: PersonRequest,
    present: HolidayCalendar,
    *,
    form: DayForm | None = None,
    file_form: CalendarFileForm | None = None,
    name_form: CalendarNameForm | None = None,
) -> HttpResponse:
    today = timezone.localdate()
    wrong = any(one is not None and one.errors for one in (form, file_form, name_form))
    context = {
        "calendar": present,
        "coming": present.holidays.filter(day__gte=today),
        "past": present.holidays.filter(day__lt=today).order_by("-day")[:60],
        "form": form or DayForm(),
        "file_form": file_form or CalendarFileForm(),
        "name_form": name_form or CalendarNameForm(instance=present),
        "teams": Team.objects.filter(holidays=present).order_by("name"),
        "is_everybodys": Organisation.get().holidays_id == present.pk,
        "today": today,
        "most_bytes": MOST_BYTES,
    }
    return render(request, "crm/holiday_calendar.html", context, status=422 if wrong else 200)
