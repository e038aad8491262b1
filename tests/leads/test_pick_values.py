"""Lists that forms offer, and the settings page that keeps them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.errors import BusinessError, NotAllowed
from leads.models import Lead, PickList, PickValue
from leads.pick_values import add_value, choices, edit_value, in_use_unlisted, move_value
from tests.factories import make_lead

pytestmark = pytest.mark.django_db


def values(list_=PickList.SOURCE):
    return list(PickValue.objects.filter(list=list_).values_list("value", flat=True))


def test_forms_offer_what_is_listed_and_keep_what_a_record_has(mona):
    assert choices(PickList.SOURCE, present="Fair") == []
    web = add_value(PickList.SOURCE, "  Web   form ", by=mona)
    add_value(PickList.SOURCE, "Fair", by=mona)
    edit_value(web, by=mona, value="Web form", retired=True)

    assert choices(PickList.SOURCE) == [("", "–"), ("Fair", "Fair")]
    assert choices(PickList.SOURCE, present="Web form") == [("", "–"), ("Fair", "Fair"), ("Web form", "Web form")]
    assert choices(PickList.SEGMENT) == []


def test_renaming_changes_no_record(mona):
    lead = make_lead(source="Fair")
    row = add_value(PickList.SOURCE, "Fair", by=mona)

    edit_value(row, by=mona, value="Trade fair", retired=False)

    assert Lead.objects.get(pk=lead.pk).source == "Fair"
    assert in_use_unlisted(PickList.SOURCE) == ["Fair"]


def test_a_value_added_again_is_offered_again(mona):
    row = add_value(PickList.SOURCE, "Fair", by=mona)
    edit_value(row, by=mona, value="Fair", retired=True)

    assert add_value(PickList.SOURCE, "fair", by=mona).pk == row.pk
    assert not PickValue.objects.get(list=PickList.SOURCE).retired


def test_a_list_has_an_end(mona, monkeypatch):
    monkeypatch.setattr("leads.pick_values.MOST", 2)
    for value in ("a", "b"):
        add_value(PickList.SOURCE, value, by=mona)

    with pytest.raises(BusinessError, match="at most 2 values"):
        add_value(PickList.SOURCE, "c", by=mona)


def test_values_move_up_and_down_and_stay_at_the_ends(mona):
    first, _second, third = (add_value(PickList.SOURCE, value, by=mona) for value in "abc")

    move_value(third, by=mona, step=-1)
    move_value(first, by=mona, step=-1)

    assert values() == ["a", "c", "b"]


@pytest.mark.parametrize("who", ["mia", "rob", "max_"])
def test_marketing_managers_and_admins_keep_the_lists(client_for, request, who, ada, mona):
    person = request.getfixturevalue(who)

    with pytest.raises(NotAllowed):
        add_value(PickList.SOURCE, "Fair", by=person)
    assert client_for(person).get("/settings/lists/").status_code == 403
    assert {client_for(each).get("/settings/lists/").status_code for each in (ada, mona)} == {200}


def test_the_page_adds_what_is_in_use_and_edits_it(client_for, mona):
    make_lead(source="Fair <b>")
    client = client_for(mona)

    page = client.get("/settings/lists/").content.decode()
    client.post("/settings/lists/new/", {"list": "source", "value": "Fair <b>"})
    row = PickValue.objects.get(list=PickList.SOURCE)
    client.post(f"/settings/lists/{row.pk}/", {"value": "Fairs", "retired": "on"})

    assert "Fair &lt;b&gt;" in page
    row.refresh_from_db()
    assert (row.value, row.retired) == ("Fairs", True)


def test_the_same_name_twice_is_refused_in_the_form(client_for, mona):
    for value in ("Fair", "Web"):
        add_value(PickList.SOURCE, value, by=mona)
    row = PickValue.objects.get(value="Web")

    answer = client_for(mona).post(f"/settings/lists/{row.pk}/", {"value": "Fair"})

    assert (answer.status_code, values()) == (422, ["Fair", "Web"])


@pytest.mark.parametrize(
    "sent",
    [{"list": "nonsense", "value": "x"}, {"list": "source", "value": " "}, {"list": "source", "value": "x" * 121}, {}],
)
def test_nonsense_adds_nothing(client_for, mona, sent):
    before = PickValue.objects.count()
    assert client_for(mona).post("/settings/lists/new/", sent).status_code == 302
    assert PickValue.objects.count() == before


def test_the_page_costs_the_same_for_one_and_for_fifty(client_for, mona):
    client = client_for(mona)

    def queries(count):
        for number in range(count):
            add_value(PickList.SOURCE, f"source {count} {number}", by=mona)
            make_lead(source=f"other {count} {number}")
        with CaptureQueriesContext(connection) as asked:
            client.get("/settings/lists/")
        return len(asked)

    assert queries(1) == queries(50)
