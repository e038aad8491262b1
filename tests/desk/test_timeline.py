"""desk/queries/timeline/: what happened, newest first."""

import pghistory
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from desk.queries.lead import clocks
from desk.queries.timeline import PAGE, timeline
from desk.queries.timeline.scope import scope_of
from feedback.verdicts import accept_handoff, reject_handoff, undo_verdict
from leads.activities import log_activity
from leads.converting import convert_lead
from leads.editing import edit_lead
from leads.models import Lead, Transition
from leads.next_steps import add_task, complete_task
from leads.opportunities import change_stage, close_opportunity, reopen_opportunity
from leads.subjects import Subject
from leads.touches import record_touch
from tests.factories import DAY, HOUR, MONDAY, make_campaign, make_handoff, make_lead, make_mql, pass_on, reason

pytestmark = pytest.mark.django_db


def told(lead, **options):
    return [
        (entry.title, str(entry.by) if entry.by else "", entry.undone)
        for entry in timeline(Lead.objects.get(pk=lead.pk), **options).entries
    ]


def test_moves_and_verdicts_with_what_was_undone(rob, mia):
    handoff = make_handoff(to=rob, by=mia, lead=make_mql(by=mia))
    accept_handoff(handoff, by=rob, at=MONDAY + HOUR)
    undo_verdict(handoff, by=rob, at=MONDAY + HOUR)
    handoff.lead.refresh_from_db()
    reject_handoff(handoff, by=rob, at=MONDAY + 2 * HOUR, reason=reason("industry"), comment="Circus.")

    assert told(handoff.lead, kind="verdicts") == [
        ("Rejected: Wrong industry", "Rob", False),
        ("Undid: Accepted after 1 h", "Rob", False),
        ("Accepted after 1 h", "Rob", True),
        ("Handed to Rob", "Mia", False),
    ]
    assert told(handoff.lead)[-2:] == [("Marked as MQL", "Mia", False), ("Captured", "Mia", False)]
    assert timeline(handoff.lead, kind="verdicts").entries[0].quote == "Circus."


def test_hand_offs_that_went_on_to_another(rob, rosa, north):
    handoff = make_handoff(to=rob)
    reject_handoff(handoff, by=rob, at=MONDAY + HOUR, reason=reason("wrong_territory"))
    pass_on(handoff.followed_by, at=MONDAY + DAY)
    entries = timeline(handoff.lead, kind="verdicts").entries
    assert [(entry.title, entry.text) for entry in entries] == [
        ("No answer from Rosa in time", "Passed on to Team North"),
        ("Rejected: Wrong territory", "Passed on to Rosa"),
        ("Handed to Rob", ""),
    ]


def test_touches_name_content_and_campaign(mia):
    lead = make_lead(at=MONDAY)
    fair = make_campaign("Trade fair", channel="event")
    wrong = record_touch(lead, at=MONDAY + HOUR, kind="attend", campaign=fair, channel="event")
    record_touch(lead, at=MONDAY + HOUR, kind="visit", corrects=wrong)
    assert told(lead, kind="touches") == [("Visited the site", "", False), ("Attended “Trade fair”", "", True)]


def test_changed_fields_say_before_after_and_who(client_for, mia, rob):
    lead = make_lead(at=MONDAY, phone="1")
    client = client_for(mia)
    client.post(f"/leads/{lead.pk}/edit/?field=phone", {"value": "2", "version": 1, "seen": "1"})
    client.post(f"/leads/{lead.pk}/edit/?field=phone", {"value": "3", "version": 2, "seen": "2"})
    entries = timeline(Lead.objects.get(pk=lead.pk), kind="changes").entries
    assert [(entry.title, str(entry.by), entry.changes) for entry in entries[:2]] == [
        ("Phone changed", "Mia", [("Phone", "2", "3")]),
        ("Phone changed", "Mia", [("Phone", "1", "2")]),
    ]


def test_a_conversion_and_a_won_deal_are_told_once(rob):
    lead = accept_handoff(make_handoff(to=rob, lead=make_mql(company_name="Acme")), by=rob, at=MONDAY + HOUR).lead
    deal, _ = convert_lead(lead, by=rob, at=MONDAY + 2 * HOUR, amount=12000)
    close_opportunity(deal, outcome="won", by=rob, at=MONDAY + DAY)
    entries = timeline(Lead.objects.get(pk=lead.pk)).entries
    told = [(entry.title, entry.text) for entry in entries if entry.icon in {"trophy", "arrows-exchange", "briefcase"}]
    assert told == [("Won", "Acme, €12,000"), ("Converted", "Acme, €12,000")]


def test_every_entry_once_over_the_pages_even_of_one_moment(mia):
    lead = make_mql(at=MONDAY, source="import")
    for _ in range(2 * PAGE):
        record_touch(lead, at=MONDAY)
    seen, cursor = [], ""
    for _ in range(4):
        page = timeline(lead, before=cursor)
        seen += [(entry.title, entry.edit_url) for entry in page.entries]
        if not (cursor := page.more):
            break
    # Captured, marked as MQL, and the touch that brought it.
    assert len(seen) == len(set(seen)) == 2 * PAGE + 3


def test_an_unreadable_cursor_is_the_first_page():
    lead = make_lead()
    assert timeline(lead, before="what~is~this").entries == timeline(lead).entries


def test_a_move_imported_out_of_order_says_so_and_its_time_is_not_hidden():
    lead = make_mql()
    Lead.objects.filter(pk=lead.pk).update(stage="customer", seq=3, stage_since=MONDAY - DAY)
    Transition.objects.create(
        lead=lead, seq=3, episode=1, kind="import", from_stage="mql", to_stage="customer", at=MONDAY - DAY,
        out_of_order=True,
    )  # fmt: skip

    entry = next(entry for entry in timeline(Lead.objects.get(pk=lead.pk)).entries if "Customer" in entry.title)
    assert entry.text.startswith("Dated before the step it follows")
    moves = list(lead.transitions.order_by("seq"))
    assert clocks(moves, now=MONDAY + DAY)["marketing"] == -DAY


# Every kind of record


def call(subject, by, at, **facts):
    return log_activity(subject, by=by, at=at, **{"kind": "call", "outcome": "no_answer", **facts})


@pytest.fixture
def converted(rob, mia):
    """A lead of Acme that Rob called and converted, and its opportunity."""
    lead = accept_handoff(make_handoff(to=rob, lead=make_mql(company_name="Acme")), by=rob, at=MONDAY + HOUR).lead
    call(Subject(lead=lead), rob, MONDAY + 2 * HOUR, note="Nobody there")
    deal, _ = convert_lead(lead, by=rob, at=MONDAY + 3 * HOUR)
    return Lead.objects.get(pk=lead.pk), deal


def titles(record, **options):
    return [entry.title for entry in timeline(record, **options).entries]


def test_activities_and_done_tasks_are_told(rob, mia, converted):
    lead, _deal = converted
    meeting = log_activity(
        Subject(lead=lead), by=rob, at=MONDAY + DAY, kind="meeting", outcome="held", participants=[mia]
    )
    task = add_task(Subject(lead=lead), by=rob, at=MONDAY + DAY, title="Send the price list", due_at=MONDAY + 2 * DAY)
    complete_task(task, by=rob, at=MONDAY + DAY + HOUR)

    entries = timeline(lead, kind="sales").entries
    assert [(entry.title, entry.text, entry.quote, str(entry.by)) for entry in entries[:3]] == [
        ("Done: Send the price list", "", "", "Rob"),
        ("Meeting, held", "With Mia", "", "Rob"),
        ("Called, no answer", "", "Nobody there", "Rob"),
    ]
    assert entries[1].edit_url == f"/activities/{meeting.pk}/"


def test_an_opportunity_carries_the_whole_time_line_of_its_lead(rob, converted):
    lead, deal = converted
    call(Subject(lead=lead, opportunity=deal), rob, MONDAY + DAY, outcome="reached")
    change_stage(deal, "proof", by=rob, at=MONDAY + DAY)

    of_deal = titles(deal)
    assert of_deal[0] == "Moved to Proof"
    assert {"Called, reached", "Converted", "Called, no answer", "Marked as MQL", "Captured"} <= set(of_deal)
    assert titles(lead) == of_deal
    assert of_deal.count("Called, reached") == 1


def test_company_and_contact_tell_of_all_their_leads_by_name(rob, mia, converted):
    lead, deal = converted
    other = make_lead(first_name="Ben", last_name="Bell", company=lead.company, contact=lead.contact)

    for record in (lead.company, lead.contact):
        entries = timeline(record).entries
        captured = {entry.whose for entry in entries if entry.title == "Captured"}
        assert captured == {str(lead), "Ben Bell"}
    assert other.company == deal.company


def test_what_a_conversion_set_stands_with_it(client_for, rob):
    lead = accept_handoff(make_handoff(to=rob, lead=make_mql(company_name="Acme")), by=rob, at=MONDAY + HOUR).lead
    sent = {"opportunity": "new", "company": "new", "contact": "new", "currency": "EUR"}
    client_for(rob).post(f"/leads/{lead.pk}/conversion/", sent)

    converted = timeline(Lead.objects.get(pk=lead.pk)).entries[0]
    assert converted.title == "Converted"
    assert [label for label, _old, _new in converted.changes] == ["Company", "Contact"]


@pytest.mark.django_db(transaction=True)
def test_of_two_moves_within_seconds_none_takes_the_other_for_an_edit(rob):
    """An edit is stamped when its transaction begins, a move when somebody pressed the button: a moment before."""
    now = timezone.now()
    handoff = make_handoff(to=rob, lead=make_mql(at=now - DAY, company_name="Acme"), at=now - DAY)
    with pghistory.context(user=rob.pk):
        lead = accept_handoff(handoff, by=rob, at=now - HOUR).lead
        opportunity, _ = convert_lead(lead, by=rob, at=now)

    told = {entry.title: entry for entry in timeline(opportunity).entries}
    assert {"Company", "Contact"} <= {label for label, _old, _new in told["Converted"].changes}


def test_changes_of_an_opportunity_are_told_once(rob, converted):
    lead, deal = converted
    close_opportunity(deal, outcome="lost", by=rob, at=MONDAY + DAY, reason=reason("price", "loss"))
    reopen_opportunity(deal, by=rob, at=MONDAY + 2 * DAY)
    changed = titles(lead, kind="changes")
    assert sorted(title for title in changed if "Reopened" in title or "Closed" in title) == [
        "Closed as lost", "Reopened Acme",
    ]  # fmt: skip


@pytest.mark.parametrize("record", ["lead", "contact", "company", "opportunity"])
def test_the_same_queries_however_long_the_history(rob, converted, record):
    lead, deal = converted
    shown = {"lead": lead, "contact": lead.contact, "company": lead.company, "opportunity": deal}[record]

    def happen(times):
        for number in range(times):
            at = MONDAY + DAY + number * HOUR
            call(Subject(lead=lead, opportunity=deal), rob, at)
            record_touch(lead, at=at, kind="visit")
            edit_lead(lead, by=rob, at=at, phone=f"+49 30 {number}{times}")

    happen(1)
    with CaptureQueriesContext(connection) as few:
        timeline(shown)
    happen(170)
    with CaptureQueriesContext(connection) as many:
        assert len(timeline(shown).entries) == PAGE
    assert len(many) <= len(few)
    for source in scope_of(shown).sources("all"):
        assert len(source.keys(None)) <= PAGE + 1


# Odd input


def test_what_people_write_is_shown_as_they_wrote_it(client_for, rob, converted):
    lead, _deal = converted
    for number, note in enumerate(["<script>alert(1)</script>", "שלום 🚲", "long " * 3_000]):
        call(Subject(lead=lead), rob, MONDAY + DAY + number * HOUR, note=note)

    page = client_for(rob).get(f"/leads/{lead.pk}/").content.decode()

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert '<div class="timeline-quote" dir="auto">שלום 🚲</div>' in page
    assert "Show all" in page
