"""What is done with many records of a list at once."""

from typing import Any

from django import forms
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.access import manages
from crm.errors import BusinessError
from crm.forms import saved
from crm.keyset import count_up_to, count_words
from crm.models import Organisation
from crm.requests import PersonRequest
from desk.bulk.deeds import do_with_many, done_words, undo_deed, undone_words
from desk.bulk.exporting import csv_of, rows_for
from desk.bulk.forms import FORMS, HandOverForm
from desk.bulk.selection import Selection, selection_of
from desk.bulk.verbs import VERBS, BulkVerb
from desk.lists.registry import list_of
from desk.models import BulkDeed, ListKey
from desk.queries.handing_over import MOST_PREVIEWED, offer_rules
from desk.views.answers import redirect_with, with_events
from desk.views.panels import form_page
from leads.lifecycle import Stage

SHOWN = 500


@require_http_methods(["GET", "POST"])
def bulk(request: PersonRequest, verb: str) -> HttpResponse:
    """Ask what the deed needs to know, then do it once, however often it is sent."""
    if verb not in VERBS:
        raise Http404("There is no such deed.")
    selection = selection_of(request.POST or request.GET, request.user)
    kind = VERBS[verb]
    form = FORMS[verb](request.POST or None, list_key=selection.asked.key)
    deeds: list[BulkDeed] = []

    def do(fields: dict[str, Any]) -> None:
        key = request.POST.get("idempotency_key", "").replace("\0", "")
        deeds.append(do_with_many(kind, selection, fields, by=request.user, at=timezone.now(), key=key))

    if request.method == "POST" and saved(form, do):
        return told(request, deeds[0], selection)
    return ask(request, kind, selection, form)


def ask(request: PersonRequest, verb: BulkVerb, selection: Selection, form: forms.Form) -> HttpResponse:
    for first in list(form.fields.values())[:1]:
        first.widget.attrs["autofocus"] = True
    if isinstance(form, HandOverForm):
        ready = selection.rows.filter(stage=Stage.MQL).order_by("-pk")[: MOST_PREVIEWED + 1]
        offer_rules(form, list(ready), by=request.user, at=timezone.now())
    context = {"verb": verb, "selection": selection, "form": form, "back": address_of(selection)}
    return form_page(request, "desk/bulk/ask.html", context)


def told(request: PersonRequest, deed: BulkDeed, selection: Selection) -> HttpResponse:
    """A toast with Undo; what was left alone is one click away."""
    text, level = done_words(deed), "warning" if deed.refused else "success"
    undo_url = reverse("desk:bulk-undo", args=[deed.pk]) if deed.changed else ""
    result = reverse("desk:bulk-deed", args=[deed.pk])
    if request.htmx:
        toast = {"text": text, "level": level, "undo_url": undo_url, **shown_at(result, deed.refused)}
        return with_events(
            HttpResponse(headers={"HX-Reswap": "none"}), toast=toast, panel_close=None, list_changed=None
        )
    return redirect_with(
        request, result if deed.refused else address_of(selection), text, level=level, undo_url=undo_url
    )


def shown_at(address: str, left: list[Any]) -> dict[str, str]:
    """The toast's link to what was left alone."""
    return {"link_url": address, "link_text": "Show"} if left else {}


@require_GET
def merge(request: PersonRequest) -> HttpResponse:
    """Two leads side by side, to make them one (desk/views/merging.py)."""
    selection = selection_of(request.GET, request.user)
    pair = list(selection.rows.order_by("-pk").values_list("pk", flat=True)[:3])
    if selection.asked.key != ListKey.LEADS or len(pair) != 2:
        raise BusinessError("Select exactly two leads to merge them.", code="not_two")
    newer, older = pair
    return redirect(f"{reverse('desk:lead-merge', args=[older])}?{urlencode({'other': newer})}")


@require_GET
def deed(request: PersonRequest, pk: int) -> HttpResponse:
    """What became of the records: how many changed, and each that did not, with the reason."""
    row = get_object_or_404(BulkDeed.objects.select_related("by"), pk=pk, by=request.user)
    here = list_of(row.list_key)
    context = {
        "deed": row,
        "list": here,
        "words": undone_words(row) if row.undone_at else done_words(row),
        "left": named(row, row.refused),
        "kept": named(row, row.kept),
        "may_undo": bool(row.changed) and not row.undone_at,
    }
    return render(request, "desk/bulk/deed.html", context)


@require_POST
def undo(request: PersonRequest, pk: int) -> HttpResponse:
    row = undo_deed(get_object_or_404(BulkDeed, pk=pk), by=request.user, at=timezone.now())
    text, level = undone_words(row), "warning" if row.kept else "success"
    result = reverse("desk:bulk-deed", args=[row.pk])
    if request.htmx:
        toast = {"text": text, "level": level, **shown_at(result, row.kept)}
        return with_events(HttpResponse(headers={"HX-Reswap": "none"}), toast=toast, list_changed=None)
    return redirect_with(request, result, text, level=level)


@require_GET
def export(request: PersonRequest) -> HttpResponse:
    """How many records the file will hold, and the way to it."""
    selection = selection_of(request.GET, request.user)
    found = count_up_to(rows_for(selection))
    context = {
        "selection": selection,
        "count": count_words(found),
        "noun": selection.asked.counted(found),
        "is_empty": not found,
        "is_narrowed": not manages(request.user) and found < selection.found,
        "address": f"{reverse('desk:bulk-csv')}?{request.GET.urlencode()}",
        "back": address_of(selection),
        "form": forms.Form(),
    }
    return form_page(request, "desk/bulk/export.html", context)


@require_GET
def export_csv(request: PersonRequest) -> StreamingHttpResponse:
    selection = selection_of(request.GET, request.user)
    now, zone = timezone.now(), Organisation.get().zone
    name = f"{selection.asked.key}-{now.astimezone(zone):%Y-%m-%d}.csv"
    return StreamingHttpResponse(
        csv_of(selection, zone=zone, at=now),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "X-Accel-Buffering": "no"},
    )


def named(deed: BulkDeed, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The records behind these rows, each with its reason and address; as many as a page bears."""
    here = list_of(deed.list_key)
    records = here.model._default_manager.in_bulk([row["id"] for row in rows[:SHOWN]])
    page = f"desk:{here.noun}"
    shown = [
        {
            "name": str(records.get(row["id"], f"{here.noun.capitalize()} {row['id']}")),
            "address": record_address(page, row["id"]),
            "why": row["why"],
        }
        for row in rows[:SHOWN]
    ]
    return {"rows": shown, "more": max(len(rows) - SHOWN, 0)}


def record_address(page: str, pk: int) -> str:
    """Where the record is shown; tasks have no page of their own."""
    return "" if page == "desk:task" else reverse(page, args=[pk])


def address_of(selection: Selection) -> str:
    """The list as it was."""
    address = reverse(selection.asked.page_name)
    return f"{address}?{selection.query}" if selection.query else address
