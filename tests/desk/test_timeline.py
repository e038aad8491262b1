"""desk/queries/timeline.py: what happened, newest first."""

import pytest

from desk.queries.lead import clocks
from desk.queries.timeline import PAGE, timeline
from feedback.verdicts import accept_handoff, escalate_handoff, reject_handoff, undo_verdict
from leads.converting import convert_lead
from leads.models import Lead, Transition
from leads.opportunities import close_opportunity
from leads.touches import record_touch
from tests.factories import DAY, HOUR, MONDAY, make_campaign, make_handoff, make_lead, make_mql, reason

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
    escalate_handoff(handoff.followed_by, at=MONDAY + DAY)
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
