"""Who has a part in an opportunity: adding, naming the part, taking out."""

from functools import partial

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from crm.access import require
from crm.forms import saved
from crm.requests import PersonRequest, id_of
from desk.forms.opportunity import PersonForm
from desk.views.opportunity import deal_answer, get_deal
from desk.views.panels import form_page
from leads.access import may_work_opportunity
from leads.models import BuyingRole, Contact, Opportunity, OpportunityPerson
from leads.opportunities import NOT_YOURS, edit_opportunity
from leads.opportunity_people import add_person, change_role, contact_called, remove_person


@require_http_methods(["GET", "POST"])
def people(request: PersonRequest, pk: int) -> HttpResponse:
    """Add somebody: a contact, or a new one."""
    deal = get_deal(pk)
    require(may_work_opportunity(request.user, deal), NOT_YOURS)
    form = PersonForm(request.POST or None)
    if request.method == "POST" and saved(form, partial(add, request, deal)):
        return deal_answer(request, pk, stages=set(), text=f"{form.cleaned_data['contact']} has a part in it now.")
    return form_page(request, "desk/opportunity_person.html", {"form": form, "deal": deal})


@transaction.atomic
def add(request: PersonRequest, deal: Opportunity, asked: dict[str, str | Contact]) -> None:
    contact = asked["contact"]
    if not isinstance(contact, Contact):
        contact = contact_called(contact, email=str(asked["email"]), company=deal.company, by=request.user)
    add_person(deal, contact, by=request.user, at=timezone.now(), role=str(asked["role"]))


@require_POST
def role(request: PersonRequest, pk: int) -> HttpResponse:
    """What part a contact has; the main contact may have had none yet."""
    deal = get_deal(pk)
    contact = get_object_or_404(Contact, pk=id_of(request.POST.get("contact")))
    asked = request.POST.get("role", "")
    with transaction.atomic():
        part, is_new = add_person(deal, contact, by=request.user, at=timezone.now(), role=asked)
        if not is_new:
            change_role(part, asked, by=request.user, at=timezone.now())
    return deal_answer(request, pk, stages=set(), text=f"{contact}: {BuyingRole(asked).label.lower()}.")


@require_POST
def main(request: PersonRequest, pk: int) -> HttpResponse:
    """Make a contact the one whom we call first."""
    contact = get_object_or_404(Contact, pk=id_of(request.POST.get("contact")))
    edit_opportunity(get_deal(pk), by=request.user, at=timezone.now(), contact=contact)
    return deal_answer(request, pk, stages=set(), text=f"{contact} is the main contact.")


@require_POST
def removal(request: PersonRequest, pk: int, part_pk: int) -> HttpResponse:
    part = OpportunityPerson.objects.filter(pk=part_pk, opportunity=pk).select_related("contact", "opportunity").first()
    if part is None:
        return deal_answer(request, pk, stages=set(), text="This person was taken out already.", level="info")
    remove_person(part, by=request.user, at=timezone.now())
    return deal_answer(request, pk, stages=set(), text=f"{part.contact} has no part in it any more.")
