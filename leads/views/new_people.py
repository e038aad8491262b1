"""Contacts and companies written down by hand."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from crm.forms import saved
from crm.once import is_repeat
from crm.requests import PersonRequest
from leads.editing import create_company, create_contact
from leads.forms import NewCompanyForm, NewContactForm
from leads.models import Company, Contact
from leads.views.duplicates import NOT_SAVED, duplicates_to_confirm, warning


@require_http_methods(["GET", "POST"])
def contact_new(request: PersonRequest) -> HttpResponse:
    """A person known by name; ``?company=`` says where."""
    form = NewContactForm(request.POST or None, initial={"company": request.GET.get("company")})
    return new_record(request, form, "contact", create_contact)


@require_http_methods(["GET", "POST"])
def company_new(request: PersonRequest) -> HttpResponse:
    return new_record(request, NewCompanyForm(request.POST or None), "company", create_company)


def new_record(
    request: PersonRequest, form: forms.BaseForm, kind: str, create: Callable[..., Contact | Company]
) -> HttpResponse:
    """Ask, show who is known already, and write it down once; sent again, the list is where it is found."""
    context: dict[str, Any] = {"form": form, "duplicates_of": kind}
    made: list[Contact | Company] = []

    def write_down(fields: dict[str, Any]) -> None:
        with transaction.atomic():
            if not is_repeat(request, request.user):
                made.append(create(by=request.user, **fields))

    if request.method == "POST" and form.is_valid():
        known = duplicates_to_confirm(request, kind, form.cleaned_data)
        if known:
            form.add_error(None, NOT_SAVED)
            context |= warning(known, kind, request.user)
        elif saved(form, write_down):
            return told(request, made, kind)
    status = 422 if form.errors else 200
    return render(request, f"leads/{kind}_new.html", context, status=status)


def told(request: PersonRequest, made: list[Contact | Company], kind: str) -> HttpResponse:
    if not made:
        return redirect({"contact": "desk:contacts", "company": "desk:companies"}[kind])
    messages.success(request, f"{made[0]} is written down.")
    return redirect(f"desk:{kind}", made[0].pk)
