"""Fields of one's own on pages: edited in place, asked for by new records, in lists, histories and files."""

import csv
from io import StringIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from desk.fields.kinds import rows_for
from leads.editing import edit_lead
from leads.models import Company, Lead, Opportunity
from tests.factories import HOUR, MONDAY, make_field, make_lead, make_opportunity

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def edit(client, record, name, value, *, seen=""):
    return client.post(f"{record}edit/?field=custom.{name}", {"value": value, "seen": seen}, headers=HTMX)


@pytest.fixture
def fields():
    make_field()
    make_field("Tool", "choice", choices=["Whiteboard", "ERP"])
    make_field("Decides", "date")
    make_field("Pilot", "yes_no")
    make_field("Note", "text")
    make_field("Pays", "money", currency="EUR")


def test_a_value_is_edited_in_place_and_its_neighbours_stay(client_for, mia, fields):
    lead, client = make_lead(custom={"tool": "ERP", "strange": [1]}), client_for(mia)
    at = f"/leads/{lead.pk}/"

    answer = edit(client, at, "machines", "1,200")

    assert (answer.status_code, "1,200" in answer.content.decode()) == (200, True)
    assert Lead.objects.get().custom == {"tool": "ERP", "strange": [1], "machines": 1200}
    assert edit(client, at, "tool", "", seen="ERP").status_code == 200
    assert edit(client, at, "pilot", "no").status_code == 200
    assert Lead.objects.get().custom == {"strange": [1], "machines": 1200, "pilot": False}
    wrong = edit(client, at, "machines", "many", seen="1200")
    assert (wrong.status_code, "is not a number" in wrong.content.decode()) == (422, True)
    assert client.get(f"{at}edit/?field=custom.nothing", headers=HTMX).status_code == 404


def test_the_same_field_written_by_another_is_asked_about_and_another_field_is_not(client_for, mia, mona, fields):
    lead = make_lead(custom={"machines": 3})
    client_for(mona).post(f"/leads/{lead.pk}/edit/?field=custom.tool", {"value": "ERP", "seen": ""}, headers=HTMX)
    assert edit(client_for(mia), f"/leads/{lead.pk}/", "machines", "4", seen="3").status_code == 200

    answer = edit(client_for(mona), f"/leads/{lead.pk}/", "machines", "5", seen="3")

    assert answer.status_code == 409
    assert "Mia" in answer.content.decode()
    assert Lead.objects.get().custom == {"machines": 4, "tool": "ERP"}


def test_who_may_not_edit_reads(client_for, rob, mia, fields):
    lead = make_lead(custom={"machines": 3})
    assert edit(client_for(rob), f"/leads/{lead.pk}/", "machines", "4", seen="3").status_code == 403
    sheet = rows_for(lead, rob)
    assert [(row.field.label, row.text) for row in sheet.groups[-1][1]] == [("Machines", "3")]
    assert {"Tool", "Pilot"} <= {row.field.label for row in sheet.empty}


def test_a_retired_field_is_shown_where_it_holds_something(mia):
    make_field("Old", "text", retired=True)

    def labels(lead):
        return {row.field.label for _group, rows in rows_for(lead, mia).groups for row in rows}

    assert "Old" in labels(make_lead(custom={"old": "x"}))
    assert "Old" not in labels(make_lead())


def test_the_history_names_the_field(client_for, mia, fields):
    lead = make_lead(custom={"pays": 12.5, "gone": "x"})
    edit_lead(lead, by=mia, at=MONDAY + HOUR, custom={"pays": 1200, "tool": "ERP", "machines": 3})

    page = client_for(mia).get(f"/leads/{lead.pk}/?show=changes").content.decode()

    said = ("Pays", "€12.50", "€1,200", "Tool", "ERP", "gone")
    assert [words for words in said if words not in page] == []


FOUND = [
    ("custom.machines_from=2&custom.machines_to=3", {"few"}),
    ("custom.machines_from=4", {"many"}),
    ("custom.tool=ERP", {"few"}),
    ("custom.tool=ERP&custom.tool=Whiteboard", {"few", "many"}),
    ("custom.tool=Hammer", set()),
    ("custom.decides_from=2026-03-14&custom.decides_to=2026-03-14", {"few"}),
    ("custom.pilot=no", {"many"}),
    ("custom.note=50+%25", {"many"}),
    ("company.custom.sites_from=3", {"few"}),
]


@pytest.mark.parametrize(("query", "expected"), FOUND)
def test_lists_are_asked_for_values(client_for, mia, fields, query, expected):
    make_field("Sites", record="company")
    acme = Company.objects.create(name="Acme", custom={"sites": 3})
    few = {"machines": 3, "tool": "ERP", "decides": "2026-03-14", "pilot": True, "note": "500 of them"}
    make_lead(first_name="few", last_name="", custom=few, company=acme)
    make_lead(first_name="many", last_name="",
              custom={"machines": 30, "tool": "Whiteboard", "pilot": False, "note": "About 50 % more"})  # fmt: skip
    make_lead(first_name="odd", last_name="", custom={"machines": "3", "tool": ["ERP"], "decides": {"a": 1}, "note": 5})

    page = client_for(mia).get(f"/leads/?tab=all&{query}&columns=custom.machines,custom.tool")

    assert page.status_code == 200
    assert {row.first_name for row in page.context["page"].rows} == expected


@pytest.mark.parametrize("name", ["machines", "tool", "decides", "pilot", "note", "pays"])
def test_every_filter_opens_its_editor_and_every_cell_is_drawn(client_for, mia, fields, name):
    make_lead(custom={"machines": 3, "note": {"a": "<b>"}, "pays": 12})
    page = client_for(mia).get(f"/leads/?tab=all&edit=custom.{name}&columns=custom.{name}")
    assert page.status_code == 200
    assert f'name="custom.{name}' in page.content.decode()
    assert "<b>" not in page.content.decode().partition("<tbody")[2].partition("</tbody>")[0]
    assert client_for(mia).get(f"/leads/?custom.{name}_from=x&custom.{name}=%00").status_code in (200, 400)


@pytest.mark.parametrize("path", ["/companies/", "/opportunities/?tab=all"])
def test_other_lists_have_theirs(client_for, ada, path):
    make_field("Sites", record="company"), make_field("Sites", record="opportunity")
    Company.objects.create(name="Acme", custom={"sites": 3})
    make_opportunity(custom={"sites": 3}), make_opportunity(custom={"sites": 4})
    page = client_for(ada).get(path, {"tab": "all", "custom.sites_to": "3", "columns": "custom.sites"})
    assert len(page.context["page"].rows) == 1


def test_a_list_costs_the_same_with_many_fields(client_for, mia):
    client = client_for(mia)
    make_lead()

    def cost():
        with CaptureQueriesContext(connection) as queries:
            client.get("/leads/?tab=all")
        return len(queries)

    cost()
    none = cost()
    for n in range(12):
        make_field(f"Field {n}", "choice", choices=["a"])
    assert cost() == none


def test_files_have_the_values(client_for, mona, fields):
    make_lead(custom={"machines": 3, "tool": "=1+1", "pilot": False})
    answer = client_for(mona).get("/bulk/export.csv", {"list": "leads", "query": "tab=all", "all": "1"})
    [row] = csv.DictReader(StringIO(b"".join(answer.streaming_content).decode("utf-8-sig")))
    held = {name: value for name, value in row.items() if name.startswith("custom.")}
    assert held == {
        "custom.machines": "3", "custom.tool": "'=1+1", "custom.decides": "", "custom.pilot": "false",
        "custom.note": "", "custom.pays": "",
    }  # fmt: skip


def test_new_records_are_asked_for_them(client_for, ada, mia, fields):
    make_field("Sites", record="company"), make_field("Pilot", "yes_no", record="opportunity")
    client = client_for(mia)
    sent = {"first_name": "Ada", "custom.machines": "12", "custom.tool": "ERP", "custom.pilot": ""}
    assert 'name="custom.machines"' in client.get("/leads/new/").content.decode()
    assert client.post("/leads/new/", {**sent, "custom.machines": "x"}).status_code == 422
    assert client.post("/leads/new/", sent).status_code == 302
    assert Lead.objects.get().custom == {"machines": 12, "tool": "ERP"}

    client.post("/companies/new/", {"name": "Acme", "custom.sites": "2", "is_target": "on"})
    acme = Company.objects.get()
    assert (acme.custom, acme.is_target) == ({"sites": 2}, True)

    deal = {"name": "Deal", "currency": "EUR", "stage": "discovery", "kind": "new_business", "custom.pilot": "no"}
    assert client_for(ada).post("/opportunities/new/", deal).status_code in (200, 302)
    assert Opportunity.objects.get().custom == {"pilot": False}
