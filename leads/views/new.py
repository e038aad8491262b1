"""A lead written down by hand."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from crm.access import require
from crm.once import is_repeat
from crm.requests import PersonRequest, id_of
from leads.access import may_create_leads
from leads.editing import create_lead
from leads.forms import NewLeadForm
from leads.models import Contact, Lead
from leads.responses import add_response
from leads.views.duplicates import NOT_SAVED, duplicates_to_confirm, warning

# What a response tells of itself; the rest tells of the person.
OF_THE_TOUCH = ("campaign", "channel")
# What the page that leads here may have chosen.
GIVEN = ("campaign", "contact", "company")


@require_http_methods(["GET", "POST"])
def lead_new(request: PersonRequest) -> HttpResponse:
    """Write down a lead: it starts as an inquiry, with the touch that brought it.

    Somebody known already is shown first; then the response goes to the lead that is there (``add_to``), to a new
    lead of the same contact (``on_contact``), or a new lead is made anyway.
    """
    user = request.user
    require(may_create_leads(user), "You may not write down leads.")
    form = NewLeadForm(request.POST or None, initial={name: request.GET.get(name) for name in GIVEN})
    context: dict[str, Any] = {"form": form, "duplicates_of": "lead"}
    if request.method == "POST" and form.is_valid():
        if add_to := id_of(request.POST.get("add_to")):
            return add_to_known(request, add_to, form.cleaned_data)
        known = duplicates_to_confirm(request, "lead", form.cleaned_data)
        if not known:
            return write_down(request, form.cleaned_data)
        form.add_error(None, NOT_SAVED)
        context |= warning(known, "lead", user)
    status = 422 if form.errors else 200
    return render(request, "leads/lead_new.html", context, status=status)


def write_down(request: PersonRequest, fields: dict[str, Any]) -> HttpResponse:
    user = request.user
    with transaction.atomic():
        if is_repeat(request, user):
            return redirect("desk:leads")
        # Who writes a lead down keeps it until it is handed over, and finds it under "My open".
        kept: dict[str, Any] = {"owner": user} if user.is_marketer else {}
        if contact := Contact.objects.filter(pk=id_of(request.POST.get("on_contact"))).first():
            kept |= {"contact": contact, "company": fields.get("company") or contact.company}
        lead = create_lead(by=user, at=timezone.now(), **{**fields, **kept})
    messages.success(request, f"{lead.display_name} is written down as an inquiry.")
    return redirect("desk:lead", lead.pk)


def add_to_known(request: PersonRequest, pk: int, fields: dict[str, Any]) -> HttpResponse:
    """Keep the response on the lead that is there."""
    lead = Lead.objects.filter(pk=pk).first()
    if lead is None:
        raise Http404
    with transaction.atomic():
        if not is_repeat(request, request.user):
            touch = {name: fields[name] for name in OF_THE_TOUCH if fields.get(name)}
            add_response(lead, by=request.user, at=timezone.now(), touch=touch, known=fields)
    messages.success(request, f"Added to {lead.display_name}; nothing that was known is changed.")
    return redirect("desk:lead", lead.pk)
