"""leads/api/custom.py: fields of one's own in the API."""

import pytest

from leads.models import Company, CustomField, Lead
from scoring.models import Definition
from tests.api import ROOT, Caller
from tests.factories import make_field, make_lead, make_opportunity

pytestmark = pytest.mark.django_db


@pytest.fixture
def call(ada):
    return Caller(ada)


def test_the_fields_can_be_read_by_all_and_written_by_admins(call, rob):
    made = call.post("custom-fields/", {"record": "lead", "label": "Tool", "kind": "choice", "choices": ["A", "B"]})
    assert (made.status_code, made.json()["name"], made.json()["choices"]) == (201, "tool", ["A", "B"])
    pk = made.json()["id"]

    changed = call.patch(f"custom-fields/{pk}/", {"label": "Tool of today", "retired": True})
    assert (changed.json()["name"], changed.json()["label"], changed.json()["retired"]) == (
        "tool",
        "Tool of today",
        True,
    )
    assert call.patch(f"custom-fields/{pk}/", {"name": "other"}).status_code == 400
    assert call.post("custom-fields/", {"record": "lead", "label": "Tool of today", "kind": "text"}).status_code == 400

    others = Caller(rob)
    assert [row["id"] for row in others.get("custom-fields/?record=lead&retired=true").json()["results"]] == [pk]
    assert others.delete(f"custom-fields/{pk}/").status_code == 403
    assert call.delete(f"custom-fields/{pk}/").status_code == 204
    assert call.get(f"custom-fields/{pk}/").status_code == 404


def test_a_field_that_is_counted_on_says_by_what(call):
    field = make_field()
    rule = {"axis": "fit", "field": "custom.machines", "operator": "at_least", "value": 3, "points": 5}
    Definition.objects.create(version=9, rules=[rule])

    refused = call.delete(f"custom-fields/{field.pk}/")

    assert (refused.status_code, refused.json()["code"], refused.json()["uses"]) == (
        422,
        "field_in_use",
        ["score v9 (draft)"],
    )
    assert CustomField.objects.get(pk=field.pk).deleted_at is None


def test_values_are_checked_by_their_fields_and_a_lead_keeps_other_names(call):
    make_field(), make_field("Tool", "choice", choices=["Whiteboard"])
    lead = make_lead()

    saved = call.patch(f"leads/{lead.pk}/", {"custom": {"machines": "12", "tool": "whiteboard", "note": {"a": 1}}})
    assert saved.json()["custom"] == {"machines": 12, "tool": "Whiteboard", "note": {"a": 1}}

    refused = call.patch(f"leads/{lead.pk}/", {"custom": {"machines": "many", "tool": "Hammer"}})
    assert refused.status_code == 400
    assert set(refused.json()["errors"]["custom"]) == {"machines", "tool"}
    assert "none of: Whiteboard" in refused.json()["errors"]["custom"]["tool"][0]
    for absurd in (10**15, "1e999", True, [1]):
        assert call.patch(f"leads/{lead.pk}/", {"custom": {"machines": absurd}}).status_code == 400
    assert Lead.objects.get(pk=lead.pk).custom["machines"] == 12


@pytest.mark.parametrize("record", ["company", "opportunity"])
def test_other_records_know_only_their_fields(call, record):
    make_field("Sites", record=record)
    row, at = (
        (Company.objects.create(name="Acme"), "companies")
        if record == "company"
        else (make_opportunity(), "opportunities")
    )

    assert call.patch(f"{at}/{row.pk}/", {"custom": {"sites": 3}}).json()["custom"] == {"sites": 3}
    refused = call.patch(f"{at}/{row.pk}/", {"custom": {"sights": 3}})
    assert (refused.status_code, refused.json()["errors"]) == (400, {"custom": {"sights": ["There is no such field."]}})


def test_leads_are_found_by_their_values(call):
    (
        make_field(),
        make_field("Tool", "choice", choices=["A b", "C"]),
        make_field("Decides", "date"),
        make_field("Pilot", "yes_no"),
    )
    few, many = (
        make_lead(custom={"machines": 3, "tool": "A b", "pilot": True}),
        make_lead(custom={"machines": 30, "decides": "2026-03-14"}),
    )
    make_lead(custom={"machines": "30"})
    make_lead()

    def found(query):
        answer = call.get(f"leads/?{query}")
        assert answer.status_code == 200, answer.json()
        return {row["id"] for row in answer.json()["results"]}

    assert found("custom.machines=3") == {few.pk}
    assert found("custom.machines__gte=3&custom.machines__lt=30") == {few.pk}
    assert found("custom.machines__gte=4") == {many.pk}
    assert found("custom.tool=a+b") == {few.pk}
    assert found("custom.decides__gte=2026-03-14") == {many.pk}
    assert found("custom.decides__lt=2026-03-14") == set()
    assert found("custom.pilot=yes") == {few.pk}


@pytest.mark.parametrize("query", ["custom.sights=3", "custom.tool__gte=A", "custom.old=1", "custom.machines=many"])
def test_a_filter_that_means_nothing_is_an_error(call, query):
    make_field(), make_field("Tool", "text"), make_field("Old", retired=True)

    assert call.get(f"leads/?{query}").status_code == 400


def test_target_accounts(call):
    acme = Company.objects.create(name="Acme")
    of_acme, other = make_lead(company=acme), make_lead()

    assert call.patch(f"companies/{acme.pk}/", {"is_target": True}).json()["is_target"] is True

    def ids(address):
        return {row["id"] for row in call.get(address).json()["results"]}

    assert ids("companies/?is_target=true") == {acme.pk}
    assert ids("leads/?target_account=true") == {of_acme.pk}
    assert ids("leads/?target_account=false") == {other.pk}
    assert ROOT
