from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.duplicates import find_companies, find_duplicates
from leads.lifecycle import Stage
from leads.models import Activity, Company, Contact, Lead, Touch
from leads.transitions import move_lead
from tests.factories import DAY, MONDAY, make_campaign, make_lead, make_mql

pytestmark = pytest.mark.django_db
MAIL, PHONE, NAME = "the same e-mail", "the same phone number", "the same name at the same company"


def found(**asked):
    return [(match.record, match.reasons) for match in find_duplicates(**asked).matches]


@pytest.fixture
def ada_lovelace():
    return make_lead(
        first_name="Ada", last_name="Lovelace", email="ada@acme.test", phone="+49 30 1234567", company_name="Acme"
    )


@pytest.mark.parametrize(
    ("asked", "reasons"),
    [
        ({"email": " ADA@acme.TEST "}, [MAIL]),
        ({"phone": "030 1234567", "country": "Germany"}, [PHONE]),
        ({"email": "ada@acme.test", "phone": "0049 30 1234567"}, [MAIL, PHONE]),
        ({"first_name": "ada", "last_name": "LOVELACE", "company_name": " acme "}, [NAME]),
        ({"first_name": "Ada", "last_name": "Lovelace", "email": "a.lovelace@acme.test"}, [NAME]),
    ],
)
def test_a_lead_is_found_by_what_it_is_known_by(ada_lovelace, asked, reasons):
    make_lead(first_name="Ada", last_name="Byron", email="ada@other.test", company_name="Acme")
    assert found(**asked) == [(ada_lovelace, reasons)]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"first_name": "Ada", "last_name": "Lovelace"},
        {"first_name": "Ada", "last_name": "Lovelace", "email": "ada.l@gmail.com"},
        {"phone": "030 1234567"},
        {"company_name": "Acme"},
    ],
)
def test_a_name_alone_a_free_mail_provider_or_a_number_of_nowhere_say_nothing(ada_lovelace, asked):
    make_lead(first_name="Ada", last_name="Lovelace", email="other@gmail.com", phone="030 1234567")
    assert found(**asked) == []


def test_merged_archived_and_the_edited_one_are_left_out(ada_lovelace):
    survivor = make_lead(email="s@acme.test")
    Lead.objects.filter(pk=make_lead(email="ada@acme.test").pk).update(merged_into=survivor)
    Lead.objects.filter(pk=make_lead(email="ada@acme.test").pk).update(archived_at=MONDAY)
    Contact.objects.create(email="ada@acme.test", archived_at=MONDAY)
    assert found(email="ada@acme.test") == [(ada_lovelace, [MAIL])]
    assert found(email="ada@acme.test", exclude=ada_lovelace) == []


def test_contacts_are_found_too_unless_their_lead_is(ada_lovelace):
    acme = Company.objects.create(name="Acme GmbH", domain="acme.test")
    behind = Contact.objects.create(first_name="Ada", last_name="Lovelace", email="ada@acme.test", company=acme)
    alone = Contact.objects.create(first_name="Ada", last_name="Lovelace", company=acme)
    Lead.objects.filter(pk=ada_lovelace.pk).update(contact=behind)
    assert found(email="ada@acme.test", first_name="Ada", last_name="Lovelace") == [
        (ada_lovelace, [MAIL, NAME]),
        (alone, [NAME]),
    ]


def test_companies_by_name_and_domain():
    acme = Company.objects.create(name="Acme", domain="acme.test")
    Company.objects.create(name="Apex", domain="apex.test")
    matches = find_companies(name=" ACME ", domain="https://www.acme.test/about").matches
    assert [(match.record, match.reasons) for match in matches] == [(acme, ["the same domain", "the same name"])]
    assert not find_companies(name="Acme", exclude=acme)
    assert not find_companies()


def test_at_most_five_are_shown_and_the_questions_stay_the_same():
    asked = {
        "email": "ada@acme.test", "phone": "+49 30 1234567", "first_name": "Ada", "last_name": "Lovelace",
        "company_name": "Acme",
    }  # fmt: skip

    def queries():
        with CaptureQueriesContext(
            connection,
        ) as asking:
            answer = find_duplicates(**asked)
            assert {match.company for match in answer.matches} == {"Acme"}
        return len(asking), len(answer.matches), answer.has_more

    make_lead(**asked)
    one = queries()
    for _ in range(50):
        make_lead(**asked)
    assert (one, queries()) == ((8, 1, False), (8, 5, True))


# The form of a new lead


def new_lead(client, **fields):
    return client.post("/leads/new/", fields)


def test_the_form_asks_before_somebody_is_written_down_twice(client_for, mia, ada_lovelace):
    client, body = client_for(mia), {"last_name": "Countess", "email": "Ada@acme.test"}
    asked = new_lead(client, **body)
    assert asked.status_code == 422
    assert "Not saved yet" in asked.content.decode()
    assert "Ada Lovelace</b> at Acme" in asked.content.decode()
    assert Lead.objects.count() == 1

    made = new_lead(client, **body, anyway="1")
    assert (made.status_code, Lead.objects.count()) == (302, 2)


def test_add_to_it_fills_gaps_overwrites_nothing_and_logs_the_response(client_for, mia, ada_lovelace):
    campaign = make_campaign(channel="webinar")
    client_for(mia).post(
        "/leads/new/",
        {"last_name": "Countess", "email": "Ada@acme.test", "title": "Analyst", "campaign": campaign.pk,
         "add_to": ada_lovelace.pk, "idempotency_key": "k"},
    )  # fmt: skip
    lead = Lead.objects.get()
    assert (lead.last_name, lead.email, lead.title, lead.version) == ("Lovelace", "ada@acme.test", "Analyst", 2)
    assert list(Touch.objects.values_list("lead", "campaign", "channel", "by")) == [
        (lead.pk, campaign.pk, "webinar", "buyer")
    ]


def test_a_form_added_twice_is_one_response(client_for, mia, ada_lovelace):
    client = client_for(mia)
    for _ in range(2):
        new_lead(client, email="ada@acme.test", add_to=ada_lovelace.pk, idempotency_key="once")
    assert Touch.objects.count() == 1


def test_a_rep_is_not_offered_to_add_to_a_lead_of_somebody_else(client_for, rob, rosa):
    lead = make_lead(email="ada@acme.test", owner=rosa)
    asked = new_lead(client_for(rob), last_name="X", email="ada@acme.test").content.decode()
    assert "Open it" in asked
    assert "Add to it" not in asked
    refused = new_lead(client_for(rob), last_name="X", email="ada@acme.test", add_to=lead.pk)
    assert (refused.status_code, Touch.objects.count()) == (403, 0)


def test_a_customer_who_responds_again_is_a_new_lead_of_the_same_contact(client_for, mia):
    contact = Contact.objects.create(last_name="Lovelace", email="ada@acme.test")
    old = make_mql(email="ada@acme.test", contact=contact)
    move_lead(old, Stage.DISQUALIFIED, by=mia, at=datetime.now(UTC))
    asked = new_lead(client_for(mia), last_name="Lovelace", email="ada@acme.test").content.decode()
    assert "New lead of the same contact" in asked
    new_lead(client_for(mia), last_name="Lovelace", email="ada@acme.test", on_contact=contact.pk)
    assert list(Lead.objects.order_by("id").values_list("contact", "stage")) == [
        (contact.pk, "disqualified"),
        (contact.pk, "inquiry"),
    ]


# While typing


def test_the_fragment_while_typing(client_for, mia, ada_lovelace):
    client = client_for(mia)
    answer = client.post("/duplicates/lead/", {"email": "ada@acme.test"}, headers={"HX-Request": "true"})
    assert (answer.status_code, "Add to it" in answer.content.decode()) == (200, True)
    assert client.post("/duplicates/lead/", {"email": "bob@acme.test"}).content.strip() == b""
    edited = client.post(f"/duplicates/lead/?except={ada_lovelace.pk}", {"email": "ada@acme.test"})
    assert edited.content.strip() == b""
    assert client.post("/duplicates/opportunity/").status_code == 404


def test_while_typing_of_contacts_and_companies(client_for, mia, ada_lovelace):
    acme = Company.objects.create(name="Acme")
    client = client_for(mia)
    body = {"first_name": "Ada", "last_name": "Lovelace", "company": acme.pk}
    assert "Ada Lovelace" in client.post("/duplicates/contact/", body).content.decode()
    assert "the same name" in client.post("/duplicates/company/", {"name": "acme"}).content.decode()


def test_what_breaks_others_is_only_not_found(client_for, mia):
    client = client_for(mia)
    for text in ("\0", "x" * 100_000, "<script>alert(1)</script>", "%' OR 1=1 --", "🦊", "عدا"):
        body = dict.fromkeys(("email", "phone", "first_name", "last_name", "company_name", "country"), text)
        answer = client.post("/duplicates/lead/", body)
        assert (answer.status_code, answer.content.strip()) == (200, b"")


def test_nothing_is_kept_when_a_response_is_not_valid(ada_lovelace, mia):
    from django.core.exceptions import ValidationError

    from leads.responses import add_response

    with pytest.raises(ValidationError):
        add_response(
            ada_lovelace, by=mia, at=MONDAY + DAY, touch={"kind": "nonsense"}, known={"title": "X"}, message="m"
        )
    assert (Lead.objects.get().title, Activity.objects.count(), Touch.objects.count()) == ("", 0, 0)
