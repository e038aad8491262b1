"""Imports: upload, match the columns, look at what would happen, import, see what came of it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from crm.access import manages, require
from crm.errors import BusinessError, StaleState
from crm.models import User
from crm.requests import PersonRequest
from crm.uploads import WAS_CUT, LimitedUpload
from leads.access import may_import, may_make_fields
from leads.custom_fields import known_fields
from leads.import_forms import ColumnsForm, UploadForm
from leads.importing.mapping import CREATE, SKIP, UPDATE
from leads.importing.own_fields import own_described
from leads.importing.reading import DELIMITER_NAMES
from leads.importing.refused import as_csv, refused_rows
from leads.importing.starting import check_import, drop_import, receive_file, save_mapping, start_import
from leads.importing.storing import stored
from leads.importing.surveying import look_into
from leads.models import Import
from leads.models.imports import ImportKind, ImportStatus

SHOWN_IMPORTS = 50
SHOWN_REFUSALS = 20
SHOWN_KNOWN = 20
KNOWN_CHOICES = (
    (CREATE, "Make new leads of them anyway"),
    (UPDATE, "Take what the file says over to the leads that are there"),
    (SKIP, "Leave these rows out"),
)
LISTS = {
    "leads": "desk:leads",
    "opportunities": "desk:opportunities",
    "companies": "desk:companies",
    "contacts": "desk:contacts",
}
FINDINGS = {
    "out_of_order": "dated before the move they follow. They are in, with their own date, and marked out of order.",
}


@require_GET
def imports(request: PersonRequest) -> HttpResponse:
    rows = Import.objects.filter(dry_run=False).select_related("by")
    if not manages(request.user):
        rows = rows.filter(by=request.user)
    return render(request, "leads/imports/imports.html", {"imports": rows[:SHOWN_IMPORTS], "now": timezone.now()})


@csrf_exempt
def import_new(request: PersonRequest) -> HttpResponse:
    """Receive a file. The limit on its size must be set before anything reads the request, the CSRF check included."""
    request.upload_handlers = [LimitedUpload(request, most_bytes=settings.IMPORT_MAX_BYTES)]
    return receive_upload(request)


@csrf_protect
@require_http_methods(["GET", "POST"])
def receive_upload(request: PersonRequest) -> HttpResponse:
    user, posted = request.user, request.method == "POST"
    files = request.FILES if posted else None
    form = UploadForm(request.POST if posted else None, files, by=user, was_cut=getattr(request, WAS_CUT, False))
    if posted and form.is_valid():
        file, cleaned = form.cleaned_data["file"], form.cleaned_data
        try:
            found = receive_file(
                file.chunks(),
                name=file.name,
                kind=cleaned["kind"],
                by=user,
                spec=cleaned["spec"],
                mapping_name=cleaned["mapping"],
            )
            if cleaned["spec"]:
                check_import(found, cleaned["spec"])
        except BusinessError as error:
            form.add_error("file", str(error))
        else:
            return redirect("leads:import" if cleaned["spec"] else "leads:import-columns", found.pk)
    context = {"form": form, "most_bytes": settings.IMPORT_MAX_BYTES}
    return render(request, "leads/imports/import_new.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
def import_columns(request: PersonRequest, pk: int) -> HttpResponse:
    """Say which field each column fills."""
    found = import_for(request.user, pk)
    if found.status not in (ImportStatus.DRAFT, ImportStatus.CHECKED, ImportStatus.FAILED):
        return redirect("leads:import", pk)
    try:
        look = look_into(stored(found.path), **dialect_of(found))
    except BusinessError as error:
        found.status, found.error = ImportStatus.FAILED, str(error)
        found.save(update_fields=["status", "error", "updated_at"])
        return redirect("leads:import", pk)
    form = ColumnsForm(request.POST or None, found=found, look=look)
    if request.method == "POST" and form.is_valid():
        name, spec = form.cleaned_data["save_as"], form.cleaned_data["spec"]
        if name:
            save_mapping(name, spec, by=request.user)
            messages.success(request, f"The columns are saved as “{name}”.")
        check_import(found, spec, mapping_name=name)
        return redirect("leads:import", pk)
    context = {"import": found, "form": form, "look": look, "delimiter": DELIMITER_NAMES[look.dialect.delimiter]}
    return render(request, "leads/imports/import_columns.html", context, status=422 if form.errors else 200)


@require_GET
def import_page(request: PersonRequest, pk: int) -> HttpResponse:
    """Where the import stands; as a fragment while it is at work."""
    found = import_for(request.user, pk)
    if found.status == ImportStatus.DRAFT and not found.spec:
        return redirect("leads:import-columns", pk)
    template = "leads/imports/import.html" + ("#state" if request.htmx else "")
    return render(request, template, state_of(found))


@require_POST
def import_notations(request: PersonRequest, pk: int) -> HttpResponse:
    """Say how a column writes its dates or amounts, and check the file again."""
    found = import_for(request.user, pk)
    fields = dict(mapped(found)["fields"])
    for notation in found.notations:
        chosen = request.POST.get(notation["field"], "")
        if chosen:
            fields[notation["field"]] = {**fields[notation["field"]], "format": chosen}
    check_import(found, {**found.spec, "fields": fields})
    return redirect("leads:import", pk)


@require_POST
def import_known(request: PersonRequest, pk: int) -> HttpResponse:
    """Say what becomes of rows about people known already, and check the file again."""
    found = import_for(request.user, pk)
    check_import(found, {**mapped(found), "known": request.POST.get("known", "")})
    return redirect("leads:import", pk)


@require_POST
def import_start(request: PersonRequest, pk: int) -> HttpResponse:
    """Import what was checked: all rows that fit, or all or none."""
    found = import_for(request.user, pk)
    if found.status != ImportStatus.CHECKED:
        raise StaleState("Check the file first.")
    start_import(found, strict=request.POST.get("rows") == "all")
    return redirect("leads:import", pk)


@require_POST
def import_removal(request: PersonRequest, pk: int) -> HttpResponse:
    """Forget a file that was not imported."""
    found = import_for(request.user, pk)
    drop_import(found)
    messages.success(request, f"{found.file_name} is forgotten; nothing was imported.")
    return redirect("leads:imports")


@require_GET
def import_refused(request: PersonRequest, pk: int) -> StreamingHttpResponse:
    """The refused rows, with their numbers and reasons."""
    found = import_for(request.user, pk)
    mapped(found)
    response = StreamingHttpResponse(as_csv(refused_rows(found)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="refused-{found.pk}.csv"'
    return response


def import_for(user: User, pk: int) -> Import:
    """The one door to an import: who began it, and managers; imports of people are for admins."""
    found = Import.objects.select_related("by").filter(pk=pk).first()
    if found is None or (found.by_id != user.pk and not manages(user)):
        raise Http404
    require(may_import(user, found.kind), f"You may not import {ImportKind(found.kind).label.lower()}.")
    return found


def mapped(found: Import) -> dict[str, Any]:
    """The mapping of an import; StaleState while nobody has matched its columns."""
    if not found.spec:
        raise StaleState("Match the columns of this file first.", code="not_mapped")
    return found.spec


def new_fields(found: Import) -> list[str]:
    """The fields that the import makes, or has made: "Machines (number)"."""
    if not may_make_fields(found.by):
        return []
    described = own_described(found.kind, found.spec)
    made = found.status == ImportStatus.DONE
    return [
        f"{own.label} ({own.get_kind_display().lower()}{': ' + ', '.join(own.choices) if own.choices else ''})"
        for own in described
        if made or own.name not in known_fields(own.record)
    ]


def dialect_of(found: Import) -> dict[str, str]:
    return {name: found.spec.get(name, "") for name in ("encoding", "delimiter")}


def state_of(found: Import) -> dict[str, Any]:
    """What the page of an import shows."""
    refusals = list(found.refusals.all()[: SHOWN_REFUSALS + 1])
    known_rows = list(found.known_rows.select_related("lead")[: SHOWN_KNOWN + 1])
    total = found.rows_total or 0
    return {
        "import": found,
        "now": timezone.now(),
        "delimiter": DELIMITER_NAMES.get(found.spec.get("delimiter", ""), ""),
        "percent": 100 * found.rows_done // total if total else 0,
        "is_asked": any(not notation["chosen"] for notation in found.notations),
        "refusals": refusals[:SHOWN_REFUSALS],
        "has_more_refusals": len(refusals) > SHOWN_REFUSALS,
        "findings": [(count, text) for finding, text in FINDINGS.items() if (count := found.findings.get(finding))],
        "new_fields": new_fields(found),
        "known_count": found.findings.get("known", 0),
        "known_rows": known_rows[:SHOWN_KNOWN],
        "known_choices": KNOWN_CHOICES,
        "known_choice": found.spec.get("known", CREATE),
        "list_url": LISTS.get(found.kind),
        "would_take": found.created + found.updated,
    }
