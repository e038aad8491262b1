"""The warning beside a form: somebody like this is known already."""

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_POST

from crm.models import User
from crm.requests import PersonRequest, id_of
from leads.access import may_touch
from leads.duplicates import KNOWN_BY, NONE, Duplicates, find_companies, find_duplicates
from leads.models import Company, Contact, Lead

KINDS: dict[str, type[Lead | Contact | Company]] = {"lead": Lead, "contact": Contact, "company": Company}
NOT_SAVED = "Not saved yet: this may be known already. Choose below what to do."
# No field that is looked up holds more.
LONGEST = 254


@require_POST
def duplicates(request: PersonRequest, kind: str) -> HttpResponse:
    """What the form holds so far, by htmx whenever a field of it was left. ``?except=ID``: the record being edited."""
    if kind not in KINDS:
        raise Http404
    record = KINDS[kind].objects.filter(pk=id_of(request.GET.get("except"))).first()
    found = known_like(kind, request.POST, exclude=record)
    return render(request, "leads/duplicates.html#found", {**warning(found, kind, request.user), "record": record})


def duplicates_to_confirm(request: PersonRequest, kind: str, values: Mapping[str, Any]) -> Duplicates:
    """Who is like the cleaned ``values`` of a form that was sent; nobody once the person chose "Create anyway"."""
    if "anyway" in request.POST or id_of(request.POST.get("on_contact")):
        return NONE
    return known_like(kind, values)


def warning(found: Duplicates, kind: str, user: User) -> dict[str, Any]:
    """What templates/leads/duplicates.html needs."""
    for match in found.matches:
        match.may_add = match.is_open_lead and isinstance(match.record, Lead) and may_touch(user, match.record)
    return {"duplicates": found, "duplicates_of": kind}


def known_like(kind: str, values: Mapping[str, Any], *, exclude: Any = None) -> Duplicates:
    def text(name: str) -> str:
        return str(values.get(name) or "").replace("\0", "")[:LONGEST]

    if kind == "company":
        return find_companies(name=text("name"), domain=text("domain"), exclude=exclude)
    person = {name: text(name) for name in KNOWN_BY}
    if kind == "contact" and not person["company_name"]:
        person["company_name"] = company_of(values.get("company"))
    return find_duplicates(**person, exclude=exclude)


def company_of(chosen: Any) -> str:
    """The name of the company that a form chose: the record itself when it was cleaned, its id before."""
    if isinstance(chosen, Company):
        return chosen.name
    found = Company.objects.filter(pk=id_of(str(chosen or ""))).first()
    return found.name if found else ""
