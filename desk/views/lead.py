"""The page of a lead: who is this, what next? Its verbs are in lead_verbs.py."""

from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from crm.access import require
from crm.editing import StaleEdit
from crm.requests import PersonRequest
from desk.forms.fields import EDITABLE, FieldForm, field_rows, shown
from desk.queries.lead import lead_with_all, story_of
from desk.verbs import verbs_for
from desk.views.record import record_answer, record_page
from leads.access import may_edit_lead
from leads.editing import NOT_YOURS, edit_lead
from leads.models import Lead

PAGE = "desk/lead.html"


@require_GET
def lead(request: PersonRequest, pk: int) -> HttpResponse:
    found = get_lead(pk)
    return record_page(request, PAGE, found, partial(lead_facts, request, found))


@require_http_methods(["GET", "POST"])
def edit(request: PersonRequest, pk: int) -> HttpResponse:
    """One field in place: what was there before somebody else's edit is never overwritten unseen."""
    found, name = get_lead(pk), request.GET.get("field", "")
    if name not in EDITABLE:
        raise Http404(name)
    if "show" in request.GET:
        return render(request, "desk/lead_field.html", field_context(request, found, name))
    require(may_edit_lead(request.user, found), NOT_YOURS)
    form = FieldForm(request.POST or None, lead=found, name=name)
    if request.method == "GET":
        return ask_for_field(request, found, form)
    if not form.is_valid():
        return ask_for_field(request, found, form, status=422)
    try:
        save_field(request, found, form)
    except StaleEdit as error:
        return ask_for_field(
            request, found, FieldForm(lead=found, name=name), status=409, conflict=error, yours=form["value"].value()
        )
    except ValidationError as error:
        form.add_error("value", error.messages)
        return ask_for_field(request, found, form, status=422)
    return lead_answer(request, pk, text=f"{EDITABLE[name]} saved.", edited=name)


def save_field(request: PersonRequest, lead: Lead, form: FieldForm) -> None:
    """Save against the version the person saw; an edit of another field since then is no conflict."""
    version = lead.version if form.nobody_else_changed_it else form.cleaned_data["version"]
    edit_lead(lead, by=request.user, at=timezone.now(), version=version, **{form.name: form.cleaned_data["value"]})


def ask_for_field(
    request: PersonRequest, lead: Lead, form: FieldForm, *, status: int = 200, **facts: Any
) -> HttpResponse:
    context = {"lead": lead, "form": form, "label": EDITABLE[form.name], "present": shown(lead, form.name), **facts}
    page = "desk/lead_field_form.html" if request.htmx else "desk/lead_field_page.html"
    return render(request, page, context, status=status)


def lead_answer(request: PersonRequest, pk: int, *, edited: str = "", **answer: Any) -> HttpResponse:
    """The record as it is now, after a deed or instead of it; ``answer`` as in record_answer."""
    found = get_lead(pk)
    return record_answer(
        request, PAGE, found, partial(lead_facts, request, found), lead_edited={"field": edited}, **answer
    )


def lead_facts(request: PersonRequest, lead: Lead) -> dict[str, Any]:
    """What the record of a lead shows around its time line."""
    now = timezone.now()
    story = story_of(lead, now=now)
    fields = field_rows(lead)
    return {
        "lead": lead,
        **vars(story),
        "verbs": verbs_for(request.user, story.situation, now=now),
        "may_edit": may_edit_lead(request.user, lead),
        "fields": [row for row in fields if row["value"]],
        "empty_fields": [row for row in fields if not row["value"]],
    }


def field_context(request: PersonRequest, lead: Lead, name: str) -> dict[str, Any]:
    row = {"name": name, "label": EDITABLE[name], "value": shown(lead, name)}
    return {"lead": lead, "row": row, "may_edit": may_edit_lead(request.user, lead)}


def get_lead(pk: int) -> Lead:
    return get_object_or_404(lead_with_all(), pk=pk)
