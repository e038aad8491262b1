"""The page of a company: whom do we know there, what is it worth?"""

import re
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET

from crm.requests import PersonRequest
from desk.archiving import with_archive
from desk.fields.kinds import rows_for
from desk.queries.people import leads_of, opportunities_of, people_of, totals_of
from desk.verbs import Verb, Verbs, ask_verbs
from desk.views.contact import making_verbs
from desk.views.record import record_page
from leads.models import Company

# What is a link, and not a sentence somebody typed into the field.
HOST = re.compile(r"[\w-]+(\.[\w-]+)+")


@require_GET
def company(request: PersonRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Company, pk=pk)
    return record_page(request, "desk/company.html", found, partial(company_facts, request, found))


def company_facts(request: PersonRequest, company: Company) -> dict[str, Any]:
    return {
        "company": company,
        "verbs": with_archive(company_verbs(request, company), company, request.user),
        "fields": rows_for(company, request.user),
        "people": people_of(company),
        "leads": leads_of(company),
        "opportunities": opportunities_of(company),
        "totals": totals_of(company),
        "domain_url": f"https://{company.domain}" if HOST.fullmatch(company.domain) else "",
    }


def company_verbs(request: PersonRequest, company: Company) -> Verbs:
    verbs = making_verbs(company, request.user)
    address = f"{reverse('leads:contact-new')}?company={company.pk}"
    new_contact = Verb("New contact", "A person there, not yet a lead.", "address-book", address, "link")
    return Verbs(verbs.next, [*verbs.others, new_contact, *ask_verbs(request.user, company)])
