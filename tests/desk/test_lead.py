"""desk/views/lead.py and lead_verbs.py: the page of a lead and what is done there."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from desk.queries.lead import clocks, story_of
from feedback.verdicts import accept_handoff, reject_handoff, undo_verdict
from leads.converting import convert_lead
from leads.editing import edit_lead
from leads.lifecycle import Stage
from leads.models import Company, Lead, Opportunity
from leads.touches import record_touch
from leads.transitions import move_lead
from tests.factories import DAY, HOUR, MONDAY, make_campaign, make_handoff, make_lead, make_mql, reason

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def toast(response):
    return json.loads(response["HX-Trigger"])["toast"]


def accepted(rep, **fields):
    return accept_handoff(make_handoff(to=rep, lead=make_mql(**fields)), by=rep, at=MONDAY + HOUR).lead


def text_of(client, lead, query=""):
    return client.get(f"/leads/{lead.pk}/{query}").content.decode()


# The page


def test_everybody_may_read_and_buttons_are_for_who_may(client_for, mia, rob, sam, max_, ada):
    lead = make_mql()
    offers = f"/leads/{lead.pk}/handoff/"
    pages = {user: text_of(client_for(user), lead) for user in (mia, rob, sam, max_, ada)}
    assert {user: offers in page for user, page in pages.items()} == {
        mia: True,
        rob: False,
        sam: False,
        max_: True,
        ada: True,
    }


@pytest.mark.parametrize(
    ("stage", "verb"),
    [
        ("inquiry", "Mark as MQL"),
        ("mql", "Hand to sales"),
        ("offered", "Accept"),
        ("accepted", "Qualify"),
        ("qualified", "Convert"),
        ("opportunity", "Open opportunity"),
    ],
)
def test_one_filled_button_for_the_next_step(client_for, mia, rob, stage, verb):
    lead = make_lead(company_name="Acme") if stage == "inquiry" else make_mql(company_name="Acme")
    if stage not in ("inquiry", "mql"):
        handoff = make_handoff(to=rob, lead=lead)
        if stage != "offered":
            lead = accept_handoff(handoff, by=rob, at=MONDAY).lead
    if stage == "qualified":
        move_lead(lead, Stage.QUALIFIED, by=rob, at=MONDAY)
    if stage == "opportunity":
        convert_lead(lead, by=rob, at=MONDAY)
    page = text_of(client_for(mia if stage in ("inquiry", "mql") else rob), lead)
    assert page.count("btn btn-primary") == 1
    assert verb in page.split("btn btn-primary")[1].split("</")[0] + page.split("btn btn-primary")[1].split("</")[1]


def test_marketer_sees_what_sales_said(client_for, mia, rob):
    handoff = make_handoff(to=rob, by=mia)
    reject_handoff(
        handoff,
        by=rob,
        at=MONDAY + 38 * timedelta(minutes=1),
        reason=reason("company_size"),
        comment="Two people in a garage.",
    )
    page = text_of(client_for(mia), handoff.lead)
    for text in (
        "Rob rejected this",
        "Not a fit",
        "company too small or too large",
        "Two people in a garage.",
        "38 min",
        "disqualified",
    ):
        assert text in page


def test_clocks_count_the_open_visit_and_leave_closed_time_out(rob):
    handoff = make_handoff(to=rob, lead=make_mql(at=MONDAY), at=MONDAY + 2 * DAY)
    lead = accept_handoff(handoff, by=rob, at=MONDAY + 3 * DAY).lead
    moves = list(lead.transitions.effective().order_by("seq"))
    assert clocks(moves, now=MONDAY + 7 * DAY) == {"marketing": 2 * DAY, "waiting": DAY, "sales": 4 * DAY}


def test_undone_steps_leave_no_trace_in_the_clocks(rob):
    handoff = make_handoff(to=rob, at=MONDAY)
    accept_handoff(handoff, by=rob, at=MONDAY + HOUR)
    undo_verdict(handoff, by=rob, at=MONDAY + HOUR)
    record = story_of(Lead.objects.get(pk=handoff.lead_id), now=MONDAY + 5 * HOUR)
    assert record.clocks == {"marketing": timedelta(), "waiting": 5 * HOUR, "sales": timedelta()}
    assert [(step["stage"], step["state"]) for step in record.way][:4] == [
        ("inquiry", "done"),
        ("mql", "done"),
        ("offered", "now"),
        ("accepted", "ahead"),
    ]


def test_the_path_of_a_rejected_lead_ends_where_it_is(rob):
    handoff = make_handoff(to=rob, at=MONDAY)
    reject_handoff(handoff, by=rob, at=MONDAY + HOUR, reason=reason("industry"))
    steps = story_of(Lead.objects.get(pk=handoff.lead_id), now=MONDAY + DAY).way
    assert [(step["stage"], step["state"]) for step in steps] == [
        ("inquiry", "done"), ("mql", "done"), ("offered", "done"), ("disqualified", "now"),
    ]  # fmt: skip


def test_page_costs_the_same_queries_however_much_happened(client_for, rob):
    lead = accepted(rob, company_name="Acme", campaign=make_campaign())
    client = client_for(rob)
    edit_lead(lead, by=rob, at=MONDAY, phone="1")
    client.get(f"/leads/{lead.pk}/")
    with CaptureQueriesContext(connection) as one:
        client.get(f"/leads/{lead.pk}/")
    for number in range(50):
        record_touch(lead, at=MONDAY + number * HOUR, campaign=lead.campaign)
        edit_lead(lead, by=rob, at=MONDAY, phone=f"2{number}")
        make_lead(company_name="Acme")
    with CaptureQueriesContext(connection) as fifty:
        client.get(f"/leads/{lead.pk}/")
    # Two more at most: the first of more than twenty touches, and their number.
    assert len(fifty) - len(one) <= 2
    assert len(fifty) < 40


def test_unknown_lead_is_404(client_for, rob):
    assert client_for(rob).get("/leads/999999/").status_code == 404


# Verbs


def test_marketer_marks_as_mql_and_hands_over(client_for, mia, rob):
    lead = make_lead()
    client = client_for(mia)

    marked = client.post(f"/leads/{lead.pk}/move/", {"to": "mql", "seq": 1}, headers=HTMX)
    handed = client.post(
        f"/leads/{lead.pk}/handoff/", {"recipient": f"user:{rob.pk}", "promised": "A call"}, headers=HTMX
    )

    assert (marked["HX-Retarget"], toast(marked)["text"]) == ("#record", f"{lead} is now “MQL”.")
    assert toast(handed)["text"] == f"{lead} waits for Rob."
    lead.refresh_from_db()
    waiting = lead.handoffs.get()
    assert (lead.stage, waiting.to_user, waiting.promised, waiting.offered_by) == ("offered", rob, "A call", mia)


def test_hand_over_asks_for_a_recipient(client_for, mia):
    lead = make_mql()
    answer = client_for(mia).post(f"/leads/{lead.pk}/handoff/", {"recipient": ""}, headers=HTMX)
    assert (answer.status_code, "Choose a team or a rep." in answer.content.decode()) == (422, True)


def test_rep_accepts_and_undoes_on_the_page(client_for, rob):
    handoff = make_handoff(to=rob, at=timezone.now() - HOUR)
    client, url = client_for(rob), f"/leads/{handoff.lead_id}"

    taken = client.post(f"{url}/acceptance/", {"handoff": handoff.pk}, headers=HTMX)
    assert toast(taken)["undo_url"] == f"{url}/undo/"
    undone = client.post(f"{url}/undo/", headers=HTMX)

    assert undone["HX-Retarget"] == "#record"
    handoff.refresh_from_db()
    assert (handoff.status, handoff.lead.stage) == ("open", "offered")


def test_rep_rejects_on_the_page(client_for, rob):
    handoff = make_handoff(to=rob, at=timezone.now() - HOUR)
    client, url = client_for(rob), f"/leads/{handoff.lead_id}/rejection/"
    assert "Not a fit" in client.get(f"{url}?handoff={handoff.pk}").content.decode()
    assert client.post(f"{url}?handoff={handoff.pk}", {"reason": "other"}, headers=HTMX).status_code == 422
    client.post(f"{url}?handoff={handoff.pk}", {"reason": "industry"}, headers=HTMX)
    handoff.refresh_from_db()
    assert (handoff.status, handoff.lead.stage) == ("rejected", "disqualified")


def test_rep_qualifies_and_converts_twice_clicked(client_for, rob):
    Company.objects.create(name="ACME")
    lead = accepted(rob, company_name="Acme")
    client = client_for(rob)
    client.post(
        f"/leads/{lead.pk}/move/",
        {"to": "qualified", "seq": lead.seq, "need": "Twelve bikes", "timing": "May"},
        headers=HTMX,
    )

    asked = client.get(f"/leads/{lead.pk}/conversion/").content.decode()
    assert '<b>ACME</b> <span class="quiet">known already' in asked
    sent = {
        "opportunity": "new", "company": "found", "contact": "new",
        "name": "Acme fleet", "amount": "12000", "currency": "eur", "expected_close": "2027-01-31",
    }  # fmt: skip
    first = client.post(f"/leads/{lead.pk}/conversion/", sent, headers=HTMX)
    again = client.post(f"/leads/{lead.pk}/conversion/", sent, headers=HTMX)

    assert (first.status_code, again.status_code) == (200, 200)
    lead.refresh_from_db()
    assert (lead.stage, lead.need, lead.timing) == ("opportunity", "Twelve bikes", "May")
    assert list(Opportunity.objects.values_list("name", "amount", "currency")) == [("Acme fleet", 12000, "EUR")]
    assert Company.objects.count() == 1

    client.post(f"/leads/{lead.pk}/undo/", headers=HTMX)
    lead.refresh_from_db()
    assert (lead.stage, Opportunity.objects.count()) == ("qualified", 0)


def test_a_reason_is_asked_beside_its_field(client_for, rob):
    lead = accepted(rob)
    client = client_for(rob)
    for sent, said in (({}, "Choose a reason."), ({"reason": "other"}, "needs a few words")):
        answer = client.post(f"/leads/{lead.pk}/move/", {"to": "nurture", "seq": lead.seq, **sent}, headers=HTMX)
        assert (answer.status_code, said in answer.content.decode()) == (422, True)
    client.post(
        f"/leads/{lead.pk}/move/",
        {"to": "nurture", "seq": lead.seq, "reason": "not_now", "revisit_on": "2099-06-01"},
        headers=HTMX,
    )
    lead.refresh_from_db()
    assert (lead.stage, str(lead.revisit_on)) == ("nurture", "2099-06-01")


def test_a_stale_page_is_told_who_moved_the_lead(client_for, mia, mona):
    lead = make_lead()
    move_lead(Lead.objects.get(pk=lead.pk), Stage.MQL, by=mona, at=MONDAY + HOUR)

    answer = client_for(mia).post(f"/leads/{lead.pk}/move/", {"to": "mql", "seq": 1}, headers=HTMX)

    assert answer.status_code == 409
    assert toast(answer)["text"] == "Mona moved this lead to “MQL” on 02 Mar at 10:00."
    assert f"/leads/{lead.pk}/handoff/" in answer.content.decode()
    assert lead.transitions.count() == 2


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_without_the_right_nothing_moves(client_for, rob, sam, mia, headers):
    lead, offered = make_lead(), make_handoff(to=rob)
    deeds = [
        (rob, f"/leads/{lead.pk}/move/", {"to": "mql", "seq": 1}),
        (rob, f"/leads/{lead.pk}/handoff/", {"recipient": f"user:{rob.pk}"}),
        (sam, f"/leads/{offered.lead_id}/acceptance/", {"handoff": offered.pk}),
        (mia, f"/leads/{offered.lead_id}/rejection/", {"handoff": offered.pk, "reason": "industry"}),
        (sam, f"/leads/{offered.lead_id}/withdrawal/", {"handoff": offered.pk}),
        (sam, f"/leads/{lead.pk}/conversion/", {}),
        (sam, f"/leads/{lead.pk}/edit/?field=phone", {"value": "1", "seen": ""}),
        (sam, f"/leads/{lead.pk}/touches/", {}),
    ]
    assert [client_for(user).post(url, sent, headers=headers).status_code for user, url, sent in deeds] == [403] * len(
        deeds
    )


def test_verbs_work_without_javascript(client_for, mia):
    lead = make_lead()
    page = client_for(mia).post(f"/leads/{lead.pk}/move/", {"to": "mql", "seq": 1}, follow=True)
    assert page.redirect_chain == [(f"/leads/{lead.pk}/", 302)]
    assert "is now “MQL”." in page.content.decode()
    asked = client_for(mia).get(f"/leads/{lead.pk}/handoff/").content.decode()
    assert "<html" in asked
    assert "Promised to the buyer" in asked


def test_an_illegal_move_is_refused(client_for, ada):
    lead = make_lead()
    answers = [
        client_for(ada).post(f"/leads/{lead.pk}/move/", {"to": to, "seq": 1}, headers=HTMX).status_code
        for to in ("customer", "qualified", "nonsense", "")
    ]
    assert answers == [422] * 4


def test_log_a_touch(client_for, mia):
    lead, fair = make_lead(), make_campaign("Trade fair", channel="event")
    sent = {"kind": "meeting", "by": "buyer", "at_0": "2026-03-05", "at_1": "14:30", "campaign": fair.pk}
    client_for(mia).post(f"/leads/{lead.pk}/touches/", sent, headers=HTMX)
    assert list(lead.touches.values_list("kind", "campaign", "channel")) == [("meeting", fair.pk, "event")]
