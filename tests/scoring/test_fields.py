"""scoring/fields.py: what each field says of a lead, its company and a touch."""

import pytest

from crm.models import User
from leads.models import Company, Contact, Lead, Touch
from leads.models.custom import CustomField
from scoring.conditions import CONDITIONS
from scoring.engine import scores_at
from scoring.fields import OPERATORS, STATIC, Axis, Type, catalogue
from scoring.rules import InvalidDefinition
from tests.factories import MONDAY, make_lead, make_user
from tests.scoring.cards import card_with, fit

pytestmark = pytest.mark.django_db


def says(lead: Lead, field: str, value: object, operator: str = "is") -> bool:
    """Whether a rule on the field holds for the lead, as the engine finds it."""
    card = card_with(fit(field, value, 7, operator), fields=catalogue())
    return scores_at([(lead.pk, MONDAY)], card=card)[lead.pk, MONDAY] == 7


def own(name: str, kind: str, record: str = "lead", **fields: object) -> CustomField:
    return CustomField.objects.create(**{"record": record, "name": name, "label": name.title(), "kind": kind, **fields})


def test_every_operator_of_every_type_can_be_compiled():
    assert {kind: set(operators) for kind, operators in CONDITIONS.items()} == {
        kind: set(operators) for kind, operators in OPERATORS.items()
    }


def test_a_field_reads_columns_that_its_record_has():
    columns = {
        "lead": {field.attname for field in Lead._meta.concrete_fields},
        "company": {field.attname for field in Company._meta.concrete_fields},
    }
    assert [
        name for name, field in STATIC.of(Axis.FIT).items() if not set(field.columns) <= columns[field.alias]
    ] == []  # fmt: skip


@pytest.mark.parametrize("name", STATIC.of(Axis.FIT))
def test_every_fixed_field_is_valid_sql(name):
    field = STATIC.of(Axis.FIT)[name]
    values = {Type.TEXT: "x", Type.NUMBER: 1, Type.FLAG: True, Type.RECORD: 1, Type.TAGS: "x"}
    value = next(iter(field.choices), values[field.type])
    for operator in field.operators:
        assert says(make_lead(external_id=operator), name, [value] if operator.endswith("in") else value, operator) in (
            True,
            False,
        )


def test_who_they_are():
    company = Company.objects.create(name="Acme", domain="ACME.com", is_target=True, employees=0)
    lead = make_lead(email="Lea@Acme.com", company=company, language="de", tags=["Student", "Ärzte Tag, 1"])
    assert says(lead, "email_domain", "acme.COM")
    assert says(lead, "company_domain", "acme", "contains")
    assert says(lead, "target_account", True)
    assert says(lead, "language", "de")
    assert says(lead, "company_employees", 0)
    assert says(lead, "tags", "student", "contains")
    assert says(lead, "tags", ["x", "ärzte tag, 1"], "in")
    assert says(lead, "tags", ["stud"], "not_in")
    assert not says(lead, "tags", ["STUDENT"], "not_in")


def test_what_is_not_known_is_not_true():
    lead = make_lead(email="", phone="", company_name="")
    for flag in ("target_account", "has_email", "has_phone", "has_company", "own_staff", "do_not_mail", "do_not_call"):
        assert says(lead, flag, False), flag
        assert not says(lead, flag, True), flag
    assert says(lead, "tags", ["student"], "not_in")
    assert says(lead, "email_domain", "acme.com", "is_not")
    assert not says(lead, "company_employees", 0, "at_least")


def test_own_staff_write_from_our_own_domain():
    make_user("mia", email="mia@Ours.test")
    make_user("free", email="freelancer@gmail.com")
    User.objects.filter(pk=make_user("left", email="left@old.test").pk).update(is_active=False)
    assert says(make_lead(email="Rob@ours.TEST"), "own_staff", True)
    assert not says(make_lead(email="somebody@gmail.com"), "own_staff", True)
    assert not says(make_lead(email="somebody@old.test"), "own_staff", True)


def test_who_unsubscribed_says_so_on_the_lead_or_its_contact():
    quiet = Contact.objects.create(last_name="Quiet", do_not_mail=True)
    assert says(make_lead(contact=quiet), "do_not_mail", True)
    assert not says(make_lead(contact=quiet), "do_not_call", True)
    assert says(make_lead(do_not_mail=True), "do_not_mail", True)


def test_own_fields_of_leads_and_companies():
    own("budget", "money", currency="EUR")
    own("cloud", "choice", choices=["AWS", "Azure"])
    own("renewal", "date")
    own("100% 'remote'", "yes_no")
    own("employees", "number", record="company")
    own("stage", "text", record="opportunity")
    fields = catalogue().of(Axis.FIT)
    assert {name: (field.label, field.type.value) for name, field in fields.items() if field.is_custom} == {
        "custom.budget": ("Budget (EUR)", "number"),
        "custom.cloud": ("Cloud", "text"),
        "custom.renewal": ("Renewal", "date"),
        "custom.100% 'remote'": ("100% 'Remote'", "flag"),
        "company.custom.employees": ("Employees", "number"),
    }
    company = Company.objects.create(name="Acme", custom={"employees": 12.5})
    lead = make_lead(
        company=company,
        custom={"budget": 5000.5, "cloud": "AWS", "renewal": "2026-03-14", "100% 'remote'": True},
    )  # fmt: skip
    assert says(lead, "custom.budget", 5000.5)
    assert says(lead, "custom.budget", -1, "at_least")
    assert says(lead, "custom.cloud", ["Azure", "AWS"], "in")
    assert says(lead, "custom.renewal", "2026-03-14", "from")
    assert not says(lead, "custom.renewal", "2026-03-14", "before")
    assert says(lead, "custom.renewal", "2026-10-01", "before")
    assert says(lead, "custom.100% 'remote'", True)
    assert says(lead, "company.custom.employees", 12.5, "at_most")


def test_a_value_of_another_kind_than_the_field_is_no_value():
    own("budget", "money", currency="EUR")
    own("renewal", "date")
    own("ready", "yes_no")
    lead = make_lead(custom={"budget": "a lot", "renewal": "soon", "ready": "yes"})
    assert not says(lead, "custom.budget", -(10**9), "at_least")
    assert not says(lead, "custom.renewal", "9999-12-31", "before")
    assert says(lead, "custom.ready", False)


@pytest.mark.parametrize(
    ("field", "value", "place"),
    [
        ("custom.renewal", "2026-02-30", "rules[0].value"),
        ("custom.renewal", "14.3.2026", "rules[0].value"),
        ("custom.budget", float("inf"), "rules[0].value"),
        ("custom.budget", float("nan"), "rules[0].value"),
        ("custom.budget", 10**16, "rules[0].value"),
        ("custom.cloud", "Dropbox", "rules[0].value"),
        ("custom.gone", "x", "rules[0].field"),
        ("custom.old", "x", "rules[0].field"),
    ],
)
def test_an_own_field_is_checked_as_any_other(field, value, place):
    own("renewal", "date")
    own("budget", "number")
    own("cloud", "choice", choices=["AWS"])
    own("old", "text", retired=True)
    with pytest.raises(InvalidDefinition) as refused:
        card_with(fit(field, value, 5), fields=catalogue())
    assert [problem["place"] for problem in refused.value.extra["problems"]] == [place]


def test_what_is_signed_knows_retired_fields_and_choices_that_were_taken_away():
    own("old", "choice", choices=["B"], retired=True)
    signed = catalogue().as_signed()
    card = card_with(fit("custom.old", "A", 5), fields=signed)
    lead = make_lead(custom={"old": "A"})
    assert scores_at([(lead.pk, MONDAY)], card=card) == {(lead.pk, MONDAY): 5}


def test_asking_to_be_contacted_is_a_touch_that_can_give_points():
    lead = make_lead()
    for raised in (True, False):
        Touch.objects.create(lead=lead, kind="form", at=MONDAY, raised_hand=raised)
    rule = {"axis": "engagement", "field": "raised_hand", "operator": "is", "value": True, "points": 9}
    assert scores_at([(lead.pk, MONDAY)], card=card_with(rule)) == {(lead.pk, MONDAY): 9}
