"""Logging what was done: rights, rules, and the time lines and pulse that follow."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from crm.errors import BusinessError, NotAllowed
from crm.models import Change
from leads.activities import edit_activity, log_activity, remove_activity
from leads.errors import MergedLead
from leads.models import Activity, Contact
from leads.subjects import Subject, subject_of
from tests.factories import DAY, HOUR, MONDAY, make_lead, make_opportunity

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(rob):
    return make_lead(owner=rob, team=rob.team)


def call(lead, by, **facts):
    return log_activity(Subject(lead), by=by, at=MONDAY, **{"kind": "call", "outcome": "reached", **facts})


def refusal(act, *args, **facts):
    with pytest.raises(BusinessError) as error:
        act(*args, **facts)
    assert error.value.status == 422
    return error.value.code


def test_a_call_is_from_us_and_makes_the_lead_active(lead, rob):
    activity = call(lead, rob, note="Wants a demo")

    lead.refresh_from_db()
    assert (activity.direction, activity.by, activity.at, activity.note) == ("outbound", rob, MONDAY, "Wants a demo")
    assert lead.last_activity_at == MONDAY
    assert Change.objects.filter(topic="activity", object_id=activity.pk).exists()


def test_a_note_is_no_activity_of_the_lead(lead, rob):
    log_activity(Subject(lead), by=rob, at=MONDAY, kind="note", note="Met her boss")

    lead.refresh_from_db()
    assert lead.last_activity_at is None


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"outcome": ""}, "outcome_required"),
        ({"outcome": "held"}, "unknown_outcome"),
        ({"kind": "note", "outcome": "", "note": "  "}, "empty_note"),
        ({"note": "x" * 20_001}, "note_too_long"),
        ({"happened_at": MONDAY + HOUR}, "at_in_future"),
        ({"happened_at": MONDAY.replace(year=1)}, "at_too_early"),
    ],
)
def test_what_cannot_have_happened_is_refused_in_words(lead, rob, facts, code):
    assert refusal(call, lead, rob, **facts) == code
    assert not Activity.objects.exists()


def test_an_unknown_kind_is_refused(lead, rob):
    with pytest.raises(ValidationError):
        call(lead, rob, kind="telepathy", outcome="")


def test_whoever_asked_to_be_left_alone_is(lead, rob):
    lead.do_not_call = lead.do_not_mail = True
    lead.save()

    assert refusal(call, lead, rob) == "do_not_call"
    assert refusal(call, lead, rob, kind="email", outcome="") == "do_not_mail"
    call(lead, rob, direction="inbound")
    log_activity(Subject(lead), by=rob, at=MONDAY, kind="meeting", outcome="held")
    assert Activity.objects.count() == 2


def test_the_contacts_wish_counts_for_lead_and_opportunity(lead, rob):
    contact = Contact.objects.create(last_name="Lovelace", do_not_call=True)
    lead.contact = contact
    lead.save()
    deal = make_opportunity(contact=contact, owner=rob, team=rob.team)

    assert refusal(call, lead, rob) == "do_not_call"
    assert refusal(log_activity, Subject(opportunity=deal), by=rob, at=MONDAY, kind="call", outcome="reached") == (
        "do_not_call"
    )


def test_what_is_done_for_an_opportunity_stands_in_the_leads_time_line_too(lead, rob):
    deal = make_opportunity(lead=lead, owner=rob, team=rob.team)

    activity = log_activity(subject_of(opportunity=deal), by=rob, at=MONDAY, kind="call", outcome="reached")

    lead.refresh_from_db()
    deal.refresh_from_db()
    assert activity.lead == lead
    assert (lead.last_activity_at, deal.last_activity_at) == (MONDAY, MONDAY)


def test_what_is_done_for_a_lead_is_done_for_its_opportunity(lead, rob):
    deal = make_opportunity(lead=lead, owner=rob, team=rob.team)

    call(lead, rob)

    deal.refresh_from_db()
    assert deal.last_activity_at == MONDAY


def test_a_subject_hangs_together(lead, rob):
    stranger = make_opportunity()

    assert refusal(subject_of) == "about_nothing"
    assert refusal(subject_of, lead=lead, opportunity=stranger) == "other_lead"


def test_nothing_is_logged_on_a_lead_that_is_another_one_by_now(lead, rob):
    lead.merged_into = make_lead()
    lead.save()

    with pytest.raises(MergedLead):
        call(lead, rob)


def test_who_may_log(lead, rob, rosa, mia, max_, ada):
    for person in (rob, mia, max_, ada):
        call(lead, person)
    with pytest.raises(NotAllowed):
        call(lead, rosa)


def test_marketers_join_a_meeting(lead, rob, mia):
    meeting = log_activity(
        Subject(lead), by=rob, at=MONDAY, kind="meeting", outcome="held", duration=HOUR, participants=[mia, rob]
    )

    assert set(meeting.participants.all()) == {mia, rob}


def test_editing_moves_the_pulse(lead, rob, rosa):
    activity = call(lead, rob)

    with pytest.raises(NotAllowed):
        edit_activity(activity, by=rosa, at=MONDAY + DAY, note="mine")
    edited = edit_activity(activity, by=rob, at=MONDAY + DAY, happened_at=MONDAY - DAY, outcome="voicemail")

    lead.refresh_from_db()
    assert (edited.at, edited.outcome) == (MONDAY - DAY, "voicemail")
    assert lead.last_activity_at == MONDAY - DAY


def test_editing_keeps_the_rules(lead, rob):
    activity = call(lead, rob)

    assert refusal(edit_activity, activity, by=rob, at=MONDAY, outcome="") == "outcome_required"
    assert refusal(edit_activity, activity, by=rob, at=MONDAY, note="x" * 20_001) == "note_too_long"
    activity.refresh_from_db()
    assert (activity.outcome, activity.note) == ("reached", "")


def test_removing_falls_back_to_the_one_before(lead, rob, rosa):
    call(lead, rob, happened_at=MONDAY - DAY)
    mistake = call(lead, rob)

    with pytest.raises(NotAllowed):
        remove_activity(mistake, by=rosa)
    remove_activity(mistake, by=rob)
    remove_activity(mistake, by=rob)

    lead.refresh_from_db()
    assert lead.last_activity_at == MONDAY - DAY


def test_an_activity_of_sample_data_is_sample_data(rob):
    assert call(make_lead(is_sample=True, owner=rob), rob).is_sample


def test_the_same_identity_twice_is_refused(lead, rob):
    call(lead, rob, source_system="phone", external_id="7")
    with pytest.raises(ValidationError):
        call(lead, rob, source_system="phone", external_id="7", happened_at=MONDAY - timedelta(minutes=1))
