"""The settings pages of fields of one's own."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from leads.models import CustomField
from scoring.models import Definition
from tests.factories import make_field, make_lead

pytestmark = pytest.mark.django_db
PAGE = "/settings/fields/"


def test_only_admins_see_them(client_for, ada, max_, mona, rob):
    field = make_field()
    for person in (max_, mona, rob):
        for path in (PAGE, f"{PAGE}new/?record=lead", f"{PAGE}{field.pk}/", f"{PAGE}{field.pk}/removal/"):
            assert client_for(person).get(path).status_code == 403
    assert client_for(ada).get(PAGE).status_code == 200


def test_an_empty_page_says_what_a_field_is_good_for(client_for, ada):
    page = client_for(ada).get(PAGE).content.decode()
    assert page.count("None yet.") == 3
    assert "Rules of the score can use it" in page


def test_add_change_order_and_retire(client_for, ada):
    client = client_for(ada)
    made = client.post(f"{PAGE}new/?record=lead", {"label": "Tool", "kind": "choice", "choices": "A\r\nB"})
    assert (made.status_code, made["Location"]) == (302, "/settings/fields/#lead")
    tool, machines = CustomField.objects.get(), make_field()
    assert tool.choices == ["A", "B"]
    form = client.get(f"{PAGE}{tool.pk}/").content.decode()
    assert "A\nB" in form

    client.post(f"{PAGE}{machines.pk}/position/", {"step": "-1"})
    client.post(f"{PAGE}{tool.pk}/", {"label": "Tool", "kind": "choice", "choices": "B", "retired": "on"})

    assert list(CustomField.objects.values_list("name", "retired")) == [("machines", False), ("tool", True)]
    assert CustomField.objects.get(name="tool").choices == ["B"]


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({"label": "Tool", "kind": "choice"}, "Write at least one choice"),
        ({"label": "machines", "kind": "text"}, "There is a field “machines” already"),
        ({"label": "", "kind": "text"}, "This field is required"),
        ({"label": "X", "kind": "money", "currency": "EU"}, "Three letters"),
    ],
)
def test_what_is_wrong_stands_at_its_field(client_for, ada, sent, says):
    make_field()
    answer = client_for(ada).post(f"{PAGE}new/?record=lead", sent)
    assert answer.status_code == 422
    assert says in answer.content.decode()


def test_the_kind_stays_while_values_are_held(client_for, ada):
    field = make_field()
    make_lead(custom={"machines": 3})
    answer = client_for(ada).post(f"{PAGE}{field.pk}/", {"label": "Machines", "kind": "text"})
    assert answer.status_code == 422
    assert "so its kind stays" in answer.content.decode()


def test_a_field_in_use_says_by_what_and_offers_to_retire_it(client_for, ada):
    field, client = make_field(), client_for(ada)
    rule = {"axis": "fit", "field": "custom.machines", "operator": "at_least", "value": 3, "points": 5}
    definition = Definition.objects.create(version=9, rules=[rule])
    page = client.get(f"{PAGE}{field.pk}/removal/").content.decode()
    assert "In use: score v9 (draft)" in page
    assert "Delete the field" not in page
    assert client.post(f"{PAGE}{field.pk}/removal/").status_code == 422

    definition.delete()
    assert client.post(f"{PAGE}{field.pk}/removal/").status_code == 302
    assert CustomField.objects.get().deleted_at
    assert client.get(f"{PAGE}{field.pk}/").status_code == 404


def test_the_page_costs_the_same_with_many_fields(client_for, ada):
    client = client_for(ada)
    make_field()

    def cost():
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(PAGE).status_code == 200
        return len(queries)

    cost()
    one = cost()
    for n in range(20):
        make_field(f"Field {n}", "text")
    assert cost() == one
