"""One field of a record, edited where it stands: what somebody else wrote meanwhile is never overwritten unseen."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from crm.access import require
from crm.editing import StaleEdit
from crm.errors import BusinessError
from crm.requests import PersonRequest
from desk.fields.definition import Field, Kind
from desk.fields.kinds import KINDS
from desk.forms.field import FieldForm
from desk.views.answers import redirect_with, with_events


@require_http_methods(["GET", "POST"])
def edit(request: PersonRequest, pk: int, kind: str) -> HttpResponse:
    """GET asks for the value (``?show`` gives it back as it is), POST saves it."""
    of = KINDS[kind]
    if "field" not in request.GET:
        return redirect(f"{reverse(f'desk:{kind}', args=[pk])}#fields")
    field = of.field(request.GET["field"])
    if field is None:
        raise Http404("There is no such field.")
    record = get_object_or_404(of.rows(), pk=pk)
    if "show" in request.GET:
        return value(request, of, field, record)
    require(of.may_edit(request.user, record), of.refused)
    form = FieldForm(request.POST or None, record=record, field=field)
    if request.method == "GET" or not form.is_valid():
        return ask(request, of, record, form)
    return save(request, of, record, form)


def save(request: PersonRequest, of: Kind, record: Any, form: FieldForm) -> HttpResponse:
    given, seen = form.cleaned_data["value"], {form.name: form.cleaned_data["seen"]}
    try:
        of.edit(record, by=request.user, at=timezone.now(), seen=seen, **{form.name: given})
    except StaleEdit as error:
        return ask_which(request, of, record, form, error)
    except ValidationError as error:
        form.add_error("value", error.messages)
    except BusinessError as error:
        if error.status != 422:
            raise
        form.add_error("value", str(error))
    if form.errors:
        return ask(request, of, record, form)
    if not request.htmx:
        return redirect_with(request, reverse(f"desk:{of.key}", args=[record.pk]), f"{form.field.label} saved.")
    answer = value(request, of, form.field, of.rows().get(pk=record.pk))
    return with_events(answer, record_changed={}, field_saved={"field": form.name})


def ask(request: PersonRequest, of: Kind, record: Any, form: FieldForm, **facts: Any) -> HttpResponse:
    """The form of one field, in its place or on a page of its own."""
    template = "desk/field_form.html" if request.htmx else "desk/field_page.html"
    context = {"form": form, "record": record, **addresses(of, record), **facts}
    status = 409 if "conflict" in facts else 422 if form.errors else 200
    return render(request, template, context, status=status)


def ask_which(request: PersonRequest, of: Kind, record: Any, form: FieldForm, error: StaleEdit) -> HttpResponse:
    """Both values, and who wrote the other: keep mine, or take theirs."""
    present = of.rows().get(pk=record.pk)
    form.now_seen(present)
    return ask(
        request, of, present, form,
        conflict=error.write,
        mine=form.field.said(present, form.cleaned_data["value"]),
        theirs=form.field.said(present, form.field.value(present)),
        now=timezone.now(),
    )  # fmt: skip


def value(request: PersonRequest, of: Kind, field: Field, record: Any) -> HttpResponse:
    may_edit = of.may_edit(request.user, record)
    context = {"row": field.row(record), "may_edit": may_edit, **addresses(of, record)}
    return render(request, "desk/field.html", context)


def addresses(of: Kind, record: Any) -> dict[str, str]:
    return {
        "edit_url": reverse(f"desk:{of.key}-edit", args=[record.pk]),
        "record_url": reverse(f"desk:{of.key}", args=[record.pk]),
    }
