"""leads/custom_fields.py: which fields of one's own there are, and what admins do with them."""

import pytest
from django.core.exceptions import ValidationError

from crm.editing import Gone
from crm.errors import BusinessError, NotAllowed
from leads.custom_fields import (
    FieldInUse,
    add_field,
    delete_field,
    edit_field,
    fields_of,
    found_field,
    known_fields,
    move_field,
)
from leads.models import CustomField
from scoring.models import Definition
from tests.factories import MONDAY, make_field, make_lead

pytestmark = pytest.mark.django_db


def add(ada, label="Machines to plan", kind="number", record="lead", **more):
    return add_field(by=ada, record=record, label=label, kind=kind, **more)


def test_a_field_gets_a_name_that_stays_whatever_it_is_called(ada):
    field = add(ada, "  Machines   to plan ")
    assert (field.label, field.name, field.position) == ("Machines to plan", "machines_to_plan", 0)

    field = edit_field(field, by=ada, label="Maschinen")

    assert (field.label, field.name) == ("Maschinen", "machines_to_plan")
    assert add(ada, "Machines to plan").name == "machines_to_plan_2"
    assert [add(ada, label).name for label in ("2024", "机器", "Größe (m²)")] == ["field_2024", "field", "groe_m2"]
    assert add(ada, "Machines to plan", record="company").name == "machines_to_plan"


def test_two_fields_of_one_label_would_be_told_apart_by_nobody(ada):
    add(ada)
    with pytest.raises(ValidationError) as refused:
        add(ada, "machines TO plan")
    assert "There is a field" in refused.value.message_dict["label"][0]


def test_choices_and_currency_are_kept_as_the_kind_has_them(ada):
    tool = add(ada, "Tool", "choice", choices=["Whiteboard", " whiteboard ", "", "ERP"], currency="EUR")
    assert (tool.choices, tool.currency) == (["Whiteboard", "ERP"], "")

    pays = add(ada, "Pays", "money", choices=["a"])
    assert (pays.choices, pays.currency) == ([], "EUR")
    with pytest.raises(ValidationError):
        add(ada, "Colour", "choice", choices=[" "])
    with pytest.raises(ValidationError):
        edit_field(tool, by=ada, choices=[])
    with pytest.raises(ValidationError):
        add(ada, "Colour", "colour")


def test_only_admins_change_fields(ada, max_, mona, rob):
    field = add(ada)
    for person in (max_, mona, rob):
        for deed in (
            lambda by: add(by, "Other"),
            lambda by: edit_field(field, by=by, label="Other"),
            lambda by: move_field(field, by=by, step=1),
            lambda by: delete_field(field, by=by, at=MONDAY),
        ):
            with pytest.raises(NotAllowed):
                deed(person)


def test_order_and_retiring(ada):
    first, second = add(ada, "First"), add(ada, "Second")
    move_field(second, by=ada, step=-1)
    assert [field.label for field in fields_of("lead")] == ["Second", "First"]

    edit_field(first, by=ada, retired=True)

    assert [field.label for field in fields_of("lead")] == ["Second"]
    assert set(known_fields("lead")) == {"first", "second"}


def test_the_kind_stays_once_a_record_holds_a_value(ada):
    field = add(ada)
    assert edit_field(field, by=ada, kind="text").kind == "text"
    make_lead(custom={"machines_to_plan": "many"})

    with pytest.raises(BusinessError) as refused:
        edit_field(field, by=ada, kind="number")

    assert refused.value.code == "kind_is_fixed"
    assert edit_field(field, by=ada, kind="text", label="Many").label == "Many"


RULE = {"axis": "fit", "operator": "at_least", "value": 3, "points": 5}


@pytest.mark.parametrize("status", ["draft", "proposed", "active", "retired"])
@pytest.mark.parametrize("place", ["rules", "exclusions"])
def test_a_field_that_a_definition_counts_on_stays(ada, status, place):
    field = add(ada)
    Definition.objects.all().delete()
    condition = {"field": "custom.machines_to_plan", "operator": "at_least", "value": 3}
    said = {"rules": [], "exclusions": []} | {place: [{**RULE, **condition}]}
    Definition.objects.create(version=7, status=status, **said)
    if status == "retired":
        delete_field(field, by=ada, at=MONDAY)
        return

    with pytest.raises(FieldInUse) as refused:
        delete_field(field, by=ada, at=MONDAY)
    assert refused.value.extra["uses"] == [f"score v7 ({status})"]
    with pytest.raises(FieldInUse):
        edit_field(field, by=ada, kind="text")


def test_a_lead_s_field_is_not_taken_for_the_company_s_of_the_same_name(ada):
    field = add(ada, record="company")
    Definition.objects.create(version=7, status="draft", rules=[{**RULE, "field": "custom.machines_to_plan"}])

    delete_field(field, by=ada, at=MONDAY)

    assert known_fields("company") == {}


def test_a_deleted_field_is_gone_at_once_and_its_name_when_its_values_are(ada):
    field = add(ada)
    delete_field(field, by=ada, at=MONDAY)

    assert (fields_of("lead"), known_fields("lead")) == ([], {})
    assert add(ada).name == "machines_to_plan_2"
    with pytest.raises(Gone):
        edit_field(field, by=ada, label="Again")
    with pytest.raises(Gone):
        delete_field(field, by=ada, at=MONDAY)


def test_there_are_not_too_many(ada):
    CustomField.objects.bulk_create(
        CustomField(record="lead", name=f"f{n}", label=f"F {n}", kind="text") for n in range(100)
    )
    with pytest.raises(BusinessError) as refused:
        add(ada)
    assert refused.value.code == "too_many_fields"
    assert add(ada, record="company").pk


def test_a_field_can_be_founded_on_values_that_are_there():
    make_lead(custom={"Lead Quality": "high"})
    field = found_field(record="lead", label="Lead quality", kind="text", name="Lead Quality")
    assert (field.name, make_field("Other").position) == ("Lead Quality", 1)
