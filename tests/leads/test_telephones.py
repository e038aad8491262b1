import pytest
from django.core.management import call_command

from crm.models import Organisation
from leads.models import Company, Contact, Lead
from leads.telephones import tell_numbers
from tests.factories import make_lead

pytestmark = pytest.mark.django_db


def as_written_before(**fields):
    lead = make_lead(**fields)
    Lead.objects.filter(pk=lead.pk).update(phone_e164="")
    return lead.pk


def test_numbers_written_before_are_told_and_the_rest_is_left_alone():
    told = as_written_before(phone="030 1234567", country="Germany")
    untold = as_written_before(phone="030 1234567")
    firm = Company.objects.create(name="Acme", country="AT")
    contact = Contact.objects.create(last_name="C", phone="01 5123456", company=firm)
    Contact.objects.update(phone_e164="")

    assert (tell_numbers(), tell_numbers()) == (2, 0)
    assert dict(Lead.objects.values_list("pk", "phone_e164")) == {told: "+49301234567", untold: ""}
    assert Contact.objects.get(pk=contact.pk).phone_e164 == "+4315123456"


def test_after_the_region_changed_all_are_told_anew(capsys):
    Organisation.objects.update_or_create(pk=1, defaults={"phone_region": "DE"})
    lead = make_lead(phone="030 1234567")
    Organisation.objects.update(phone_region="FR")
    assert tell_numbers() == 0
    call_command("tell_numbers", "--all")
    assert capsys.readouterr().out == "1 numbers told\n"
    assert Lead.objects.get(pk=lead.pk).phone_e164 == "+33301234567"
