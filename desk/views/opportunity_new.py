"""An opportunity without a lead."""

from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from crm.access import require
from crm.forms import saved
from crm.models import Organisation
from crm.once import is_repeat
from crm.requests import PersonRequest, id_of
from desk.forms.opportunity import NewOpportunityForm
from desk.views.answers import go_to
from desk.views.panels import form_page
from leads.access import may_create_opportunities
from leads.models import Company, Contact, Opportunity
from leads.opportunity_people import open_opportunity


@require_http_methods(["GET", "POST"])
def opportunity_new(request: PersonRequest) -> HttpResponse:
    """?company=, ?contact= and ?stage= fill it in beforehand."""
    require(may_create_opportunities(request.user), "Only sales opens opportunities.")
    form = NewOpportunityForm(request.POST or None, initial=known_before(request))
    made: list[Opportunity] = []

    def deed(asked: dict[str, Any]) -> None:
        with transaction.atomic():
            if not is_repeat(request, request.user):
                made.append(open_opportunity(by=request.user, at=timezone.now(), **asked))

    if request.method == "POST" and saved(form, deed):
        if not made:
            return go_to(request, reverse("desk:opportunities"), "It is open already.", level="info")
        return go_to(request, reverse("desk:opportunity", args=[made[0].pk]), f"{made[0]} is open.")
    return form_page(request, "desk/opportunity_new.html", {"form": form})


def known_before(request: PersonRequest) -> dict[str, Any]:
    asked = request.GET
    contact = Contact.objects.select_related("company").filter(pk=id_of(asked.get("contact"))).first()
    company = Company.objects.filter(pk=id_of(asked.get("company"))).first() or (contact and contact.company)
    known = {"company": company, "contact": contact, "name": str(company or ""), "stage": asked.get("stage")}
    return {"currency": Organisation.get().currency, **{name: value for name, value in known.items() if value}}
