from datetime import UTC, date, datetime, timedelta

import pytest

from crm.errors import BusinessError
from crm.models import HolidayCalendar, Organisation
from feedback.clocks import ServiceLevel, due_for, dues_for, level_in_work, service_level
from feedback.giving_up import transition_as_agreed
from feedback.handing_over import hand_over_leads
from feedback.many_verdicts import accept_handoffs, undo_verdicts
from feedback.models import Agreement, Handoff
from feedback.verdicts import accept_handoff, offer_lead, reject_handoff, undo_verdict
from leads.models import LeadScore
from tests.factories import DAY, HOUR, MONDAY, make_handoff, make_mql, pass_on, reason

pytestmark = pytest.mark.django_db
FRIDAY = datetime(2026, 3, 6, 16, 30, tzinfo=UTC)
OFFICE = {day: ["09:00", "17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
ENTERPRISE = {"name": "Enterprise", "segments": ["Enterprise"], "hours_to_verdict": 2, "min_attempts": 7}
HOT = {"name": "Hot", "score_from": 70, "score_to": 100, "hours_to_verdict": 1, "hours_to_first_attempt": 1}


def sign(**fields):
    return Agreement.objects.create(version=1, status="active", **{"hours_to_verdict": 4, **fields})


def works_in_office(team, **fields):
    team.working_hours = OFFICE
    for name, value in fields.items():
        setattr(team, name, value)
    team.save()


def score(lead, shown):
    LeadScore.objects.update_or_create(lead=lead, defaults={"shown": shown, "scored_at": MONDAY})


# Levels


def test_the_first_exception_that_fits_counts_and_leaves_the_rest_as_for_all():
    agreement = sign(exceptions=[ENTERPRISE, HOT], hours_to_first_attempt=8, min_attempts=5)
    both, hot, cold = make_mql(segment="Enterprise"), make_mql(), make_mql()
    score(both, 90)
    score(hot, 70)
    score(cold, 69)

    assert [service_level(lead, agreement) for lead in (both, hot, cold)] == [
        ServiceLevel("Enterprise", hours_to_verdict=2, hours_to_first_attempt=8, min_attempts=7),
        ServiceLevel("Hot", hours_to_verdict=1, hours_to_first_attempt=1, min_attempts=5),
        ServiceLevel("", hours_to_verdict=4, hours_to_first_attempt=8, min_attempts=5),
    ]


def test_a_lead_that_is_not_scored_scores_nothing():
    agreement = sign(exceptions=[{"name": "Cold", "score_to": 10, "hours_to_verdict": 100}])
    assert service_level(make_mql(), agreement).name == "Cold"


def test_a_handoff_keeps_the_level_it_was_given(mia, rob):
    agreement = sign(exceptions=[HOT])
    lead = make_mql()
    accept_handoff(make_handoff(to=rob, by=mia, lead=lead), by=rob, at=MONDAY)
    score(lead, 95)

    assert service_level(lead, agreement).name == "Hot"
    assert level_in_work(lead, agreement).name == "", "a score that rises in work asks for nothing new"


def test_giving_up_asks_for_the_attempts_of_the_leads_own_level(mia, rob):
    sign(exceptions=[ENTERPRISE], min_attempts=0)
    strict, easy = (make_handoff(to=rob, by=mia, lead=make_mql(segment=name)) for name in ("Enterprise", "Small"))
    for handoff in (strict, easy):
        accept_handoff(handoff, by=rob, at=MONDAY)

    with pytest.raises(BusinessError, match="7 are agreed"):
        transition_as_agreed(strict.lead, "nurture", by=rob, at=MONDAY + HOUR, reason=reason("no_answer", "return"))
    transition_as_agreed(easy.lead, "nurture", by=rob, at=MONDAY + HOUR, reason=reason("no_answer", "return"))


# When an answer is due


def test_an_answer_is_due_in_working_hours_of_who_is_asked(mia, rob, sam, north):
    sign()
    works_in_office(north)

    to_rob = offer_lead(make_mql(at=FRIDAY), by=mia, at=FRIDAY, to_user=rob)
    to_team = offer_lead(make_mql(at=FRIDAY), by=mia, at=FRIDAY, to_team=north)
    to_sam = offer_lead(make_mql(at=FRIDAY), by=mia, at=FRIDAY, to_user=sam)

    assert {to_rob.due_at, to_team.due_at} == {datetime(2026, 3, 9, 12, 30, tzinfo=UTC)}
    assert to_sam.due_at == FRIDAY + 4 * HOUR, "whose team has no hours works round the clock"
    assert (to_rob.service_level, to_rob.waiting_since) == ("", FRIDAY)


def test_zones_changing_clocks_and_holidays_count(mia, rob, north):
    sign()
    calendar = HolidayCalendar.objects.create(name="Germany")
    calendar.holidays.create(day=date(2026, 3, 30))
    works_in_office(north, time_zone="Europe/Berlin", holidays=calendar)
    # Friday 15:00 in Berlin is 14:00 UTC; on Sunday the clocks go forward, Monday is free.
    at = datetime(2026, 3, 27, 14, tzinfo=UTC)

    assert due_for(make_mql(), to_user=rob, to_team=None, at=at).at == datetime(2026, 3, 31, 9, tzinfo=UTC)


def test_many_are_due_as_one_is_in_the_same_queries(mia, rob, rosa, north, django_assert_max_num_queries):
    sign(exceptions=[ENTERPRISE])
    works_in_office(north)
    leads = [make_mql(at=FRIDAY, segment="Enterprise" if n % 2 else "") for n in range(6)]
    asked = {lead.pk: ((rob.pk, None), (None, north.pk))[n % 2] for n, lead in enumerate(leads)}

    with django_assert_max_num_queries(6):
        dues = dues_for(asked, at=FRIDAY)

    assert [(dues[lead.pk].at, dues[lead.pk].level.name) for lead in leads[:2]] == [
        (datetime(2026, 3, 9, 12, 30, tzinfo=UTC), ""), (datetime(2026, 3, 9, 10, 30, tzinfo=UTC), "Enterprise"),
    ]  # fmt: skip
    handed = hand_over_leads([lead.pk for lead in leads[:2]], by=mia, at=FRIDAY, to_user=rob).handoffs
    assert [(handoff.due_at, handoff.service_level) for handoff in handed] == [
        (dues[lead.pk].at, dues[lead.pk].level.name) for lead in leads[:2]
    ]


# What an answer sets, and what taking it back brings back


def test_the_answer_took_working_time_of_who_was_asked_and_the_first_call_is_due(mia, rob, north):
    sign(hours_to_first_attempt=2)
    works_in_office(north)
    handoff = offer_lead(make_mql(at=FRIDAY), by=mia, at=FRIDAY, to_user=rob)

    accept_handoff(handoff, by=rob, at=datetime(2026, 3, 9, 9, 45, tzinfo=UTC))

    assert handoff.answered_in == timedelta(minutes=75)
    assert handoff.attempt_due_at == datetime(2026, 3, 9, 11, 45, tzinfo=UTC)


def test_after_a_breach_the_true_time_is_measured(mia, rob):
    sign()
    handoff = make_handoff(to=rob, by=mia)
    accept_handoff(handoff, by=rob, at=MONDAY + 3 * DAY)
    assert handoff.answered_in == 3 * DAY > handoff.due_at - handoff.offered_at


def test_a_no_has_an_answering_time_and_no_first_call(mia, rob):
    handoff = make_handoff(to=rob, by=mia)
    reject_handoff(handoff, by=rob, at=MONDAY + HOUR, reason=reason("company_size"))
    assert (handoff.answered_in, handoff.attempt_due_at) == (HOUR, None)


def test_undo_brings_the_old_clock_back(mia, rob):
    sign()
    one, other = make_handoff(to=rob, by=mia), make_handoff(to=rob, by=mia)
    due = one.due_at
    accept_handoff(one, by=rob, at=MONDAY + HOUR)
    accept_handoffs([other.pk], by=rob, at=MONDAY + HOUR)
    other.refresh_from_db()
    assert (other.answered_in, other.attempt_due_at) == (HOUR, one.attempt_due_at)

    undo_verdict(one, by=rob, at=MONDAY + HOUR)
    undo_verdicts([other.pk], by=rob, at=MONDAY + HOUR)

    again = Handoff.objects.values_list("status", "due_at", "answered_in", "attempt_due_at", "attempt_told_at")
    assert set(again) == {("open", due, None, None, None)}


def test_another_recipient_has_a_clock_of_their_own_and_the_lead_keeps_its_own(mia, rob, rosa):
    sign()
    handoff = make_handoff(to=rob, by=mia)

    reject_handoff(handoff, by=rob, at=MONDAY + 3 * HOUR, reason=reason("wrong_rep"))
    second = Handoff.objects.open().get(lead=handoff.lead)
    third = pass_on(second, at=MONDAY + DAY)

    assert (second.due_at, second.waiting_since) == (MONDAY + 7 * HOUR, MONDAY)
    assert (third.due_at, third.waiting_since) == (MONDAY + DAY + 4 * HOUR, MONDAY)


def test_nobodys_hours_and_the_organisations_zone(mia, rob):
    Organisation.objects.update_or_create(pk=1, defaults={"time_zone": "Europe/Berlin"})
    sign(hours_to_verdict=24)
    saturday = datetime(2026, 3, 28, 12, tzinfo=UTC)
    assert due_for(make_mql(), to_user=rob, to_team=None, at=saturday).at == saturday + DAY, "24 hours, not a day"
