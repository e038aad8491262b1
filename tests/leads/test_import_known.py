"""Rows about people known already under another identity: found at the check, and what becomes of them is chosen."""

import pytest

from leads.importing.running import run_import
from leads.importing.starting import check_import, receive_file, start_import
from leads.models import Import, Lead
from tests.factories import make_lead

pytestmark = pytest.mark.django_db
FIELDS = {
    "external_id": "Id", "first_name": "First", "last_name": "Last", "email": "Mail", "phone": "Phone",
    "company_name": "Company", "country": "Country", "title": "Title",
}  # fmt: skip
HEADER = "Id,First,Last,Mail,Phone,Company,Country,Title\n"
ROWS = (
    "1,A,B,ADA@acme.test,,,,Analyst\n"
    "2,C,D,,030 1234567,,Germany,Buyer\n"
    "3,Eve,Ng,,,NG Ltd,,\n"
    "4,Fay,Oh,other@oh.test,,,,\n"
    "5,Gus,Pi,pi2@gmail.com,,,,\n"
    "6,New,One,new@one.test,030 7654321,,Germany,\n"
    "7,New,Two,new@two.test,030 7654321,,Germany,\n"
)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def there():
    return [
        make_lead(email="ada@acme.test"),
        make_lead(phone="+49 30 1234567", email=""),
        make_lead(first_name="eve", last_name="NG", company_name="ng ltd", email=""),
        make_lead(first_name="Fay", last_name="Oh", email="fay@oh.test"),
        make_lead(first_name="Gus", last_name="Pi", email="pi@gmail.com"),
    ]


def checked(by, known=None):
    spec = {"kind": "leads", "source_system": "fair", "fields": FIELDS}
    found = receive_file([(HEADER + ROWS).encode()], name="fair.csv", kind="leads", by=by)
    check_import(found, spec if known is None else {**spec, "known": known})
    run_import(found.pk)
    return Import.objects.get(pk=found.pk)


def carried_out(found):
    start_import(found, strict=False)
    run_import(found.pk)
    done = Import.objects.get(pk=found.pk)
    return done.created, done.updated, done.unchanged, done.refused


def test_the_check_counts_and_lists_them(mona, there):
    found = checked(mona)
    assert (found.created, found.findings) == (7, {"known": 4})
    assert list(found.known_rows.values_list("row", "lead", "reason")) == [
        (2, there[0].pk, "the same e-mail"),
        (3, there[1].pk, "the same phone number"),
        (4, there[2].pk, "the same name at the same company"),
        (5, there[3].pk, "the same name in the same mail domain"),
    ]


def test_new_leads_of_all_of_them(mona, there):
    assert carried_out(checked(mona)) == (7, 0, 0, 0)
    assert Lead.objects.get(external_id="2").phone_e164 == "+49301234567"


def test_taken_over_to_the_leads_that_are_there(mona, there):
    assert carried_out(checked(mona, "update")) == (3, 4, 0, 0)
    there[0].refresh_from_db()
    there[1].refresh_from_db()
    assert (there[0].title, there[0].external_id, there[1].title, there[1].phone_e164) == (
        "Analyst", "", "Buyer", "+49301234567",
    )  # fmt: skip
    # The same file once more changes nothing: its own leads are known by their ids.
    assert carried_out(checked(mona, "update")) == (0, 0, 7, 0)


def test_left_out(mona, there):
    found = checked(mona, "skip")
    assert found.refusals.first().reason == f"You have this person already: lead {there[0].pk}, the same e-mail."
    assert carried_out(found) == (3, 0, 0, 4)


def test_merged_and_archived_leads_are_nobody(mona, there):
    Lead.objects.filter(pk=there[0].pk).update(archived_at=there[0].captured_at)
    Lead.objects.filter(pk=there[1].pk).update(merged_into=there[4])
    assert checked(mona).findings == {"known": 2}


def test_the_page_asks_what_becomes_of_them(client_for, mona, there):
    found = checked(mona)
    client = client_for(mona)
    page = client.get(f"/imports/{found.pk}/").content.decode()
    assert "4 rows match people you already have" in page
    client.post(f"/imports/{found.pk}/known/", {"known": "skip"})
    run_import(found.pk)
    found.refresh_from_db()
    assert (found.spec["known"], found.created, found.refused) == ("skip", 3, 4)
    assert client.post(f"/imports/{found.pk}/known/", {"known": "nonsense"}).status_code == 422
