"""desk/views/inbox.py: the page where sales answers, and where marketing sees what waits."""

import json
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crm.models import User
from desk.forms.verdicts import months_from
from feedback.models import Handoff, HandoffStatus
from feedback.verdicts import accept_handoff, reject_handoff
from leads.editing import edit_lead
from leads.lifecycle import Stage
from leads.models import Lead, Reason
from leads.touches import record_touch
from leads.transitions import move_lead
from tests.factories import HOUR, MONDAY, make_campaign, make_handoff, make_lead, make_mql, make_user, pass_on, reason

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def toast(response):
    return json.loads(response["HX-Trigger"])["toast"]


def waiting_since_now(**options):
    return make_handoff(at=timezone.now() - HOUR, **options)


def test_inbox_shows_the_first_to_expire_and_why(client_for, rob, mia):
    later = waiting_since_now(to=rob, by=mia)
    first = make_handoff(
        to=rob, by=mia, at=timezone.now() - 5 * HOUR, lead=make_mql(at=MONDAY, company_name="Acme", title="CTO")
    )
    record_touch(first.lead, at=timezone.now() - HOUR, kind="attend", campaign=make_campaign("Spring webinar"))

    page = client_for(rob).get("/inbox/").content.decode()

    assert page.index(str(first.lead)) < page.index(str(later.lead))
    assert "Attended “Spring webinar”, 1 h ago" in page
    assert f"/inbox/{first.pk}/acceptance/" in page
    assert f"/inbox/{later.pk}/acceptance/" not in page


def test_looking_never_gives_a_verdict(client_for, rob):
    handoff = make_handoff(to=rob)
    client = client_for(rob)
    for verb in ("acceptance", "rejection", "withdrawal", "undo"):
        assert client.get(f"/inbox/{handoff.pk}/{verb}/").status_code == 405
    client.get(f"/inbox/?open={handoff.pk}")
    handoff.refresh_from_db()
    assert handoff.status == HandoffStatus.OPEN


def events(response):
    return json.loads(response["HX-Trigger"])


def test_accept_is_answered_at_once_and_offers_undo(client_for, rob):
    first, second = waiting_since_now(to=rob), waiting_since_now(to=rob)

    response = client_for(rob).post(f"/inbox/{first.pk}/acceptance/", headers=HTMX)

    first.refresh_from_db()
    assert (first.status, first.lead.owner) == (HandoffStatus.ACCEPTED, rob)
    assert toast(response) == {
        "text": f"Accepted {first.lead}.",
        "level": "success",
        "undo_url": f"/inbox/{first.pk}/undo/",
    }
    assert events(response)["handoff:answered"] == {"handoff": first.pk}
    page = response.content.decode()
    assert f'href="/leads/{first.lead_id}/"' in page
    # Neither the list nor the next card: the page opens that itself.
    assert str(second.lead) not in page


@pytest.mark.parametrize("verb", ["acceptance", "rejection", "snooze", "undo"])
def test_an_answer_costs_few_queries_however_much_waits(client_for, rob, mia, verb):
    handoff = waiting_since_now(to=rob, by=mia)
    for _ in range(20):
        waiting_since_now(to=rob, by=mia)
    if verb == "undo":
        accept_handoff(handoff, by=rob, at=timezone.now())
    form = {"reason": "missing_data", "until": (timezone.now() + HOUR).isoformat()}
    client = client_for(rob)
    with CaptureQueriesContext(connection) as asked:
        response = client.post(f"/inbox/{handoff.pk}/{verb}/", form, headers={**HTMX, "HX-Current-URL": "/inbox/"})
    assert response.status_code in (200, 204)
    # Who asks and where, the transaction, and the answer itself.
    statements = [query["sql"] for query in asked]
    assert len(statements) <= 22, "\n".join(statements)


def test_accept_without_javascript_redirects_and_says_so(client_for, rob):
    handoff = waiting_since_now(to=rob)
    page = client_for(rob).post(f"/inbox/{handoff.pk}/acceptance/", follow=True)
    assert page.redirect_chain == [("/inbox/", 302)]
    assert f"Accepted {handoff.lead}." in page.content.decode()
    assert f"/inbox/{handoff.pk}/undo/" in page.content.decode()


def test_reject_with_a_reason_and_a_comment(client_for, rob):
    handoff = waiting_since_now(to=rob)

    response = client_for(rob).post(
        f"/inbox/{handoff.pk}/rejection/", {"reason": "missing_data", "comment": "No phone."}, headers=HTMX
    )

    handoff.refresh_from_db()
    assert (handoff.status, handoff.reason.code, handoff.comment, handoff.lead.stage) == (
        "rejected",
        "missing_data",
        "No phone.",
        "mql",
    )
    assert toast(response)["text"] == f"Rejected {handoff.lead}: back with marketing for repair."


def test_reject_to_another_rep_names_who(client_for, rob, rosa):
    handoff = waiting_since_now(to=rob)
    response = client_for(rob).post(f"/inbox/{handoff.pk}/rejection/", {"reason": "wrong_rep"}, headers=HTMX)
    assert toast(response)["text"] == f"Rejected {handoff.lead}: passed on to Rosa."


@pytest.mark.parametrize(
    ("sent", "said"),
    [({}, "Choose a reason."), ({"reason": "other"}, "needs a few words"), ({"reason": "price"}, "present reasons")],
)
def test_reject_asks_again_beside_the_field(client_for, rob, sent, said):
    handoff = waiting_since_now(to=rob)
    client = client_for(rob)

    part = client.post(f"/inbox/{handoff.pk}/rejection/", sent, headers=HTMX)
    page = client.post(f"/inbox/{handoff.pk}/rejection/", sent)

    assert (part.status_code, part["HX-Retarget"], page.status_code) == (422, "#inbox-card", 422)
    assert said in part.content.decode()
    assert said in page.content.decode()
    handoff.refresh_from_db()
    assert handoff.status == HandoffStatus.OPEN


def test_the_second_is_told_who_was_faster(client_for, north, rob, rosa):
    handoff, other = waiting_since_now(to=north), waiting_since_now(to=north)
    accept_handoff(handoff, by=rob, at=timezone.now())

    response = client_for(rosa).post(f"/inbox/{handoff.pk}/acceptance/", headers=HTMX)

    assert response.status_code == 409
    assert toast(response)["text"].startswith("Rob accepted this at")
    assert events(response)["handoff:answered"] == {"handoff": handoff.pk}
    page = client_for(rosa).post(f"/inbox/{handoff.pk}/acceptance/", follow=True)
    assert page.redirect_chain == [(f"/inbox/?open={other.pk}", 302)]


def test_undo_brings_it_back(client_for, rob):
    handoff = waiting_since_now(to=rob)
    client = client_for(rob)
    client.post(f"/inbox/{handoff.pk}/acceptance/")

    here = {**HTMX, "HX-Current-URL": "http://testserver/inbox/"}
    response = client.post(f"/inbox/{handoff.pk}/undo/", headers=here)

    handoff.refresh_from_db()
    assert handoff.status == HandoffStatus.OPEN
    assert events(response)["handoff:back"] == {"address": f"/inbox/?open={handoff.pk}"}


def test_undo_from_another_page_reloads_it(client_for, rob):
    handoff = waiting_since_now(to=rob)
    client = client_for(rob)
    client.post(f"/inbox/{handoff.pk}/acceptance/")
    response = client.post(
        f"/inbox/{handoff.pk}/undo/", headers={**HTMX, "HX-Current-URL": "http://testserver/leads/1/"}
    )
    assert response["HX-Refresh"] == "true"


def test_who_may_not_answer_is_refused(client_for, rob, mia, sam):
    handoff = waiting_since_now(to=rob)
    for stranger in (mia, sam):
        for headers in ({}, HTMX):
            assert client_for(stranger).post(f"/inbox/{handoff.pk}/acceptance/", headers=headers).status_code == 403
    handoff.refresh_from_db()
    assert handoff.status == HandoffStatus.OPEN


def test_marketing_sees_what_waits_by_rep_and_may_withdraw_its_own(client_for, rob, rosa, mia):
    mine = waiting_since_now(to=rob, by=mia)
    other = waiting_since_now(to=rosa, by=make_user("mark", "marketer"))
    client = client_for(mia)

    page = client.get(f"/inbox/?open={mine.pk}").content.decode()
    assert "Waiting with sales" in page
    assert "acceptance" not in page
    assert f"/inbox/{mine.pk}/withdrawal/" in page
    assert f"/inbox/{other.pk}/withdrawal/" not in client.get(f"/inbox/?open={other.pk}").content.decode()

    client.post(f"/inbox/{mine.pk}/withdrawal/", headers=HTMX)
    mine.lead.refresh_from_db()
    assert mine.lead.stage == "mql"
    assert client.post(f"/inbox/{other.pk}/withdrawal/").status_code == 403


def test_a_manager_sees_the_team(client_for, max_, rob, sam):
    handoff, elsewhere = waiting_since_now(to=rob), waiting_since_now(to=sam)
    page = client_for(max_).get("/inbox/").content.decode()
    assert f"/inbox/{handoff.pk}/acceptance/" in page
    assert str(elsewhere.lead) not in page


def test_empty_says_what_good_looks_like(client_for, rob):
    for _ in range(2):
        handoff = make_handoff(to=rob, at=timezone.now() - 2 * HOUR)
        reject_handoff(handoff, by=rob, at=timezone.now(), reason=reason("no_project"))
    page = client_for(rob).get("/inbox/").content.decode()
    assert "Nothing waits." in page
    assert "You answered 2 this week, median 2 h." in page


def test_card_shows_earlier_answers_promise_and_origin(client_for, rob, mia):
    lead = make_lead(
        campaign=make_campaign("Trade fair"), company_name="Acme", email="ada@acme.test", phone="+49 30 1234"
    )
    record_touch(lead, at=MONDAY + HOUR, kind="download", channel="content")
    move_lead(lead, Stage.MQL, by=mia, at=MONDAY + HOUR)
    first = make_handoff(to=rob, lead=lead, at=MONDAY + 2 * HOUR)
    reject_handoff(first, by=rob, at=MONDAY + 3 * HOUR, reason=reason("wrong_data"), comment="Number is dead.")
    lead.refresh_from_db()
    second = make_handoff(to=rob, lead=lead, by=mia, at=MONDAY + 4 * HOUR)
    Handoff.objects.filter(pk=second.pk).update(promised="A call before Friday")

    page = client_for(rob).get("/inbox/").content.decode()

    for text in (
        "Trade fair",
        "Downloaded content",
        "A call before Friday",
        "Rob rejected this",
        "Number is dead.",
        "tel:+49 30 1234",
        "Data is wrong",
    ):
        assert text in page


def test_live_list_says_that_the_opened_one_is_gone(client_for, north, rob, rosa):
    handoff = waiting_since_now(to=north)
    accept_handoff(handoff, by=rob, at=timezone.now())
    headers = {**HTMX, "HX-Target": "inbox-list", "HX-Current-URL": f"http://testserver/inbox/?open={handoff.pk}"}
    page = client_for(rosa).get("/inbox/", headers=headers).content.decode()
    assert "Rob accepted this at" in page
    assert 'id="inbox-gone" hx-swap-oob="true"' in page


def test_live_list_brings_the_first_card_into_an_empty_inbox(client_for, rob):
    handoff = waiting_since_now(to=rob)
    headers = {**HTMX, "HX-Target": "inbox-list", "HX-Current-URL": "http://testserver/inbox/"}
    page = client_for(rob).get("/inbox/?nothing", headers=headers).content.decode()
    assert f"/inbox/{handoff.pk}/acceptance/" in page


def test_inbox_costs_the_same_queries_however_much_waits(client_for, rob, mia):
    client = client_for(rob)
    waiting_since_now(to=rob, by=mia)
    client.get("/inbox/")
    with CaptureQueriesContext(connection) as one:
        client.get("/inbox/")
    for _ in range(49):
        waiting_since_now(to=rob, by=mia)
    with CaptureQueriesContext(connection) as fifty:
        page = client.get("/inbox/")
    assert page.content.decode().count("data-row ") == 50
    assert len(fifty) == len(one)
    assert len(fifty) < 25


def test_more_than_a_page_is_reached_by_a_link(client_for, rob):
    made = [waiting_since_now(to=rob) for _ in range(51)]
    client = client_for(rob)
    page = client.get("/inbox/").content.decode()
    assert page.count("data-row ") == 50
    assert f"/inbox/?after={made[49].pk}&amp;list" in page
    assert str(made[50].lead) in client.get(f"/inbox/?after={made[49].pk}&list").content.decode()


def test_snooze_takes_it_out_of_sight_and_offers_undo(client_for, rob):
    first, second = waiting_since_now(to=rob), waiting_since_now(to=rob)
    client, until = client_for(rob), timezone.now() + 2 * HOUR

    response = client.post(f"/inbox/{first.pk}/snooze/", {"until": until.isoformat()}, headers=HTMX)

    first.refresh_from_db()
    assert (first.status, first.snoozed_until) == (HandoffStatus.OPEN, until)
    assert toast(response)["undo_url"] == f"/inbox/{first.pk}/snooze/undo/"
    assert events(response)["handoff:answered"] == {"handoff": first.pk}
    second.refresh_from_db()
    assert second.snoozed_until is None
    page = client.get("/inbox/").content.decode()
    assert "Snoozed" in page
    assert page.index("data-inbox-snoozed") < page.index(f'data-handoff="{first.pk}"')

    here = {**HTMX, "HX-Current-URL": "http://testserver/inbox/"}
    client.post(f"/inbox/{first.pk}/snooze/undo/", headers=here)
    first.refresh_from_db()
    assert first.snoozed_until is None


def test_snooze_says_what_is_possible(client_for, rob):
    handoff = waiting_since_now(to=rob)
    client = client_for(rob)
    for until, said in (
        ((handoff.due_at + HOUR).isoformat(), "just before the answer is due"),
        ("soon", "Choose a day and a time."),
        ("", "Choose until when."),
    ):
        part = client.post(f"/inbox/{handoff.pk}/snooze/", {"until": until}, headers=HTMX)
        assert (part.status_code, part["HX-Retarget"]) == (422, "#inbox-card")
        assert said in part.content.decode()
    Handoff.objects.update(due_at=timezone.now() - HOUR)
    assert f"/inbox/{handoff.pk}/snooze/" not in client.get("/inbox/").content.decode()


def test_a_manager_sees_what_a_rep_put_off(client_for, max_, rob):
    handoff = waiting_since_now(to=rob)
    Handoff.objects.update(snoozed_until=timezone.now() + HOUR)
    page = client_for(max_).get("/inbox/").content.decode()
    assert f'data-handoff="{handoff.pk}"' in page
    assert "All that waits is snoozed for now." in page


@pytest.mark.parametrize("verb", ["accept", "reject", "snooze"])
def test_asking_for_many_gives_no_verdict(client_for, rob, mia, verb):
    handoff = waiting_since_now(to=rob)
    page = client_for(rob).get(f"/inbox/many/{verb}/", {"id": handoff.pk})
    assert "1 lead" in page.content.decode()
    handoff.refresh_from_db()
    assert (handoff.status, handoff.snoozed_until) == (HandoffStatus.OPEN, None)
    assert client_for(mia).get(f"/inbox/many/{verb}/", {"id": handoff.pk}).status_code == 403


def test_many_are_rejected_once_and_who_moved_is_named(client_for, north, rob, rosa):
    handoffs = [waiting_since_now(to=north) for _number in range(3)]
    accept_handoff(handoffs[1], by=rosa, at=timezone.now())
    client = client_for(rob)
    form = {
        "id": [handoff.pk for handoff in handoffs],
        "reason": "wrong_data",
        "wrong_fields": ["phone", "email"],
        "comment": "Dead lines",
        "idempotency_key": "once",
    }

    response = client.post("/inbox/many/reject/", form, headers=HTMX)
    again = client.post("/inbox/many/reject/", form, headers=HTMX)

    said = "2 leads rejected (data is wrong), 1 left as it was."
    assert toast(response)["text"] == toast(again)["text"] == said
    assert "Rosa accepted this at" in response.content.decode()
    rows = Handoff.objects.filter(status="rejected").values_list("wrong_fields", "comment")
    assert list(rows) == [(["phone", "email"], "Dead lines")] * 2

    undone = client.post(toast(response)["undo_url"], headers=HTMX)
    assert toast(undone)["text"] == "2 leads are as they were before."
    assert Handoff.objects.filter(status="open").count() == 2


def test_all_that_wait_for_somebody_are_answered_at_once(client_for, max_, rob, rosa):
    own, other = waiting_since_now(to=rob), waiting_since_now(to=rosa)
    client_for(max_).post("/inbox/many/accept/", {"all": "1", "for": f"user:{rob.pk}"}, headers=HTMX)
    own.refresh_from_db()
    other.refresh_from_db()
    assert (own.status, other.status) == ("accepted", "open")


def test_a_manager_looks_at_one_rep(client_for, max_, rob, rosa, sam):
    own, other = waiting_since_now(to=rob), waiting_since_now(to=rosa)
    client = client_for(max_)
    page = client.get("/inbox/", {"for": f"user:{rob.pk}"}).content.decode()
    assert str(own.lead) in page
    assert str(other.lead) not in page
    assert "Sam" not in page
    client.post(f"/inbox/{own.pk}/acceptance/", headers=HTMX)
    here = {**HTMX, "HX-Current-URL": f"http://testserver/inbox/?for=user:{rob.pk}"}
    response = client.post(f"/inbox/{own.pk}/undo/", headers=here)
    assert events(response)["handoff:back"] == {"address": f"/inbox/?for=user%3A{rob.pk}&open={own.pk}"}
    for nobody in ("user:0", "team:x", "user:99999999999999999999", "everybody"):
        assert str(other.lead) in client.get("/inbox/", {"for": nobody}).content.decode()


def test_a_reason_retired_meanwhile_is_named_and_what_was_written_stays(client_for, rob):
    handoff = waiting_since_now(to=rob)
    Reason.objects.filter(code="industry", use="verdict").update(retired=True)
    page = client_for(rob).post(
        f"/inbox/{handoff.pk}/rejection/", {"reason": "industry", "comment": "They make toys."}, headers=HTMX
    )
    assert page.status_code == 422
    assert "“Wrong industry” was retired meanwhile." in page.content.decode()
    assert "They make toys." in page.content.decode()
    handoff.refresh_from_db()
    assert handoff.status == HandoffStatus.OPEN


def test_not_now_asks_when_to_look_again(client_for, rob):
    client, today = client_for(rob), timezone.localdate()
    tomorrow = today + timedelta(days=1)
    answers = [
        ({"revisit": "month"}, months_from(today, 1)),
        ({"revisit": "quarter"}, months_from(today, 3)),
        ({"revisit": "day", "revisit_on": tomorrow.isoformat()}, tomorrow),
    ]
    for chosen, day in answers:
        handoff = waiting_since_now(to=rob)
        client.post(f"/inbox/{handoff.pk}/rejection/", {"reason": "no_project", **chosen})
        handoff.lead.refresh_from_db()
        assert handoff.lead.revisit_on == day
    handoff = waiting_since_now(to=rob)
    for chosen, said in (
        ({"revisit": "day"}, "Choose the day to look again."),
        ({"revisit": "day", "revisit_on": today.isoformat()}, "Choose a day that is still to come."),
    ):
        page = client.post(f"/inbox/{handoff.pk}/rejection/", {"reason": "no_project", **chosen})
        assert (page.status_code, said in page.content.decode()) == (422, True)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2027, 11, 30), 3, date(2028, 2, 29)),
    ],
)
def test_months_from_ends_with_the_month(day, months, expected):
    assert months_from(day, months) == expected


def test_a_wrong_field_stands_on_the_lead_and_in_the_list_until_it_is_edited(client_for, rob, mia):
    handoff = waiting_since_now(to=rob, by=mia)
    client_for(rob).post(f"/inbox/{handoff.pk}/rejection/", {"reason": "wrong_data", "wrong_fields": "phone"})
    # Edits are dated by the database: here by the beginning of the test's own transaction.
    Handoff.objects.update(decided_at=timezone.now() - HOUR)
    client = client_for(mia)
    lead = f"/leads/{handoff.lead_id}/"
    assert "Sales says: phone is wrong." in client.get(lead).content.decode()
    assert '<b class="bad">Phone</b>' in client.get("/leads/?tab=repair").content.decode()

    edit_lead(Lead.objects.get(pk=handoff.lead_id), by=mia, at=timezone.now(), phone="+49 30 555")

    assert "Sales says" not in client.get(lead).content.decode()
    assert "Repaired since" in client.get("/leads/?tab=repair").content.decode()


def test_who_has_left_answers_nothing(client_for, rob, max_):
    handoff = waiting_since_now(to=rob)
    client = client_for(rob)
    User.objects.filter(pk=rob.pk).update(is_active=False)
    assert client.post(f"/inbox/{handoff.pk}/acceptance/").status_code in (302, 403)
    handoff.refresh_from_db()
    assert handoff.status == HandoffStatus.OPEN
    client_for(max_).post(f"/inbox/{handoff.pk}/acceptance/")
    handoff.refresh_from_db()
    assert handoff.decided_by == max_


def test_accepting_what_was_passed_on_names_who_has_it(client_for, rob, rosa):
    handoff = waiting_since_now(to=rob)
    pass_on(handoff, at=timezone.now())
    response = client_for(rob).post(f"/inbox/{handoff.pk}/acceptance/", headers=HTMX)
    assert response.status_code == 409
    assert toast(response)["text"] == "No answer came in time, so this lead went to Rosa."
