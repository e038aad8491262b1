"""Deeds on many records of a list: desk/bulk/ and desk/views/bulk.py."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.models import Notification
from desk.bulk.deeds import forget_old_deeds
from desk.models import BulkDeed
from feedback.models import Handoff
from feedback.verdicts import accept_handoff
from leads.lifecycle import Stage
from leads.models import Lead, Task
from leads.transitions import move_lead
from tests.factories import MONDAY, make_campaign, make_lead, make_mql, make_opportunity

pytestmark = pytest.mark.django_db
PANEL = {"HX-Request": "true", "HX-Target": "panel-body"}


def ticked(*records, list_key="leads", **fields):
    return {"list": list_key, "query": "tab=all", "id": [record.pk for record in records], **fields}


def toast_of(answer):
    return json.loads(answer["HX-Trigger"])["toast"]


def test_the_panel_asks_and_the_answer_is_a_toast_with_undo(client_for, mona, rob):
    leads = [make_mql(), make_mql()]
    client = client_for(mona)

    asked = client.get("/bulk/assign/", ticked(*leads), headers=PANEL)
    answer = client.post("/bulk/assign/", ticked(*leads, to=rob.pk), headers=PANEL)

    assert "Assign: 2 leads" in asked.content.decode()
    assert "<html" not in asked.content.decode()
    deed = BulkDeed.objects.get()
    assert toast_of(answer) == {
        "text": "2 leads given to Rob.",
        "level": "success",
        "undo_url": f"/bulk/{deed.pk}/undo/",
    }
    assert {"panel:close", "list:changed"} <= set(json.loads(answer["HX-Trigger"]))
    assert set(Lead.objects.values_list("owner", "team")) == {(rob.pk, rob.team_id)}


def test_exactly_two_leads_are_compared_to_be_merged(client_for, mona):
    older, newer, third = make_lead(first_name="Ada"), make_lead(first_name="Augusta"), make_lead()
    client = client_for(mona)

    asked = client.get("/bulk/merge/", ticked(newer, older), headers=PANEL)
    assert asked["Location"] == f"/leads/{older.pk}/merge/?other={newer.pk}"
    compared = client.get(asked["Location"], headers=PANEL).content.decode()
    assert "Ada" in compared
    assert "Augusta" in compared
    for wrong in (ticked(older), ticked(older, newer, third), ticked(older, newer, list_key="contacts")):
        assert client.get("/bulk/merge/", wrong).status_code == 422
    assert 'data-takes="2"' in client.get("/leads/").content.decode()
    assert "data-takes" not in client.get("/contacts/").content.decode()


def test_the_new_owner_is_told_once(client_for, mona, rob):
    leads = [make_mql() for _number in range(12)]

    client_for(mona).post("/bulk/assign/", ticked(*leads, to=rob.pk))

    told = Notification.objects.get()
    assert (told.user, told.title, told.url) == (rob, "Mona gave you 12 leads", "/leads/")


def test_without_javascript_the_list_says_it(client_for, mona, rob):
    lead = make_mql()

    answer = client_for(mona).post("/bulk/assign/", ticked(lead, to=rob.pk), follow=True)

    assert answer.redirect_chain == [("/leads/?tab=all", 302)]
    assert "1 lead given to Rob." in answer.content.decode()


def test_what_had_moved_is_named_with_its_reason(client_for, mia, north):
    ready, moved, kept = make_mql(), make_mql(first_name="Ada", last_name="Byron"), make_lead()
    move_lead(moved, Stage.NURTURE, by=mia, at=timezone.now())
    client = client_for(mia)
    sent = ticked(ready, moved, kept, recipient=f"team:{north.pk}", promised="A call")

    toast = toast_of(client.post("/bulk/hand-over/", sent, headers=PANEL))
    page = client.get(toast["link_url"]).content.decode()

    assert toast["text"] == "1 lead handed to Team North, 2 left as they were."
    assert (toast["level"], toast["link_text"]) == ("warning", "Show")
    assert "Ada Byron" in page
    assert "Mia moved this lead to “In nurture”" in page
    assert Handoff.objects.get().promised == "A call"


def test_a_form_sent_twice_is_one_deed(client_for, mia, north):
    client, lead = client_for(mia), make_mql()
    sent = ticked(lead, recipient=f"team:{north.pk}", idempotency_key="once")

    first, second = (toast_of(client.post("/bulk/hand-over/", sent, headers=PANEL)) for _time in range(2))

    assert first == second
    assert (BulkDeed.objects.count(), Handoff.objects.count()) == (1, 1)


def test_all_of_the_filter_are_taken(client_for, mona, rob):
    hot = [make_mql(segment="hot") for _number in range(3)]
    make_mql(segment="cold")

    client_for(mona).post("/bulk/assign/", {"list": "leads", "query": "tab=all&segment=hot", "all": "1", "to": rob.pk})

    assert set(Lead.objects.filter(owner=rob)) == set(hot)


def test_more_than_one_deed_takes_are_cut_with_words(client_for, mona, rob, monkeypatch):
    monkeypatch.setattr("desk.bulk.selection.MOST_AT_ONCE", 2)
    leads = [make_mql() for _number in range(3)]
    sent = {"list": "leads", "query": "tab=all", "all": "1"}

    asked = client_for(mona).get("/bulk/assign/", sent).content.decode()
    client_for(mona).post("/bulk/assign/", {**sent, "to": rob.pk})

    assert "more than 2 pass the filters" in asked
    assert set(Lead.objects.filter(owner=rob)) == set(leads[1:])


def test_undo_takes_it_back_for_those_not_changed_since(client_for, mia, north, rob):
    waiting, taken = make_mql(), make_mql(first_name="Ada", last_name="Byron")
    client = client_for(mia)
    sent = ticked(waiting, taken, recipient=f"team:{north.pk}")
    undo_url = toast_of(client.post("/bulk/hand-over/", sent, headers=PANEL))["undo_url"]
    accept_handoff(Handoff.objects.get(lead=taken), by=rob, at=timezone.now())

    answer = client.post(undo_url, headers=PANEL)

    toast = toast_of(answer)
    assert toast["text"] == "1 lead is as it was before; 1 had changed since and stays."
    assert "Rob accepted this" in client.get(toast["link_url"]).content.decode()
    assert dict(Lead.objects.values_list("pk", "stage")) == {waiting.pk: "mql", taken.pk: "accepted"}
    again = toast_of(client.post(undo_url, headers=PANEL))
    assert (again["text"], Handoff.objects.get(lead=waiting).status) == (toast["text"], "withdrawn")


def test_undo_is_for_who_did_it_and_for_a_day(client_for, mona, max_, rob):
    lead = make_mql()
    client_for(mona).post("/bulk/assign/", ticked(lead, to=rob.pk))
    deed = BulkDeed.objects.get()

    assert client_for(max_).post(f"/bulk/{deed.pk}/undo/").status_code == 403
    assert client_for(max_).get(f"/bulk/{deed.pk}/").status_code == 404
    BulkDeed.objects.update(at=timezone.now() - timedelta(days=2))
    assert client_for(mona).post(f"/bulk/{deed.pk}/undo/").status_code == 409
    assert Lead.objects.get().owner == rob


def test_tags_are_added_and_removed_and_taken_back(client_for, mia):
    first, second = make_lead(tags=["cold"]), make_lead()
    client = client_for(mia)

    answer = client.post("/bulk/tag/", ticked(first, second, add="hot, fair 2026", remove="cold"), headers=PANEL)

    assert toast_of(answer)["text"] == "2 leads tagged “hot”, “fair 2026” and freed of “cold”."
    assert list(Lead.objects.order_by("pk").values_list("tags", flat=True)) == [["hot", "fair 2026"]] * 2
    client.post(toast_of(answer)["undo_url"], headers=PANEL)
    assert list(Lead.objects.order_by("pk").values_list("tags", flat=True)) == [["cold"], []]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"add": ",".join(f"tag {number}" for number in range(500))}, "These are 500 tags; a lead has at most 50."),
        ({"add": "x" * 41}, "has 41 characters; a tag has at most 40."),
        ({}, "Write at least one tag to add or to remove."),
    ],
)
def test_wrong_tags_are_asked_again_with_what_was_typed(client_for, mia, fields, says):
    lead = make_lead(tags=["kept"])

    answer = client_for(mia).post("/bulk/tag/", ticked(lead, **fields), headers=PANEL)

    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert fields.get("add", "") in answer.content.decode()
    assert (Lead.objects.get().tags, BulkDeed.objects.count()) == (["kept"], 0)


def test_archive_is_taken_back(client_for, mona):
    leads = [make_lead(), make_lead()]
    client = client_for(mona)

    answer = client.post("/bulk/archive/", ticked(*leads), headers=PANEL)
    assert (toast_of(answer)["text"], Lead.objects.filter(archived_at=None).count()) == ("2 leads archived.", 0)
    client.post(toast_of(answer)["undo_url"], headers=PANEL)

    assert Lead.objects.filter(archived_at=None).count() == 2


def test_other_lists_are_assigned_too(client_for, mona, mia, rob, rosa, max_):
    campaign = make_campaign(owner=mia)
    deal = make_opportunity(owner=rob, team=rob.team)
    task = Task.objects.create(title="Call", due_at=MONDAY, owner=rob)

    client_for(mona).post("/bulk/assign/", ticked(campaign, list_key="campaigns", to=mona.pk))
    client_for(max_).post("/bulk/assign/", ticked(deal, list_key="opportunities", to=rosa.pk))
    client_for(max_).post("/bulk/assign/", ticked(task, list_key="tasks", to=rosa.pk))

    for record in (campaign, deal, task):
        record.refresh_from_db()
    assert (campaign.owner, deal.owner, task.owner) == (mona, rosa, rosa)
    assert client_for(mona).get(f"/bulk/{BulkDeed.objects.latest('pk').pk}/").status_code == 404
    assert client_for(max_).get(f"/bulk/{BulkDeed.objects.latest('pk').pk}/").status_code == 200


def test_only_the_verbs_of_list_and_person_are_offered_and_done(client_for, rob, mia, north):
    lead = make_mql(owner=rob)

    bar = client_for(rob).get("/leads/?tab=all").content.decode()
    refused = client_for(rob).post("/bulk/hand-over/", ticked(lead, recipient=f"team:{north.pk}"))
    wrong_list = client_for(mia).post("/bulk/tag/", ticked(make_campaign(), list_key="campaigns", add="hot"))

    assert "/bulk/assign/" in bar
    assert "/bulk/hand-over/" not in bar
    assert (refused.status_code, wrong_list.status_code) == (403, 403)
    assert not BulkDeed.objects.exists()


@pytest.mark.parametrize("address", ["/bulk/assign/?list=users", "/bulk/nonsense/?list=leads", "/bulk/assign/"])
def test_nonsense_is_not_found(client_for, mia, address):
    assert client_for(mia).get(address).status_code == 404


def test_ids_that_are_none_and_a_wrong_person_change_nothing(client_for, mona):
    lead, client = make_mql(), client_for(mona)

    empty = client.get("/bulk/assign/", {"list": "leads", "id": ["x", "-1", "9" * 30]})
    wrong = client.post("/bulk/assign/", ticked(lead, to="999999"), headers=PANEL)

    assert "Nothing is selected" in empty.content.decode()
    assert wrong.status_code == 422
    assert "Choose one of these people." in wrong.content.decode()
    assert not BulkDeed.objects.exists()


def test_a_deed_costs_the_same_for_one_and_for_fifty(client_for, mona, rob, north):
    client = client_for(mona)

    def queries(count):
        leads = [make_mql() for _number in range(count)] + [make_lead() for _number in range(count)]
        with CaptureQueriesContext(connection) as asked:
            client.get("/bulk/assign/", ticked(*leads), headers=PANEL)
            client.post("/bulk/assign/", ticked(*leads, to=rob.pk), headers=PANEL)
            client.post("/bulk/tag/", ticked(*leads, add=f"tag {count}"), headers=PANEL)
            given = client.post("/bulk/hand-over/", ticked(*leads, recipient=f"team:{north.pk}"), headers=PANEL)
            client.get(toast_of(given)["link_url"])
            client.post(toast_of(given)["undo_url"], headers=PANEL)
        return len(asked)

    assert queries(1) == queries(50)


def test_a_deed_is_forgotten_after_a_month(client_for, mona, rob):
    client_for(mona).post("/bulk/assign/", ticked(make_mql(), to=rob.pk))
    done = BulkDeed.objects.get().at

    assert forget_old_deeds(now=done + timedelta(days=30)) == 0
    assert forget_old_deeds(now=done + timedelta(days=31)) == 1


def test_many_long_tags_are_named_as_far_as_there_is_room(client_for, mia):
    lead = make_lead(owner=mia)
    words = {"add": ", ".join(letter * 40 for letter in "abcd"), "remove": ", ".join(letter * 40 for letter in "wxyz")}

    assert client_for(mia).post("/bulk/tag/", ticked(lead, **words)).status_code == 302
    assert BulkDeed.objects.get().what.endswith("…")


@pytest.mark.parametrize("query", ["q=a%00b", "source=\0"])
def test_a_query_that_no_text_can_hold_is_refused(client_for, mia, query):
    fields = {"list": "leads", "all": "1", "query": query, "add": "hot"}
    assert client_for(mia).post("/bulk/tag/", fields).status_code == 400
    assert client_for(mia).get("/bulk/export.csv", fields).status_code == 400
