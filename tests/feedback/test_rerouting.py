from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from crm.errors import NotAllowed
from feedback.errors import AlreadyDecided, NoSuchRecipient
from feedback.models import Handoff, HandoffStatus
from feedback.rerouting import reroute_waiting, take_back_rerouting
from feedback.routing import explanation
from feedback.verdicts import accept_handoff
from leads.errors import CannotUndo
from tests.factories import DAY, HOUR, MONDAY, make_handoff

pytestmark = pytest.mark.django_db
LATER = MONDAY + HOUR


def test_by_the_rules_all_that_waits_goes_to_others_and_the_leads_clock_runs_on(max_, rob, rosa):
    first, second = make_handoff(to=rob), make_handoff(to=rob)
    untouched = make_handoff(to=rosa)

    done = reroute_waiting(rob, by=max_, at=LATER)

    assert [handoff.to_user for handoff in done.handoffs] == [rosa, rosa]
    assert [handoff.follows for handoff in done.handoffs] == [first, second]
    assert {(handoff.waiting_since, handoff.offered_at) for handoff in done.handoffs} == {(MONDAY, LATER)}
    first.refresh_from_db()
    assert (first.status, first.decided_by, first.decided_at) == (HandoffStatus.WITHDRAWN, max_, LATER)
    assert explanation(done.handoffs[0].routing)[0] == "It waited for Rob before."
    assert Handoff.objects.open().filter(to_user=rosa).count() == 3
    assert Handoff.objects.get(pk=untouched.pk).status == HandoffStatus.OPEN


def test_to_a_person_or_a_team_as_chosen(max_, rob, rosa, north):
    make_handoff(to=rob)

    assert reroute_waiting(rob, by=max_, at=LATER, to_team=north).handoffs[0].to_team == north
    assert reroute_waiting(rob, by=max_, at=LATER).handoffs == []
    with pytest.raises(NoSuchRecipient):
        reroute_waiting(rob, by=max_, at=LATER, to_user=rob)


def test_what_was_answered_meanwhile_is_named(max_, rob, rosa):
    stays, gone = make_handoff(to=rob), make_handoff(to=rob)
    accept_handoff(gone, by=rob, at=MONDAY)

    done = reroute_waiting(rob, by=max_, at=LATER, seen=[stays.pk, gone.pk])

    assert len(done.handoffs) == 1
    assert done.moved == [(gone.lead, "Rob accepted this at 09:00 on 02 Mar.")]


def test_only_the_manager_of_the_team_and_admins_may(max_, mona, mia, ada, rob, rosa, sam):
    for stranger in (rob, rosa, mia, mona):
        with pytest.raises(NotAllowed):
            reroute_waiting(rob, by=stranger, at=LATER)
    with pytest.raises(NotAllowed):
        reroute_waiting(sam, by=max_, at=LATER)
    assert reroute_waiting(rob, by=ada, at=LATER).handoffs == []


def test_undo_gives_back_what_nobody_acted_on(max_, rob, rosa):
    first, second = make_handoff(to=rob), make_handoff(to=rob)
    due_at = first.due_at
    done = reroute_waiting(rob, by=max_, at=LATER)
    accept_handoff(done.handoffs[1], by=rosa, at=LATER)

    assert take_back_rerouting(rob, by=max_, passed_at=LATER, at=LATER + timedelta(minutes=9)) == 1

    first.refresh_from_db()
    assert (first.status, first.decided_at, first.due_at, first.to_user) == (HandoffStatus.OPEN, None, due_at, rob)
    assert list(Handoff.objects.filter(follows=first)) == []
    assert Handoff.objects.get(follows=second).status == HandoffStatus.ACCEPTED
    with pytest.raises(CannotUndo):
        take_back_rerouting(rob, by=max_, passed_at=LATER, at=LATER)


def test_undo_is_refused_late(max_, rob, rosa):
    make_handoff(to=rob)
    reroute_waiting(rob, by=max_, at=LATER)

    with pytest.raises(CannotUndo):
        take_back_rerouting(rob, by=max_, passed_at=LATER, at=LATER + DAY)


def test_costs_the_same_for_one_and_for_many(max_, rob, rosa):
    def queries(count):
        for _ in range(count):
            make_handoff(to=rob)
        with CaptureQueriesContext(connection) as captured:
            reroute_waiting(rob, by=max_, at=LATER)
        return len(captured)

    queries(1)
    assert queries(1) == queries(30)


def test_who_passed_it_on_to_whom_is_said_wherever_its_answer_is_told(max_, rob, rosa, client_for):
    handoff = make_handoff(to=rob)
    [fresh] = reroute_waiting(rob, by=max_, at=LATER).handoffs

    card = client_for(rosa).get(f"/inbox/?open={fresh.pk}").content.decode()
    assert "Max passed this on from Rob to Rosa" in card
    assert "withdrew" not in card
    with pytest.raises(AlreadyDecided, match="Max passed this on to Rosa at"):
        accept_handoff(handoff, by=rob, at=LATER + DAY)


def test_the_time_line_says_who_passed_it_on(max_, rob, rosa, client_for):
    handoff = make_handoff(to=rob)
    reroute_waiting(rob, by=max_, at=LATER)

    text = client_for(max_).get(f"/leads/{handoff.lead_id}/").content.decode()

    assert "Passed on from Rob to Rosa" in text
    assert "Team North, which had it before: Rosa, the only one who can take it." in text
