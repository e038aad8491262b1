"""leads/importing/own_fields.py: columns without a field, and files that fill fields of one's own."""

import json

import pytest
from django.conf import settings as django_settings

from leads.importing.own_fields import OwnEvidence, label_of
from leads.importing.running import run_import
from leads.importing.starting import check_import, receive_file, start_import
from leads.models import CustomField, Import, Lead, Opportunity
from tests.factories import make_field, make_lead, make_opportunity

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def imported(content, fields, *, kind="leads", by=None, run=True, **spec):
    said = {"kind": kind, "source_system": "fair", "fields": {"external_id": "id", **fields}, **spec}
    found = receive_file([content.encode()], name="fair.csv", kind=kind, by=by, spec=said)
    check_import(found, said)
    run_import(found.pk)
    found.refresh_from_db()
    if run:
        start_import(found, strict=False)
        run_import(found.pk)
        found.refresh_from_db()
    return found


ROWS = "id,Machines,Tool,decides,Pilot?,zip\n" + "".join(
    f"{n},{size},{'Whiteboard' if n % 2 else 'ERP'},2026-03-{n:02},{'yes' if n % 3 else 'no'},0{n:04}\n"
    for n, size in enumerate(["12", "1.5", "", "30", "7", "9", "2", "4"], 1)
)
OWN = {"custom.machines": "Machines", "custom.tool": "Tool", "custom.decides": "decides", "custom.pilot": "Pilot?",
       "custom.zip": "zip"}  # fmt: skip


def test_a_column_without_a_field_becomes_one_of_the_kind_it_holds():
    found = imported(ROWS, OWN)

    assert (found.status, found.created, found.refused) == ("done", 8, 0), found.error
    assert list(CustomField.objects.values_list("record", "name", "label", "kind", "choices")) == [
        ("lead", "machines", "Machines", "number", []),
        ("lead", "tool", "Tool", "choice", ["ERP", "Whiteboard"]),
        ("lead", "decides", "Decides", "date", []),
        ("lead", "pilot", "Pilot?", "yes_no", []),
        ("lead", "zip", "Zip", "text", []),
    ]
    lead = Lead.objects.get(external_id="3")
    assert lead.custom == {"tool": "Whiteboard", "decides": "2026-03-03", "pilot": False, "zip": "00003"}
    assert Lead.objects.get(external_id="2").custom["machines"] == 1.5


def test_what_the_mapping_reads_as_nothing_says_nothing_of_the_kind():
    imported("id,Size\n1,12\n2,NA\n3,7\n", {"custom.size": {"column": "Size", "values": {"NA": ""}}})

    assert CustomField.objects.get().kind == "number"
    assert [lead.custom for lead in Lead.objects.order_by("external_id")] == [{"size": 12}, {}, {"size": 7}]


def test_a_check_makes_nothing_and_a_second_import_nothing_new(ada):
    assert imported(ROWS, OWN, run=False).created == 8
    assert CustomField.objects.count() == 0

    imported(ROWS, OWN, by=ada)
    again = imported(ROWS, OWN, by=ada)

    assert (again.created, again.updated, again.unchanged, CustomField.objects.count()) == (0, 0, 8, 5)


def test_a_marketer_s_import_makes_no_field_and_the_lead_keeps_what_it_says(mia):
    imported(ROWS, OWN, by=mia)

    assert CustomField.objects.count() == 0
    assert Lead.objects.get(external_id="1").custom["machines"] == 12


def test_values_are_cleaned_by_the_field_and_refused_rows_named():
    make_field("Tool", "choice", choices=["Whiteboard"])
    make_field("Machines", "number")

    rows = 'id,Machines,Tool\n1,"1,200",whiteboard\n2,"1,300,000",Hammer\n3,many,\n4,9999999999999999,\n'
    machines = {"column": "Machines", "format": "point"}

    found = imported(rows, {"custom.machines": machines, "custom.tool": "Tool"})

    assert {lead.external_id: lead.custom for lead in Lead.objects.all()} == {
        "1": {"machines": 1200, "tool": "Whiteboard"}
    }
    assert dict(found.refusals.values_list("row", "reason")) == {
        3: "“Tool”: “Hammer” is none of: Whiteboard.",
        4: "“Machines”: “many” is not a number (written like 1,234.56).",
        5: "“Machines”: “9999999999999999” is too large; at most 15 digits fit.",
    }


def test_a_mapping_may_say_the_kind_itself():
    imported("id,Size\n1,12\n", {"custom.size": {"column": "Size", "kind": "text"}})

    assert CustomField.objects.get().kind == "text"
    assert Lead.objects.get().custom == {"size": "12"}


def test_opportunities_have_their_own_and_those_of_their_lead():
    lead = make_lead(external_id="L1", source_system="fair", custom={"size": "big"})
    deal = make_opportunity(external_id="1", source_system="fair", custom={"pilot": True, "old": 1})
    fields = {"lead": "lead", "outcome": {"constant": "discovery"}, "custom.pilot": "pilot", "lead.custom.size": "size"}

    imported("id,lead,pilot,size\n1,L1,no,small\n2,L1,yes,small\n", fields, kind="opportunities")

    deal.refresh_from_db(), lead.refresh_from_db()
    assert deal.custom == {"pilot": False, "old": 1}
    assert Opportunity.objects.get(external_id="2").custom == {"pilot": True}
    assert lead.custom == {"size": "big"}
    assert set(CustomField.objects.values_list("record", "name")) == {("opportunity", "pilot"), ("lead", "size")}


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2", "1"], "number"), (["1,5", "2,5"], "number"), (["007", "010"], "text"), (["1e5"], "text"),
        (["2026-01-01", "1.2.2026"], "date"), (["yes", "No"], "yes_no"), (["0", "1"], "number"), ([], "text"),
        (["a", "b"] * 3, "choice"), (["a", "b"], "text"), ([str(n) + "x" for n in range(13)] * 4, "text"),
        (["x" * 61] * 5, "text"), (["+49 30 1234567", "030 123"], "text"),
    ],
)  # fmt: skip
def test_kinds_of_columns(values, kind):
    evidence = OwnEvidence()
    for value in values:
        evidence.see(value)

    assert evidence.kind == kind


def test_labels_of_columns():
    columns = ("lead_quality", "custom.machines", "lead.custom.size", "Total Visits", "ERP", "")
    assert [label_of(column) for column in columns] == [
        "Lead quality", "Machines", "Size", "Total Visits", "ERP", "Field"
    ]  # fmt: skip


def test_two_imports_at_once_make_one_field_each_and_names_apart():
    make_field("Tool", "text", name="other")
    imported(ROWS, OWN)

    assert CustomField.objects.get(name="tool").label == "Tool (tool)"
    assert json.dumps(Import.objects.latest("id").spec["fields"]["custom.tool"]["kind"]) == '"choice"'
    assert django_settings.MEDIA_ROOT
