"""Settings: fields of one's own on leads, companies and opportunities."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.access import require
from crm.forms import saved
from crm.requests import PersonRequest
from leads.access import may_write_fields
from leads.custom_fields import (
    REFUSED,
    FieldInUse,
    add_field,
    delete_field,
    edit_field,
    every_field,
    is_held,
    move_field,
    uses_of,
)
from leads.custom_forms import FieldSettings
from leads.models import CustomField, CustomRecord
from leads.views.settings import step_of

PLURAL = {
    CustomRecord.LEAD: "Leads",
    CustomRecord.COMPANY: "Companies",
    CustomRecord.OPPORTUNITY: "Opportunities",
}
# What a field of this kind of record is good for, where there is none yet.
EXAMPLES = {
    CustomRecord.LEAD: "What your forms and lists ask and no other field holds: machines to plan, a tool of today.",
    CustomRecord.COMPANY: "What one knows of an account: its ERP system, its sites. Rules of the score can use it.",
    CustomRecord.OPPORTUNITY: "What sales needs to know of a deal: a pilot agreed, what they pay today.",
}


@require_GET
def fields(request: PersonRequest) -> HttpResponse:
    """All fields by the records they are of, in the order in which forms ask for them."""
    require(may_write_fields(request.user), REFUSED)
    groups = [
        {
            "record": record,
            "label": PLURAL[record],
            "example": EXAMPLES[record],
            "rows": [row for row in every_field() if row.record == record],
        }
        for record in CustomRecord
    ]
    return render(request, "leads/fields.html", {"groups": groups})


@require_http_methods(["GET", "POST"])
def field_new(request: PersonRequest) -> HttpResponse:
    require(may_write_fields(request.user), REFUSED)
    record = request.GET.get("record", "")
    if record not in CustomRecord.values:
        raise Http404("No such record has fields of its own.")
    form = FieldSettings(request.POST or None)

    def deed(facts: dict[str, Any]) -> None:
        add_field(by=request.user, record=record, **facts)

    if request.method == "POST" and saved(form, deed):
        messages.success(request, f"{PLURAL[CustomRecord(record)]} have the field “{form.cleaned_data['label']}”.")
        return redirect(address_of(record))
    return field_page(request, form, title=f"New field: {PLURAL[CustomRecord(record)].lower()}", record=record)


@require_http_methods(["GET", "POST"])
def field(request: PersonRequest, pk: int) -> HttpResponse:
    require(may_write_fields(request.user), REFUSED)
    present = get_object_or_404(CustomField, pk=pk, deleted_at__isnull=True)
    form = FieldSettings(request.POST or None, field=present)
    if request.method == "POST" and saved(form, lambda facts: edit_field(present, by=request.user, **facts)):
        messages.success(request, f"“{form.cleaned_data['label']}” is saved.")
        return redirect(address_of(present.record))
    return field_page(request, form, title=present.label, record=present.record, field=present)


@require_POST
def position(request: PersonRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(CustomField, pk=pk, deleted_at__isnull=True)
    move_field(row, by=request.user, step=step_of(request))
    return redirect(address_of(row.record))


@require_http_methods(["GET", "POST"])
def removal(request: PersonRequest, pk: int) -> HttpResponse:
    """Say what would be lost and what uses the field, then delete it."""
    require(may_write_fields(request.user), REFUSED)
    found = get_object_or_404(CustomField, pk=pk, deleted_at__isnull=True)
    refusal = ""
    if request.method == "POST":
        try:
            delete_field(found, by=request.user, at=timezone.now())
        except FieldInUse as error:
            refusal = str(error)
        else:
            messages.success(request, f"“{found}” is deleted; its values are being taken out of the records.")
            return redirect(address_of(found.record))
    context = {
        "field": found,
        "uses": uses_of(found),
        "is_held": is_held(found),
        "plural": PLURAL[CustomRecord(found.record)].lower(),
        "refusal": refusal,
        "back": address_of(found.record),
    }
    template = "leads/field_removal.html#form" if request.htmx else "leads/field_removal.html"
    return render(request, template, context, status=422 if refusal else 200)


def field_page(
    request: PersonRequest, form: FieldSettings, *, title: str, record: str, field: CustomField | None = None
) -> HttpResponse:
    """The form of one field, whole or for the side panel."""
    template = "leads/field.html#form" if request.htmx else "leads/field.html"
    context = {"form": form, "title": title, "field": field, "back": address_of(record)}
    return render(request, template, context, status=422 if form.errors else 200)


def address_of(record: str) -> str:
    return f"{reverse('leads:fields')}#{record}"
