"""An opportunity without a lead."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from crm.access import require
from crm.forms import saved
from crm.models import Organisation
from crm.requests import PersonRequest, id_of
from desk.forms.opportunity import NewOpportunityForm
from desk.views.panels import form_page
from leads.access import may_create_opportunities
from leads.models import Company, Contact, Opportunity
from leads.opportunities import create_opportunity
from leads.opportunity_people import company_called, contact_called


@require_http_methods(["GET", "POST"])
def opportunity_new(request: PersonRequest) -> HttpResponse:
    """?company=, ?contact= and ?stage= fill it in beforehand."""
    require(may_create_opportunities(request.user), "Only sales opens opportunities.")
    form = NewOpportunityForm(request.POST or None, initial=known_before(request))
    made: list[Opportunity] = []
    if request.method == "POST" and saved(form, lambda asked: made.append(open_it(request, asked))):
        address = reverse("desk:opportunity", args=[made[0].pk])
        messages.success(request, f"{made[0]} is open.")
        return HttpResponse(headers={"HX-Redirect": address}) if request.htmx else HttpResponseRedirect(address)
    return form_page(request, "desk/opportunity_new.html", {"form": form})


def known_before(request: PersonRequest) -> dict[str, Any]:
    asked = request.GET
    contact = Contact.objects.select_related("company").filter(pk=id_of(asked.get("contact"))).first()
    company = Company.objects.filter(pk=id_of(asked.get("company"))).first() or (contact and contact.company)
    known = {"company": company, "contact": contact, "name": str(company or ""), "stage": asked.get("stage")}
    return {"currency": Organisation.get().currency, **{name: value for name, value in known.items() if value}}


@transaction.atomic
def open_it(request: PersonRequest, asked: dict[str, Any]) -> Opportunity:
    """Company and contact are made with it where they are new; a contact's company is the opportunity's."""
    email, company, contact = asked.pop("email"), asked["company"], asked["contact"]
    if isinstance(company, str):
        company = company_called(company, by=request.user)
    if isinstance(contact, str):
        contact = contact_called(contact, email=email, company=company, by=request.user)
    company = company or (contact and contact.company)
    fields = asked | {"company": company, "contact": contact}
    return create_opportunity(by=request.user, at=timezone.now(), **fields)
