"""What two people do at one moment with a hand-off that is taken back: neither fails, nothing anybody did is lost."""

from datetime import timedelta

import pytest

from crm.errors import StaleState
from feedback.answering import hold
from feedback.escalating import expire_and_pass_on
from feedback.many_verdicts import accept_handoffs, reject_handoffs, undo_verdicts
from feedback.models import Handoff
from feedback.replies import reply_to
from feedback.rerouting import reroute_waiting, take_back_rerouting
from feedback.snoozing import snooze_handoff
from feedback.verdicts import accept_handoff, reject_handoff, undo_verdict, withdraw_handoff
from leads.errors import CannotUndo
from tests.factories import HOUR, MONDAY, make_handoff, reason
from tests.leads.test_at_once import overlap

pytestmark = pytest.mark.django_db(transaction=True)
LATER = MONDAY + HOUR


@pytest.fixture
def passed_on(rob, rosa, mia):
    """Not Rob's, so Rosa has it now: his hand-off and hers."""
    first = reject_handoff(make_handoff(to=rob, by=mia), by=rob, at=LATER, reason=reason("wrong_rep"))
    return first, first.followed_by


UNDO = {
    "one": lambda handoff, rob: undo_verdict(handoff, by=rob, at=LATER),
    "many": lambda handoff, rob: undo_verdicts([handoff.pk], by=rob, at=LATER),
}
ANSWERS = {
    "accept": lambda handoff, rosa, mia: accept_handoff(handoff, by=rosa, at=LATER),
    "reject": lambda handoff, rosa, mia: reject_handoff(handoff, by=rosa, at=LATER, reason=reason("no_project")),
    "pass on": lambda handoff, rosa, mia: reject_handoff(handoff, by=rosa, at=LATER, reason=reason("wrong_rep")),
    "put off": lambda handoff, rosa, mia: snooze_handoff(handoff, by=rosa, at=LATER, until=LATER + HOUR),
    "withdraw": lambda handoff, rosa, mia: withdraw_handoff(handoff, by=mia, at=LATER),
    "reply": lambda handoff, rosa, mia: reply_to(handoff, by=mia, at=LATER, text="Why?"),
}
MANY = {
    "accept": lambda handoff, rosa: accept_handoffs([handoff.pk], by=rosa, at=LATER),
    "pass on": lambda handoff, rosa: reject_handoffs([handoff.pk], by=rosa, at=LATER, reason=reason("wrong_rep")),
    "escalate": lambda handoff, rosa: expire_and_pass_on([handoff.pk], at=LATER),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_who_answers_what_is_being_taken_back_reads_so(answer, passed_on, rob, rosa, mia):
    first, second = passed_on

    refused = overlap(lambda: UNDO["one"](first, rob), lambda: answer(second, rosa, mia))

    assert isinstance(refused, StaleState)
    assert refused.code == "taken_back"
    assert list(Handoff.objects.open()) == [first]


@pytest.mark.parametrize("undo", UNDO.values(), ids=UNDO)
@pytest.mark.parametrize("answer", MANY.values(), ids=MANY)
def test_what_the_next_is_answering_is_not_taken_back(undo, answer, passed_on, rob, rosa, max_):
    first, second = passed_on

    refused = overlap(lambda: hold([second.pk]), lambda: undo(first, rob), then=lambda: answer(second, rosa))

    assert refused is None or isinstance(refused, CannotUndo)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status == "open") == ("rejected", False)


@pytest.mark.parametrize("undo", UNDO.values(), ids=UNDO)
def test_what_the_next_is_asked_is_not_taken_back(undo, passed_on, rob, mia):
    first, second = passed_on

    refused = overlap(lambda: reply_to(second, by=mia, at=LATER, text="Why?"), lambda: undo(first, rob))

    assert refused is None or isinstance(refused, CannotUndo)
    second.refresh_from_db()
    assert (second.status, second.replies.count()) == ("open", 1)


def test_what_was_passed_on_is_answered_while_it_is_taken_back(rob, rosa, max_, mia):
    first = make_handoff(to=rob, by=mia)
    reroute_waiting(rob, by=max_, at=LATER, to_user=rosa)
    second = Handoff.objects.get(follows=first)

    refused = overlap(
        lambda: hold([second.pk]),
        lambda: take_back_rerouting(rob, by=max_, passed_at=LATER, at=LATER + timedelta(minutes=1)),
        then=lambda: accept_handoffs([second.pk], by=rosa, at=LATER),
    )

    assert isinstance(refused, CannotUndo)
    second.refresh_from_db()
    assert second.status == "accepted"
