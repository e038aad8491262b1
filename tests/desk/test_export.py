"""Lists as CSV: desk/bulk/exporting.py."""

import csv
import re
from html import unescape
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.models import Asset
from crm.models import AuditEntry, Organisation
from desk.bulk.exporting import COLUMNS, csv_of
from desk.bulk.selection import selection_of
from leads.models import Company, Contact, Lead, Task
from tests.factories import MONDAY, make_campaign, make_lead, make_opportunity

pytestmark = pytest.mark.django_db


def rows_of(answer):
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.DictReader(StringIO(text)))


def ask(client, list_key="leads", query="tab=all", **fields):
    chosen = fields or {"all": "1"}
    return client.get("/bulk/export.csv", {"list": list_key, "query": query, **chosen})


def test_the_file_has_the_rows_of_the_filter_and_nothing_that_runs(client_for, mona, rob):
    Organisation.objects.update_or_create(pk=1, defaults={"time_zone": "Europe/Berlin"})
    hot = make_lead(
        first_name="=HYPERLINK(1)", last_name="李 🚀", segment="hot", owner=rob, team=rob.team, tags=["a", "b"]
    )
    make_lead(segment="cold")

    answer = ask(client_for(mona), query="tab=all&segment=hot")
    [row] = rows_of(answer)

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "leads-20" in answer["Content-Disposition"]
    assert (row["id"], row["first_name"], row["last_name"], row["tags"]) == (
        str(hot.pk), "'=HYPERLINK(1)", "李 🚀", "a, b",
    )  # fmt: skip
    assert (row["owner"], row["team"], row["captured_at"]) == ("rob@demo.test", "Team North", "2026-03-02 10:00")


def test_the_selection_alone_is_exported(client_for, mona):
    leads = [make_lead() for _number in range(3)]

    rows = rows_of(ask(client_for(mona), id=[leads[0].pk, leads[2].pk]))

    assert [row["id"] for row in rows] == [str(leads[2].pk), str(leads[0].pk)]


def test_marketers_and_reps_take_along_their_own(client_for, mia, rob, mona):
    robs, mias, nobodys = make_lead(owner=rob), make_lead(campaign=make_campaign(owner=mia)), make_lead()

    taken = {person: {row["id"] for row in rows_of(ask(client_for(person)))} for person in (rob, mia, mona)}

    assert taken == {
        rob: {str(robs.pk)},
        mia: {str(mias.pk)},
        mona: {str(lead.pk) for lead in (robs, mias, nobodys)},
    }


def test_contacts_and_companies_follow_their_leads(client_for, rob):
    acme, other = Company.objects.create(name="Acme"), Company.objects.create(name="Other")
    ada, bob = Contact.objects.create(last_name="Ada"), Contact.objects.create(last_name="Bob")
    make_lead(owner=rob, company=acme, contact=ada)
    make_lead(company=other, contact=bob)

    companies, contacts = (rows_of(ask(client_for(rob), list_key=key)) for key in ("companies", "contacts"))

    assert [row["name"] for row in companies] == ["Acme"]
    assert [row["last_name"] for row in contacts] == ["Ada"]


def test_every_list_has_a_file(client_for, ada):
    make_lead(contact=Contact.objects.create(last_name="Ada"), company=Company.objects.create(name="Acme"))
    make_opportunity(owner=ada)
    make_campaign()
    Asset.objects.create(name="Case study")
    Task.objects.create(title="+49 call", due_at=MONDAY, owner=ada)

    found = {key: rows_of(ask(client_for(ada), list_key=key, query="tab=all")) for key in COLUMNS}

    assert {key: len(rows) for key, rows in found.items()} == dict.fromkeys(COLUMNS, 1)
    assert found["tasks"][0]["title"] == "'+49 call"


@pytest.mark.parametrize("path", ["/leads/?tab=all&segment=hot", "/contacts/", "/campaigns/?tab=all"])
def test_a_list_leads_to_the_file_of_all_it_finds(client_for, mona, path):
    make_lead(segment="hot", contact=Contact.objects.create(first_name="Ada"), campaign=make_campaign())
    client = client_for(mona)

    page = client.get(path).content.decode()
    [address] = re.findall(r'href="(/bulk/export/\?[^"]+all=1)"', page)

    assert "<strong>1 " in client.get(unescape(address)).content.decode()


def test_the_audit_knows_who_took_what(client_for, mona):
    make_lead()

    rows_of(ask(client_for(mona)))

    entry = AuditEntry.objects.get()
    assert (entry.by, entry.deed, entry.detail["list"], entry.detail["query"], entry.detail["rows"]) == (
        mona, "export", "leads", "tab=all", 1,
    )  # fmt: skip


def test_the_page_before_says_how_many_and_that_others_stay(client_for, mia, mona):
    make_lead(campaign=make_campaign(owner=mia))
    make_lead()
    sent = {"list": "leads", "query": "tab=all", "all": "1"}

    own, whole = (client_for(person).get("/bulk/export/", sent).content.decode() for person in (mia, mona))

    assert "1 lead<" in own
    assert "Only your own are in the file" in own
    assert "2 leads<" in whole
    assert "Only your own" not in whole


def test_many_rows_stream_in_parts(mona):
    Lead.objects.bulk_create(
        (
            Lead(last_name=f"Lead {number}", stage="inquiry", stage_since=MONDAY, captured_at=MONDAY)
            for number in range(20_000)
        ),
        batch_size=10_000,
    )
    fields = RequestFactory().get("/", {"list": "leads", "query": "tab=all", "all": "1"}).GET
    parts = csv_of(selection_of(fields, mona), zone=ZoneInfo("UTC"), at=timezone.now())

    with CaptureQueriesContext(connection) as asked:
        sizes = [part.count("\r\n") for part in parts]

    assert (sum(sizes), max(sizes)) == (20_001, 500)
    assert len(asked) < 10


def test_a_file_that_is_not_read_to_its_end_is_in_the_audit(mona):
    make_lead()
    fields = RequestFactory().get("/", {"list": "leads", "query": "tab=all", "all": "1"}).GET
    parts = csv_of(selection_of(fields, mona), zone=ZoneInfo("UTC"), at=timezone.now())

    next(parts)
    parts.close()

    assert AuditEntry.objects.get().detail["rows"] == 0
