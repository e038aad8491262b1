"""Attempts and answers (METRICS A4), counted by hand and from the database."""

from datetime import timedelta

import pytest

from leads.activities import log_activity
from leads.attempts import NONE, Attempts, Try, attempts_of, count_attempts, micro_state
from leads.lifecycle import Stage
from leads.subjects import Subject
from leads.transitions import last_effective, move_lead, undo_move
from tests.factories import DAY, HOUR, MONDAY, make_lead

MINUTE = timedelta(minutes=1)


def attempt(at):
    return Try(at, is_attempt=True, is_answer=False)


def test_nothing_tried():
    assert count_attempts([]) == NONE


def test_gaps_are_the_median_between_beginnings():
    tries = [attempt(MONDAY + hours * HOUR) for hours in (30, 0, 4, 10)]

    assert count_attempts(tries) == Attempts(4, 6.0, MONDAY, MONDAY + 30 * HOUR)


def test_several_channels_within_half_an_hour_are_one_attempt():
    tries = [attempt(MONDAY + minutes * MINUTE) for minutes in (0, 12, 29, 30, 59)]

    assert count_attempts(tries).count == 2


def test_an_answer_is_no_attempt():
    answer = Try(MONDAY + HOUR, is_attempt=False, is_answer=True)

    counted = count_attempts([attempt(MONDAY), answer])

    assert (counted.count, counted.first_answer_at, counted.is_connected) == (1, MONDAY + HOUR, True)


@pytest.mark.parametrize(
    ("stage", "attempts", "state"),
    [
        ("accepted", NONE, ""),
        ("accepted", Attempts(2), "attempting"),
        ("accepted", Attempts(2, first_answer_at=MONDAY), "connected"),
        ("qualified", Attempts(2), ""),
    ],
)
def test_micro_state(stage, attempts, state):
    assert micro_state(stage, attempts) == state


@pytest.fixture
def accepted(rob):
    lead = make_lead(owner=rob, team=rob.team, sourced_by="sales")
    move_lead(lead, Stage.ACCEPTED, by=rob, at=MONDAY)
    return lead


def log(lead, by, after, kind="call", outcome="no_answer", **facts):
    at = MONDAY + after
    return log_activity(Subject(lead), by=by, at=at, kind=kind, outcome=outcome, **facts)


@pytest.mark.django_db
def test_counted_from_acceptance_by_the_same_queries(accepted, rob, django_assert_num_queries):
    log(accepted, rob, -HOUR)
    log(accepted, rob, HOUR)
    log(accepted, rob, 3 * HOUR, kind="email", outcome="")
    log(accepted, rob, 4 * HOUR, kind="note", outcome="", note="No luck")
    untouched = make_lead(owner=rob)
    log(untouched, rob, HOUR)

    with django_assert_num_queries(2):
        found = attempts_of([accepted.pk, untouched.pk])

    assert found == {accepted.pk: Attempts(2, 2.0, MONDAY + HOUR, MONDAY + 3 * HOUR)}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "facts",
    [
        {"outcome": "reached"},
        {"kind": "email", "outcome": "replied"},
        {"kind": "meeting", "outcome": "held"},
        {"kind": "email", "outcome": "", "direction": "inbound"},
    ],
)
def test_the_first_word_from_the_buyer_connects(accepted, rob, facts):
    log(accepted, rob, HOUR, **facts)

    assert micro_state(accepted.stage, attempts_of([accepted.pk])[accepted.pk]) == "connected"


@pytest.mark.django_db
def test_an_acceptance_that_was_undone_counts_nothing(accepted, rob):
    log(accepted, rob, HOUR)
    undo_move(accepted, last_effective(accepted), by=rob, at=MONDAY + 2 * HOUR)

    assert attempts_of([accepted.pk]) == {}


@pytest.mark.django_db
def test_a_new_time_round_counts_anew(accepted, rob, mia):
    log(accepted, rob, HOUR)
    move_lead(accepted, Stage.NURTURE, by=rob, at=MONDAY + DAY)
    move_lead(accepted, Stage.MQL, by=mia, at=MONDAY + 2 * DAY)
    move_lead(accepted, Stage.ACCEPTED, by=rob, at=MONDAY + 3 * DAY)

    assert attempts_of([accepted.pk]) == {}
    log(accepted, rob, 3 * DAY + HOUR)
    assert attempts_of([accepted.pk])[accepted.pk].count == 1
