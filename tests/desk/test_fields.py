"""desk/fields/ and desk/views/fields.py: one field of a record, edited where it stands."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Asset, Campaign
from crm.editing import trace
from desk.fields.kinds import KINDS, rows_for
from leads.archiving import archive
from leads.editing import edit_lead
from leads.models import Company, Contact, Lead, PickValue
from tests.factories import MONDAY, make_campaign, make_lead, make_opportunity

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
SCRIPT = "<script>alert(1)</script>"
MAKERS = {
    "lead": make_lead,
    "contact": lambda: Contact.objects.create(first_name="Ada", last_name="Lovelace"),
    "company": lambda: Company.objects.create(name="Acme"),
    "opportunity": make_opportunity,
    "campaign": make_campaign,
    "asset": lambda: Asset.objects.create(name="Data sheet"),
}
PLURAL = {"lead": "leads", "contact": "contacts", "company": "companies", "opportunity": "opportunities",
          "campaign": "campaigns", "asset": "content"}  # fmt: skip


def address(record, name):
    kind = next(key for key, kind in KINDS.items() if isinstance(record, kind.model))
    return f"/{PLURAL[kind]}/{record.pk}/edit/?field={name}"


def put(client, record, name, value, *, seen=None, **more):
    was = trace(getattr(record, name)) if seen is None else seen
    sent = {"value": value, "seen": was, **more}
    return client.post(address(record, name), sent, headers=HTMX)


def test_edit_one_field_in_place(client_for, mia):
    lead, client = make_lead(phone="123"), client_for(mia)
    form = client.get(address(lead, "phone"), headers=HTMX).content.decode()
    assert 'value="123"' in form

    answer = put(client, lead, "phone", "+49 30 99")

    lead.refresh_from_db()
    assert (answer.status_code, lead.phone, lead.version) == (200, "+49 30 99", 2)
    assert "+49 30 99" in answer.content.decode()
    assert json.loads(answer["HX-Trigger"]) == {"record:changed": {}, "field:saved": {"field": "phone"}}


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_every_kind_can_be_asked_for_and_left_as_it_is(client_for, ada, kind):
    record, client = MAKERS[kind](), client_for(ada)
    for field in KINDS[kind].fields:
        asked = client.get(address(record, field.name), headers=HTMX)
        back = client.get(f"{address(record, field.name)}&show", headers=HTMX)
        assert (field.name, asked.status_code, back.status_code) == (field.name, 200, 200)
    assert client.get(address(record, "id"), headers=HTMX).status_code == 404


@pytest.mark.parametrize(
    ("kind", "name", "typed", "value", "shown"),
    [
        ("lead", "do_not_call", "yes", True, "Yes"),
        ("lead", "tags", "VIP,  fair, vip", ["VIP", "fair"], "VIP"),
        ("lead", "time_zone", "Europe/Berlin", "Europe/Berlin", "Europe/Berlin"),
        ("lead", "preferred_channel", "phone", "phone", "Phone"),
        ("lead", "need", "One\r\ntwo", "One\ntwo", "One\ntwo"),
        ("lead", "first_name", "🦄 עדה", "🦄 עדה", "🦄 עדה"),
        ("company", "employees", "1200", 1200, "1,200"),
        ("contact", "do_not_mail", "yes", True, "Yes"),
        ("campaign", "kind", "strategic", "strategic", "Strategic"),
    ],
)
def test_each_sort_of_value_is_taken_and_shown(client_for, ada, kind, name, typed, value, shown):
    record = MAKERS[kind]()
    answer = put(client_for(ada), record, name, typed)
    record.refresh_from_db()
    assert (getattr(record, name), shown in answer.content.decode()) == (value, True)


def test_money_and_dates_are_shown_as_everywhere(client_for, ada):
    deal, client = make_opportunity(), client_for(ada)
    assert "€12,345.50" in put(client, deal, "amount", "12345.5").content.decode()
    assert "31 Jan 2027" in put(client, deal, "expected_close", "2027-01-31").content.decode()


@pytest.mark.parametrize(
    ("kind", "name", "typed", "says"),
    [
        ("lead", "email", "not an address", "valid email"),
        ("lead", "last_name", "x" * 100_000, "at most 120 characters (it has 100000)"),
        ("lead", "need", "x" * 100_000, "at most 20000 characters (it has 100000)"),
        ("lead", "tags", ",".join(f"tag {number}" for number in range(500)), "at most 50"),
        ("lead", "time_zone", "Mars/Olympus", "not one of the available choices"),
        ("lead", "last_name", "A\0B", "Null characters"),
        ("company", "employees", "-1", "greater than or equal to 0"),
        ("company", "name", "", "required"),
        ("opportunity", "amount", "1e30", "no more than"),
        ("opportunity", "probability", "101", "less than or equal to 100"),
        ("campaign", "currency", "Euro", "at most 3"),
    ],
)
def test_what_is_wrong_stands_beside_it_and_nothing_typed_is_lost(client_for, ada, kind, name, typed, says):
    record = MAKERS[kind]()
    answer = put(client_for(ada), record, name, typed)
    page = answer.content.decode()
    assert (answer.status_code, says in page, "field-error" in page) == (422, True, True)
    assert typed.replace("\0", "") in page.replace("\0", "")
    assert "maxlength" not in page
    assert getattr(type(record).objects.get(pk=record.pk), name) == getattr(record, name)


def test_script_in_a_field_is_text(client_for, ada):
    lead, client = make_lead(), client_for(ada)
    for name in ("first_name", "company_name", "need", "budget", "tags"):
        page = put(client, lead, name, SCRIPT).content.decode()
        assert (SCRIPT in page, "&lt;script&gt;" in page) == (False, True)
    assert SCRIPT not in client.get(f"/leads/{lead.pk}/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_conflict_shows_both_values_who_and_when_and_either_may_be_kept(client_for, mia, mona):
    lead = make_lead(phone="123")
    put(client_for(mona), lead, "phone", "777")
    client = client_for(mia)

    answer = put(client, lead, "phone", "888", seen="123")

    page = answer.content.decode()
    assert answer.status_code == 409
    for said in ("<b>Mona</b> changed this", "777", "888", "Keep mine", "Take theirs", 'name="seen" value="777"'):
        assert said in page
    assert Lead.objects.get().phone == "777"
    assert put(client, lead, "phone", "888", seen="777").status_code == 200
    assert Lead.objects.get().phone == "888"


@pytest.mark.django_db(transaction=True)
def test_conflict_names_records_and_choices_by_their_words(client_for, mona, ada):
    campaign = make_campaign("Spring", channel="webinar")
    lead = make_lead()
    put(client_for(ada), lead, "campaign", campaign.pk, value_text="Spring")
    page = put(client_for(mona), lead, "campaign", "", value_text="", seen="999").content.decode()
    assert "<b>Ada</b> changed this" in page
    assert '<dd dir="auto">Spring</dd>' in page
    assert '<dd dir="auto">empty</dd>' in page


def test_an_edit_of_another_field_is_no_conflict(client_for, mia, mona):
    lead = make_lead(phone="123")
    edit_lead(lead, by=mona, at=MONDAY, title="CTO")
    put(client_for(mia), lead, "phone", "888")
    lead.refresh_from_db()
    assert (lead.phone, lead.title) == ("888", "CTO")


def test_who_may_not_edit_reads_values_without_a_way_to_edit(client_for, sam, rob):
    lead = make_lead(owner=rob, phone="123")
    assert (rows_for(lead, sam).may_edit, rows_for(lead, rob).may_edit) == (False, True)
    assert put(client_for(sam), lead, "phone", "1").status_code == 403
    shown = client_for(sam).get(f"{address(lead, 'phone')}&show", headers=HTMX).content.decode()
    assert ("123" in shown, "hx-get" in shown) == (True, False)


def test_without_javascript_a_field_has_a_page_of_its_own(client_for, mia):
    lead, client = make_lead(phone="123"), client_for(mia)
    assert "<html" in client.get(address(lead, "phone")).content.decode()
    answer = client.post(address(lead, "phone"), {"value": "9", "seen": "123"})
    assert (answer.status_code, answer.url, Lead.objects.get().phone) == (302, f"/leads/{lead.pk}/", "9")


def test_empty_fields_are_folded_but_those_to_be_filled_in_stay(mia):
    sheet = rows_for(make_lead(email="", title="CTO"), mia)
    shown = {row.field.name for _group, rows in sheet.groups for row in rows}
    assert {"title", "email", "phone", "owner"} <= shown
    assert "budget" in {row.field.name for row in sheet.empty}


def test_a_pick_list_offers_its_values_and_the_present_one(client_for, mia):
    PickValue.objects.create(list="segment", value="Enterprise")
    PickValue.objects.create(list="segment", value="Old", retired=True)
    lead = make_lead(segment="Imported")
    form = client_for(mia).get(address(lead, "segment"), headers=HTMX).content.decode()
    assert [f'value="{value}"' in form for value in ("Enterprise", "Imported", "Old")] == [True, True, False]
    assert put(client_for(mia), lead, "segment", "Old").status_code == 422


# Records picked by typing


def test_a_campaign_is_picked_by_id_by_its_name_or_not_at_all(client_for, mia):
    spring, client = make_campaign("Spring webinar"), client_for(mia)
    make_campaign("Spring fair")
    lead = make_lead()

    def picked(value, text):
        answer = put(client, Lead.objects.get(), "campaign", value, value_text=text)
        return answer.status_code, Lead.objects.get().campaign

    assert picked(spring.pk, "Spring webinar") == (200, spring)
    assert picked("", "") == (200, None)
    assert picked("", "webinar") == (200, spring)
    status, campaign = picked("", "Spring")
    assert (status, campaign) == (422, spring)
    assert picked("999999", "Nowhere")[0] == 422
    assert lead.pk == Lead.objects.get().pk


def test_suggestions_are_bounded_found_by_words_and_leave_archived_ones_out(client_for, mia, mona):
    client = client_for(mia)
    for number in range(30):
        make_campaign(f"Webinar {number}", status="ended")
    away = make_campaign("Secret fair", status="ended")
    archive(away, by=mona, at=MONDAY)

    def options(key, text):
        return client.get(f"/pick/{key}/", {"q": text}).content.decode()

    assert options("campaigns", "webin").count('role="option"') == 20
    assert "Type two letters" in options("campaigns", "w")
    assert "Nothing found" in options("campaigns", "secret")
    assert "Mona" in options("people", "")
    assert SCRIPT not in options("campaigns", SCRIPT)
    assert client.get("/pick/passwords/").status_code == 404


def test_suggestions_cost_the_same_whatever_there_is(client_for, mia):
    client = client_for(mia)
    company = Company.objects.create(name="Acme")
    client.get("/pick/contacts/")
    costs = []
    for count in (1, 19):
        for number in range(count):
            Contact.objects.create(first_name="Ada", last_name=f"L{number}", company=company)
        with CaptureQueriesContext(connection) as asked:
            client.get("/pick/contacts/", {"q": "ada"})
        costs.append(len(asked))
    assert costs[0] == costs[1]


def test_a_campaign_hangs_below_another_three_levels_deep_and_in_no_circle(client_for, mona):
    top, middle, leaf, other = (make_campaign(name) for name in ("Top", "Middle", "Leaf", "Other"))
    client = client_for(mona)

    def hang(part, whole):
        answer = put(client, Campaign.objects.get(pk=part.pk), "parent", whole.pk, value_text=str(whole))
        return answer.status_code

    assert (hang(middle, top), hang(leaf, middle)) == (200, 200)
    assert (
        "cannot be part of itself"
        in put(client, Campaign.objects.get(pk=top.pk), "parent", leaf.pk, value_text="Leaf").content.decode()
    )
    assert (hang(other, leaf), hang(top, other)) == (422, 422)
    assert hang(other, middle) == 200


def test_a_marketer_does_not_give_a_campaign_away(client_for, mia, mona):
    campaign = make_campaign(owner=mia)
    answer = put(client_for(mia), campaign, "owner", mona.pk, value_text=str(mona))
    assert (answer.status_code, Campaign.objects.get().owner) == (403, mia)
