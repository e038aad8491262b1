import pytest

from crm.models import Organisation
from leads.editing import create_contact, edit_contact, edit_lead
from leads.identity import e164, email_domain, name_key, normal_email, region_of, web_domain
from leads.models import Contact, Lead
from tests.factories import make_lead

BERLIN = "+49301234567"


@pytest.mark.parametrize(
    ("phone", "country", "region", "told"),
    [
        ("+49 30 1234567", "", "", BERLIN),
        ("+49 (0)30 / 123-45.67", "", "", BERLIN),
        ("0049 30 1234567", "", "", BERLIN),
        ("030 1234567", "Germany", "", BERLIN),
        ("030 1234567", "deutschland", "", BERLIN),
        ("030 1234567", "de", "", BERLIN),
        ("030 1234567", "", "de", BERLIN),
        ("+49 30 1234567 ext. 12", "", "", BERLIN),
        ("٠٣٠ ١٢٣٤٥٦٧", "DE", "", BERLIN),
        # The country of the person goes before the organisation's.
        ("01 42 68 53 00", "France", "DE", "+33142685300"),
        ("030 1234567", "Atlantis", "DE", BERLIN),
        # It cannot be told.
        ("030 1234567", "", "", ""),
        ("1234567", "US", "", ""),
        ("12", "DE", "", ""),
        ("call me", "DE", "", ""),
        ("+" + "9" * 300, "", "", ""),
        ("", "DE", "DE", ""),
    ],
)
def test_a_number_is_the_same_however_it_is_written(phone, country, region, told):
    assert e164(phone, country=country, region=region) == told


@pytest.mark.parametrize(
    ("country", "region"),
    [("Germany", "DE"), (" czech  Republic ", "CZ"), ("USA", "US"), ("uk", "GB"), ("Österreich", "AT"), ("日本", "JP"),
     ("AT", "AT"), ("Atlantis", ""), ("", "")],
)  # fmt: skip
def test_countries_are_known_by_name_and_by_code(country, region):
    assert region_of(country) == region


def test_mail_names_and_domains_in_their_normal_form():
    assert normal_email(" Ada@ACME.test ") == "ada@acme.test"
    assert name_key("  Ada   van der\tBerg ") == "ada van der berg"
    assert [email_domain(mail) for mail in ("ada@Acme.test", "ada@gmail.com", "ada", "")] == ["acme.test", "", "", ""]
    assert [web_domain(address) for address in ("https://www.Acme.test/about", "acme.test:8080", "")] == [
        "acme.test",
        "acme.test",
        "",
    ]


@pytest.mark.django_db
class TestWhoeverWritesARecordTellsItsNumber:
    def test_capture_and_edit(self, ada):
        lead = make_lead(phone="030 1234567", country="Germany")
        assert Lead.objects.get(pk=lead.pk).phone_e164 == BERLIN

        edit_lead(lead, by=ada, at=lead.captured_at, country="France")
        assert Lead.objects.get(pk=lead.pk).phone_e164 == "+33301234567"

        edit_lead(lead, by=ada, at=lead.captured_at, phone="+49 30 1234567")
        assert Lead.objects.get(pk=lead.pk).phone_e164 == BERLIN

    def test_the_organisations_region_is_for_those_without_a_country(self):
        Organisation.objects.update_or_create(pk=1, defaults={"phone_region": "DE"})
        assert [make_lead(phone="030 1234567", country=country).phone_e164 for country in ("", "France")] == [
            BERLIN,
            "+33301234567",
        ]

    def test_a_phone_without_country_is_kept_as_it_was_written(self):
        lead = Lead.objects.get(pk=make_lead(phone="030 / 1234567").pk)
        assert (lead.phone, lead.phone_e164) == ("030 / 1234567", "")

    def test_contacts(self, ada):
        contact = create_contact(by=ada, last_name="Lovelace", phone="+49 30 1234567")
        assert Contact.objects.get().phone_e164 == BERLIN
        edit_contact(contact, by=ada, phone="")
        assert Contact.objects.get().phone_e164 == ""
