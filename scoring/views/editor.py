"""One version of the definition: read by everybody, and a draft of it edited by the managers of both sides."""

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from crm.access import require
from crm.requests import PersonRequest
from feedback.access import may_propose
from feedback.models import SignedStatus
from scoring.backtest_page import start_of
from scoring.comparing import compare
from scoring.definitions import active_definition
from scoring.drafting import (
    NOT_YOURS,
    ChangedMeanwhile,
    NotADraft,
    edit_definition,
    mark_of,
    problems_of,
    warnings_of,
)
from scoring.fields import Catalogue, catalogue
from scoring.forms import LISTS, Sheet
from scoring.models import Definition
from scoring.offering import records_offered, values_seen
from scoring.previewing import preview
from scoring.queries import proposal_for, readable_card, signatures_of
from scoring.rules import Card, InvalidDefinition, read_card
from scoring.telling import LETTERS, NUMBERS, told
from scoring.views.answers import say
from scoring.words import record_names

SAVED = "Saved. Nobody’s score changes before both sides have signed."


@require_http_methods(["GET", "POST"])
def definition(request: PersonRequest, pk: int) -> HttpResponse:
    """A version in words; a draft, for who may change it, in the editor, where a POST saves."""
    found = get_object_or_404(Definition.objects.select_related("written_by"), pk=pk)
    if request.method == "POST":
        return save(request, found)
    if found.status != SignedStatus.DRAFT or not may_propose(request.user):
        return render(request, "scoring/version.html", version_facts(request, found))
    fields = catalogue()
    sheet = Sheet.of(found, fields, record_names(readable_card(found)))
    sheet.show([problem._asdict() for problem in problems_of(found)])
    return show_editor(request, found, sheet)


def version_facts(request: PersonRequest, found: Definition) -> dict[str, Any]:
    card, active = readable_card(found), active_definition()
    other = active if active and active.pk != found.pk else None
    return {
        "definition": found,
        "told": told(card),
        "warnings": warnings_of(found, at=timezone.now()) if found.status == SignedStatus.DRAFT else [],
        "active": active,
        "other": other,
        "changes": compare(readable_card(other), card).changes if other else [],
        "proposal": proposal_for(request.user, found),
        "signatures": signatures_of(found),
        "may_propose": may_propose(request.user),
        "backtest_start": start_of(found, request.user, at=timezone.now()),
    }


def save(request: PersonRequest, found: Definition) -> HttpResponse:
    """Write the draft as it was sent; whatever is wrong, nothing typed is lost."""
    require(may_propose(request.user), NOT_YOURS)
    sheet = Sheet.sent(request.POST, catalogue())
    try:
        edit_definition(
            found, by=request.user, at=timezone.now(), seen=request.POST.get("seen", ""), **sheet.fields()
        )  # fmt: skip
    except InvalidDefinition as error:
        sheet.show(error.extra["problems"])
    except ValidationError as error:
        sheet.show({"place": name, "text": text} for name, texts in error.message_dict.items() for text in texts)
        sheet.show(refused(sheet))
    except ChangedMeanwhile as error:
        return show_clash(request, found, sheet, error)
    except NotADraft as error:
        say(request, str(error), level="warning")
        return redirect("scoring:definition", found.pk)
    else:
        say(request, SAVED)
        return redirect("scoring:definition", found.pk)
    return show_editor(request, found, sheet, seen=request.POST.get("seen", ""), status=422)


def show_clash(request: PersonRequest, found: Definition, sheet: Sheet, error: ChangedMeanwhile) -> HttpResponse:
    """What somebody else saved stands above what was typed here; saved again, what stands here is meant."""
    theirs = Definition.objects.select_related("written_by").get(pk=found.pk)
    clash: dict[str, Any] = {"text": str(error), "changes": None}
    if problems := refused(sheet):
        sheet.show(problems)
    else:
        clash["changes"] = compare(readable_card(theirs), card_typed(sheet)).changes
    return show_editor(request, theirs, sheet, clash=clash, seen=mark_of(theirs), is_changed=True, status=409)


def refused(sheet: Sheet) -> list[dict[str, str]]:
    """What is wrong with what was typed, name and reason aside."""
    try:
        card_typed(sheet)
    except InvalidDefinition as error:
        problems: list[dict[str, str]] = error.extra["problems"]
        return problems
    return []


def card_typed(sheet: Sheet) -> Card:
    """Raises InvalidDefinition."""
    return read_card(version=None, fields=sheet.catalogue, **without_words(sheet))


def without_words(sheet: Sheet) -> dict[str, Any]:
    """What the card is read from: all but name and reason."""
    return {name: value for name, value in sheet.fields().items() if name not in ("name", "why")}


@require_POST
def rows(request: PersonRequest, pk: int) -> HttpResponse:
    """The rows as sent with one more, one less, or in another order; nothing is written."""
    require(may_propose(request.user), NOT_YOURS)
    found = get_object_or_404(Definition, pk=pk)
    sheet = Sheet.sent(request.POST, catalogue())
    name = sheet.rearrange(request.POST.get("deed", "")) or request.POST.get("list", "")
    sheet.fields()
    if request.htmx and name in LISTS:
        context = {"definition": found, "sheet": sheet, "list": name, "rows": sheet.shown(name)}
        return render(request, "scoring/editor_list.html", context)
    return show_editor(request, found, sheet, seen=request.POST.get("seen", ""), is_changed=True)


@require_POST
def preview_of_form(request: PersonRequest, pk: int) -> HttpResponse:
    """What the definition as sent would do with the newest leads; nothing is written."""
    require(may_propose(request.user), NOT_YOURS)
    found = get_object_or_404(Definition, pk=pk)
    sheet = Sheet.sent(request.POST, catalogue())
    facts = preview_facts(sheet)
    if not request.htmx:
        return show_editor(request, found, sheet, seen=request.POST.get("seen", ""), is_changed=True, facts=facts)
    return render(request, "scoring/preview.html", {"definition": found, **facts})


def preview_facts(sheet: Sheet) -> dict[str, Any]:
    try:
        card = card_typed(sheet)
    except InvalidDefinition as error:
        return {"open_problems": len(error.extra["problems"])}
    return {"preview": preview(card, at=timezone.now()), "told": told(card)}


def show_editor(
    request: PersonRequest,
    found: Definition,
    sheet: Sheet,
    *,
    seen: str = "",
    clash: dict[str, Any] | None = None,
    is_changed: bool = False,
    facts: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    """``is_changed``: what is shown is not what is saved. ``facts``: the preview; else the page asks for it itself."""
    fields: Catalogue = sheet.catalogue
    context = {
        "definition": found,
        "sheet": sheet,
        "seen": seen or mark_of(found),
        "clash": clash,
        "is_changed": is_changed or status == 422,
        "warnings": [] if is_changed or sheet.is_wrong else warnings_of(found),
        "letters": LETTERS,
        "numbers": NUMBERS,
        "seen_values": values_seen(fields),
        "records": records_offered(),
        "active": active_definition(),
        "backtest_start": start_of(found, request.user, at=timezone.now()),
        **(facts or {}),
    }
    return render(request, "scoring/editor.html", context, status=status)
