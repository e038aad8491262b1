from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from crm.errors import BusinessError, NotAllowed
from feedback.errors import AlreadyDecided, AlreadyWaiting, NoSuchRecipient
from feedback.escalating import escalate_overdue
from feedback.models import Agreement, Handoff
from feedback.queries import inbox_of
from feedback.verdicts import (
    accept_handoff,
    offer_lead,
    reject_handoff,
    undo_verdict,
    withdraw_handoff,
)
from leads.errors import CannotUndo, IllegalMove
from leads.models import Transition
from leads.transitions import transition_lead
from tests.factories import DAY, HOUR, MONDAY, make_handoff, make_lead, make_mql, reason

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def stages_of(lead):
    return [row.to_stage for row in Transition.objects.effective().filter(lead=lead).order_by("seq")]


def fresh(lead):
    lead.refresh_from_db()
    return lead


def test_offer_opens_a_handoff_due_by_the_agreement_and_keeps_the_owner(mia, rob, marketing):
    Agreement.objects.create(version=1, status="active", hours_to_verdict=4)
    lead = make_mql(owner=mia, team=marketing)

    handoff = offer_lead(lead, by=mia, at=MONDAY, to_user=rob, promised="A call today")

    assert (handoff.status, handoff.due_at, handoff.to_user, handoff.promised) == (
        "open", MONDAY + 4 * HOUR, rob, "A call today",
    )  # fmt: skip
    assert (fresh(lead).stage, lead.owner, lead.side) == ("offered", mia, "waiting")


def test_a_lead_waits_once(mia, rob, rosa):
    lead = make_handoff(to=rob, by=mia).lead
    with pytest.raises(AlreadyWaiting, match="waits for Rob"):
        offer_lead(lead, by=mia, at=MONDAY, to_user=rosa)
    with pytest.raises(IntegrityError), transaction.atomic():
        Handoff.objects.create(
            lead=lead, episode=1, to_user=rosa, offered_at=MONDAY, waiting_since=MONDAY, due_at=MONDAY
        )


def test_only_mqls_are_handed_over_and_not_by_reps(mia, rob):
    with pytest.raises(IllegalMove):
        offer_lead(make_lead(), by=mia, at=MONDAY, to_user=rob)
    with pytest.raises(NotAllowed):
        offer_lead(make_mql(), by=rob, at=MONDAY, to_user=rob)


def test_recipients_are_one_rep_or_one_sales_team(mia, rob, north, marketing):
    for to in ({"to_user": rob, "to_team": north}, {"to_user": mia}, {"to_team": marketing}):
        with pytest.raises(NoSuchRecipient):
            offer_lead(make_mql(), by=mia, at=MONDAY, **to)


def test_accepting_makes_the_lead_the_reps(mia, rob, north):
    handoff = make_handoff(to=north, by=mia)

    accept_handoff(handoff, by=rob, at=MONDAY + HOUR, rating=5)

    assert (handoff.status, handoff.decided_by, handoff.decided_at, handoff.rating) == (
        "accepted", rob, MONDAY + HOUR, 5,
    )  # fmt: skip
    lead = fresh(handoff.lead)
    assert (lead.stage, lead.owner, lead.team) == ("accepted", rob, north)
    assert lead.transitions.latest("seq").handoff == handoff.pk


def test_the_second_answer_is_told_who_was_faster(mia, rob, rosa, north):
    handoff = make_handoff(to=north, by=mia)
    as_rosa_sees_it = Handoff.objects.get(pk=handoff.pk)
    accept_handoff(handoff, by=rob, at=MONDAY + HOUR)

    with pytest.raises(AlreadyDecided, match="Rob accepted this at 10:00 on 02 Mar"):
        reject_handoff(as_rosa_sees_it, by=rosa, at=MONDAY + 2 * HOUR, reason=reason("company_size"))
    with pytest.raises(AlreadyDecided):
        accept_handoff(handoff, by=rob, at=MONDAY + 2 * HOUR)

    assert stages_of(handoff.lead) == ["inquiry", "mql", "offered", "accepted"]


@pytest.mark.django_db(transaction=True)
def test_accept_and_reject_at_the_same_moment(mia, rob, rosa, north):
    handoff = make_handoff(to=north, by=mia)
    too_small = reason("company_size")

    def answer(person):
        mine = Handoff.objects.get(pk=handoff.pk)
        try:
            if person == rob:
                accept_handoff(mine, by=rob, at=MONDAY + HOUR)
            else:
                reject_handoff(mine, by=rosa, at=MONDAY + HOUR, reason=too_small)
        except AlreadyDecided:
            return "told"
        finally:
            connection.close()
        return "won"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(answer, [rob, rosa])) == ["told", "won"]
    handoff.refresh_from_db()
    assert stages_of(handoff.lead)[-1] == {"accepted": "accepted", "rejected": "disqualified"}[handoff.status]


@pytest.mark.parametrize(
    ("code", "status", "stage"),
    [
        ("missing_data", "rejected", "mql"),
        ("company_size", "rejected", "disqualified"),
        ("no_project", "rejected", "nurture"),
    ],
)
def test_the_reason_says_what_becomes_of_a_rejected_lead(mia, rob, code, status, stage):
    handoff = make_handoff(to=rob, by=mia)
    reject_handoff(handoff, by=rob, at=MONDAY + HOUR, reason=reason(code), comment="because")
    assert (handoff.status, handoff.comment, fresh(handoff.lead).stage) == (status, "because", stage)
    assert handoff.lead.transitions.latest("seq").reason.code == code


def test_not_mine_goes_to_the_next_rep_and_the_leads_clock_runs_on(mia, rob, rosa):
    handoff = make_handoff(to=rob, by=mia)

    reject_handoff(handoff, by=rob, at=MONDAY + HOUR, reason=reason("wrong_rep"))

    following = handoff.followed_by
    assert (following.to_user, following.status, following.waiting_since, following.offered_at) == (
        rosa, "open", MONDAY, MONDAY + HOUR,
    )  # fmt: skip
    assert stages_of(handoff.lead) == ["inquiry", "mql", "offered"]


def test_with_nobody_left_it_goes_to_the_sales_manager(mia, rob, max_):
    handoff = make_handoff(to=rob, by=mia)
    reject_handoff(handoff, by=rob, at=MONDAY + HOUR, reason=reason("wrong_territory"))
    assert (handoff.followed_by.to_user, handoff.followed_by.routing["rule"]) == (max_, "queue")


def test_people_who_are_away_or_full_get_nothing(mia, rob, rosa, max_):
    rosa.away_until = MONDAY.date()
    rosa.save()
    handoff = make_handoff(to=rob, by=mia)
    reject_handoff(handoff, by=rob, at=MONDAY + HOUR, reason=reason("wrong_rep"))
    assert handoff.followed_by.to_user == max_


def test_other_demands_a_comment_and_a_retired_reason_is_refused(mia, rob):
    handoff = make_handoff(to=rob, by=mia)
    with pytest.raises(BusinessError, match="few words"):
        reject_handoff(handoff, by=rob, at=MONDAY, reason=reason("other"))
    retired = reason("industry")
    retired.retired = True
    retired.save()
    with pytest.raises(BusinessError, match="present reasons"):
        reject_handoff(handoff, by=rob, at=MONDAY, reason=retired)
    assert Handoff.objects.get(pk=handoff.pk).status == "open"


def test_who_may_answer(mia, rob, rosa, sam, max_, ada):
    handoff = make_handoff(to=rob, by=mia)
    for stranger in (mia, ada, rosa, sam):
        with pytest.raises(NotAllowed):
            accept_handoff(handoff, by=stranger, at=MONDAY)
    assert accept_handoff(handoff, by=max_, at=MONDAY).decided_by == max_


def test_undo_reopens_the_same_handoff_with_its_old_due_time(mia, rob, marketing):
    handoff = make_handoff(to=rob, by=mia, lead=make_mql(owner=mia, team=marketing))
    due = handoff.due_at
    accept_handoff(handoff, by=rob, at=MONDAY + HOUR)

    again = undo_verdict(handoff, by=rob, at=MONDAY + HOUR + 10 * MINUTE)

    assert (again.status, again.due_at, again.decided_at) == ("open", due, None)
    lead = fresh(handoff.lead)
    assert (lead.stage, lead.owner, lead.team) == ("offered", mia, marketing)
    assert stages_of(lead) == ["inquiry", "mql", "offered"]


def test_undo_of_not_now_clears_the_date(mia, rob):
    handoff = make_handoff(to=rob, by=mia)
    reject_handoff(handoff, by=rob, at=MONDAY, reason=reason("no_project"))
    undo_verdict(handoff, by=rob, at=MONDAY)
    assert (fresh(handoff.lead).revisit_on, handoff.lead.stage) == (None, "offered")


def test_undo_of_not_mine_takes_it_back_from_the_next_rep(mia, rob, rosa):
    handoff = make_handoff(to=rob, by=mia)
    reject_handoff(handoff, by=rob, at=MONDAY, reason=reason("wrong_rep"))
    undo_verdict(handoff, by=rob, at=MONDAY)
    assert list(Handoff.objects.values_list("to_user", "status")) == [(rob.pk, "open")]


def test_undo_is_refused_late_or_by_strangers_or_once_somebody_acted(mia, rob, rosa):
    handoff = make_handoff(to=rob, by=mia)
    accept_handoff(handoff, by=rob, at=MONDAY)
    with pytest.raises(NotAllowed):
        undo_verdict(handoff, by=rosa, at=MONDAY)
    with pytest.raises(CannotUndo, match="ten minutes"):
        undo_verdict(handoff, by=rob, at=MONDAY + 11 * MINUTE)
    transition_lead(fresh(handoff.lead), "qualified", by=rob, at=MONDAY)
    with pytest.raises(CannotUndo, match="acted"):
        undo_verdict(handoff, by=rob, at=MONDAY + MINUTE)
    assert fresh(handoff.lead).stage == "qualified"


def test_withdraw_gives_the_lead_back_to_marketing(mia, mona, rob):
    handoff = make_handoff(to=rob, by=mia)
    with pytest.raises(NotAllowed):
        withdraw_handoff(handoff, by=rob, at=MONDAY)
    withdraw_handoff(handoff, by=mia, at=MONDAY + HOUR)
    assert (handoff.status, fresh(handoff.lead).stage) == ("withdrawn", "mql")
    with pytest.raises(AlreadyDecided, match="Mia withdrew this"):
        accept_handoff(handoff, by=rob, at=MONDAY + HOUR)


def test_breach_is_not_expiry(mia, rob):
    handoff = make_handoff(to=rob, by=mia)
    assert accept_handoff(handoff, by=rob, at=MONDAY + 30 * DAY).status == "accepted"


def test_escalation_gives_an_unanswered_lead_to_the_next_and_names_them(mia, rob, rosa):
    handoff = make_handoff(to=rob, by=mia)
    late = MONDAY + 2 * DAY
    assert escalate_overdue(at=late) == 0, "before anybody signed, clocks only advise"
    Agreement.objects.create(version=1, status="active")

    assert (escalate_overdue(at=late), escalate_overdue(at=late)) == (1, 0)

    handoff.refresh_from_db()
    assert (handoff.status, handoff.followed_by.to_user, handoff.followed_by.waiting_since) == ("expired", rosa, MONDAY)
    with pytest.raises(AlreadyDecided, match="went to Rosa"):
        accept_handoff(handoff, by=rob, at=late)


def test_inboxes_show_what_each_may_answer(mia, rob, rosa, sam, max_, north, south):
    for_rob, for_north, for_south = (make_handoff(to=to, by=mia).pk for to in (rob, north, south))
    assert {person.first_name: {row.pk for row in inbox_of(person)} for person in (rob, rosa, sam, max_, mia)} == {
        "Rob": {for_rob, for_north},
        "Rosa": {for_north},
        "Sam": {for_south},
        "Max": {for_rob, for_north},
        "Mia": {for_rob, for_north, for_south},
    }


def test_who_handed_a_lead_over_may_withdraw_it_wherever_it_was_passed_on_and_a_rep_may_not(mia, rob, rosa):
    handoff = make_handoff(to=rob, by=mia)
    reject_handoff(handoff, by=rob, at=MONDAY, reason=reason("wrong_rep"))
    follower = Handoff.objects.open().get(lead=handoff.lead)
    assert (follower.offered_by, follower.to_user) == (mia, rosa)

    with pytest.raises(NotAllowed):
        withdraw_handoff(follower, by=rob, at=MONDAY)
    assert withdraw_handoff(follower, by=mia, at=MONDAY).status == "withdrawn"
