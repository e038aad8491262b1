"""The page of a contact: who is this, what have we with them?"""

from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.views.decorators.http import require_GET

from crm.models import User
from crm.requests import PersonRequest
from desk.archiving import with_archive
from desk.fields.kinds import rows_for
from desk.queries.people import leads_of, opportunities_of, people_of
from desk.verbs import Verb, Verbs
from desk.views.record import record_page
from leads.access import may_create_leads, may_create_opportunities
from leads.models import Company, Contact


@require_GET
def contact(request: PersonRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Contact.objects.select_related("company"), pk=pk)
    return record_page(request, "desk/contact.html", found, partial(contact_facts, request, found))


def contact_facts(request: PersonRequest, contact: Contact) -> dict[str, Any]:
    return {
        "contact": contact,
        "verbs": with_archive(making_verbs(contact, request.user), contact, request.user),
        "fields": rows_for(contact, request.user),
        "leads": leads_of(contact),
        "opportunities": opportunities_of(contact),
        "colleagues": people_of(contact.company, but=contact),
    }


def making_verbs(record: Contact | Company, user: User) -> Verbs:
    """What is made for a contact or a company: sales opens opportunities first of all, marketing writes leads down."""
    about = urlencode({str(record._meta.model_name): record.pk})
    verbs = []
    if may_create_opportunities(user):
        opened = f"{reverse('desk:opportunity-new')}?{about}"
        verbs.append(Verb("New opportunity", "Somebody there may buy, now.", "briefcase", opened, "panel", "o"))
    if may_create_leads(user):
        written = f"{reverse('leads:lead-new')}?{about}"
        verbs.append(Verb("New lead", "Somebody there has responded.", "user-plus", written, "link", "n"))
    return Verbs(verbs[0] if verbs else None, verbs[1:])
