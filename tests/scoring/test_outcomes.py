"""scoring/outcomes.py: what a model may learn from, and as of when."""

from datetime import timedelta

import pytest

from feedback.verdicts import accept_handoff, reject_handoff, undo_verdict, withdraw_handoff
from leads.lifecycle import Stage
from leads.merging import merge_leads
from leads.models import Company, Contact, Transition
from leads.transitions import move_lead
from scoring.models import Target
from scoring.outcomes import DEFAULT_HORIZON, horizon_of_wins, moments_of, outcomes_of
from tests.factories import DAY, HOUR, MONDAY, make_handoff, make_lead, make_mql, reason

pytestmark = pytest.mark.django_db
LATER = MONDAY + 400 * DAY
ACCEPTANCE, WIN = Target.ACCEPTANCE, Target.WIN


def told(target, at=LATER, **asked):
    """(lead, label, moment, when it was known) of every outcome, by lead."""
    found = outcomes_of(target, at=at, **asked)
    rows = zip(found.leads, found.labels.tolist(), found.moments, found.known_at, strict=True)
    return sorted(rows)


def handed(rob, *, at=MONDAY, **lead):
    return make_handoff(to=rob, lead=make_mql(at=at - HOUR, **lead), at=at)


def won(lead, *, by, at):
    """From accepted to customer, at once."""
    move_lead(lead, Stage.OPPORTUNITY, by=by, at=at)
    move_lead(lead, Stage.CUSTOMER, by=by, at=at)


def closed(rob, *, days, stage=Stage.CUSTOMER, handed_at=MONDAY):
    """A lead that was handed over, accepted and closed ``days`` after."""
    handoff = handed(rob, at=handed_at)
    accept_handoff(handoff, by=rob, at=handed_at)
    move_lead(handoff.lead, Stage.OPPORTUNITY, by=rob, at=handed_at)
    move_lead(handoff.lead, stage, by=rob, at=handed_at + days * DAY)
    return handoff.lead


def test_only_verdicts_on_the_lead_itself_are_labels(rob, rosa):
    taken, unfit, unready, broken, not_mine, _open = (handed(rob) for _ in range(6))
    decided = MONDAY + HOUR
    accept_handoff(taken, by=rob, at=decided)
    reject_handoff(unfit, by=rob, at=decided, reason=reason("industry"))
    reject_handoff(unready, by=rob, at=decided, reason=reason("no_project"))
    reject_handoff(broken, by=rob, at=decided, reason=reason("wrong_data"), wrong_fields=["phone"])
    reject_handoff(not_mine, by=rob, at=decided, reason=reason("wrong_territory"))

    assert told(ACCEPTANCE) == [(taken.lead_id, 1, MONDAY, decided), (unfit.lead_id, 0, MONDAY, decided)]
    assert told(ACCEPTANCE, at=decided - timedelta(seconds=1)) == []


def test_a_verdict_that_was_undone_or_never_given_is_no_label(rob, mia):
    undone, withdrawn = handed(rob), make_handoff(to=rob, by=mia, lead=make_mql(at=MONDAY - HOUR, by=mia))
    accept_handoff(undone, by=rob, at=MONDAY + HOUR)
    undo_verdict(undone, by=rob, at=MONDAY + HOUR)
    withdraw_handoff(withdrawn, by=mia, at=MONDAY + HOUR)

    assert told(ACCEPTANCE) == []


def test_each_time_round_counts_once_by_its_last_answer(rob, rosa):
    lead = handed(rob).lead
    first = lead.handoffs.get()
    reject_handoff(first, by=rob, at=MONDAY + HOUR, reason=reason("industry"), route="reroute")
    second = lead.handoffs.latest("pk")
    second.to_user = rosa
    second.save()
    accept_handoff(second, by=rosa, at=MONDAY + 2 * HOUR)

    assert [row[:2] for row in told(ACCEPTANCE)] == [(lead.pk, 1)]

    lead.refresh_from_db()
    move_lead(lead, Stage.NURTURE, by=rosa, at=MONDAY + DAY, reason=reason("not_now", "return"))
    move_lead(lead, Stage.MQL, by=None, at=MONDAY + 30 * DAY)
    again = make_handoff(to=rob, lead=lead, at=MONDAY + 31 * DAY)
    reject_handoff(again, by=rob, at=MONDAY + 31 * DAY, reason=reason("industry"))

    answers = sorted((row[2], row[1]) for row in told(ACCEPTANCE))
    assert answers == [(second.offered_at, 1), (MONDAY + 31 * DAY, 0)]


def test_a_win_counts_within_the_horizon_and_young_leads_do_not(rob):
    quick, slow = closed(rob, days=20), closed(rob, days=100)
    lost = closed(rob, days=10, stage=Stage.LOST)
    open_ = handed(rob)
    accept_handoff(open_, by=rob, at=MONDAY)
    known = MONDAY + DEFAULT_HORIZON * DAY

    assert told(WIN) == [
        (quick.pk, 1, MONDAY, known),
        (slow.pk, 0, MONDAY, known),
        (lost.pk, 0, MONDAY, known),
        (open_.lead_id, 0, MONDAY, known),
    ]
    # A day before, nobody's time is over; not even the lost one is a label, for the won ones are none.
    assert told(WIN, at=known - DAY) == []


def test_leads_that_sales_never_worked_say_nothing_about_winning(rob, mia):
    make_lead()
    make_mql()
    discarded = make_lead()
    move_lead(discarded, Stage.DISQUALIFIED, by=mia, at=MONDAY, reason=reason("spam", "discard"))
    refused = handed(rob)
    reject_handoff(refused, by=rob, at=MONDAY + HOUR, reason=reason("industry"))
    refused.lead.refresh_from_db()
    assert refused.lead.stage == Stage.DISQUALIFIED

    assert [row[:2] for row in told(WIN)] == [(refused.lead_id, 0)]


def test_a_lead_is_asked_about_at_its_hand_over_else_as_mql_else_when_captured(rob):
    offered = handed(rob, at=MONDAY + 2 * DAY)
    accept_handoff(offered, by=rob, at=MONDAY + 3 * DAY)
    claimed, qualified = make_lead(at=MONDAY), make_mql(at=MONDAY + DAY)
    for lead in (claimed, qualified):
        move_lead(lead, Stage.ACCEPTED, by=rob, at=MONDAY + 5 * DAY)

    assert {lead: at for lead, _label, at, _known in told(WIN)} == {
        offered.lead_id: MONDAY + 2 * DAY, claimed.pk: MONDAY, qualified.pk: MONDAY + DAY
    }  # fmt: skip


def test_an_imported_end_is_known_at_once(rob):
    lead = make_lead(at=LATER - DAY)
    for seq, (before, to) in enumerate([("inquiry", "opportunity"), ("opportunity", "lost")], start=2):
        Transition.objects.create(
            lead=lead, seq=seq, episode=1, kind="import", from_stage=before, to_stage=to, at=LATER - HOUR
        )

    assert told(WIN) == [(lead.pk, 0, LATER - DAY, LATER)]


def test_an_undone_win_is_none(rob, max_):
    lead = closed(rob, days=5)
    from leads.transitions import last_effective, undo_move

    undo_move(lead, last_effective(lead), by=max_, at=MONDAY + 6 * DAY)

    assert [row[1] for row in told(WIN)] == [0]


def test_the_horizon_is_where_most_wins_came(rob):
    assert horizon_of_wins(at=LATER) == DEFAULT_HORIZON
    for number in range(30):
        closed(rob, days=10 * number)

    # P80 of 0, 10 … 290 is 232; never more than a year, never less than a month.
    assert horizon_of_wins(at=LATER) == 232


def test_merged_leads_count_once_and_kin_stay_together(rob, mona):
    company = Company.objects.create(name="Acme")
    ann = Contact.objects.create(last_name="Ann", company=company)
    survivor, duplicate = handed(rob, contact=ann, company=company), handed(rob, company=company)
    for handoff in (survivor, duplicate):
        accept_handoff(handoff, by=rob, at=MONDAY + HOUR)
    colleague = handed(rob, company=company)
    accept_handoff(colleague, by=rob, at=MONDAY + HOUR)
    assert len(told(ACCEPTANCE)) == 3

    survivor.lead.refresh_from_db(), duplicate.lead.refresh_from_db()
    merge_leads(survivor.lead, duplicate.lead, by=mona, at=MONDAY + DAY)

    found = outcomes_of(ACCEPTANCE, at=LATER)
    assert len(found) == 2
    assert len(set(found.groups.tolist())) == 2
    assert [row[0] for row in told(WIN)] == [survivor.lead_id, colleague.lead_id]


def test_a_lead_is_predicted_for_now_while_it_is_marketings_and_as_handed_over_after(rob):
    mine, theirs = make_mql(at=MONDAY), handed(rob, at=MONDAY + DAY)
    now = MONDAY + 9 * DAY
    assert dict(moments_of([mine.pk, theirs.lead_id], at=now)) == {mine.pk: now, theirs.lead_id: MONDAY + DAY}

    reject_handoff(theirs, by=rob, at=MONDAY + 2 * DAY, reason=reason("no_project"))
    assert dict(moments_of([theirs.lead_id], at=now)) == {theirs.lead_id: now}
