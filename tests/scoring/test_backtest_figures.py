"""scoring/backtest_figures.py: what a back-test says, by hand and for any leads."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm.intervals import Counted, share, wilson
from scoring.backtest_figures import (
    ACCEPTED,
    BANDS,
    FLIPS,
    LEAST,
    MISSED,
    POINTS,
    REACHED,
    WON,
    Capacity,
    Looked,
    Suggestion,
    Tally,
    band_of,
    capacity_of,
    curve,
    from_each,
    in_total,
    mqls_at,
    suggest,
    weeks_between,
)
from scoring.models import Fate

FIRST = date(2026, 3, 2)
SECOND = FIRST + timedelta(days=7)
WEEKS = [FIRST, SECOND]
NORTH, SOUTH = 1, 2


def looked(fate, *, reach=None, score=None, before=0, week=None, week_before=None, team=NORTH):
    shown = score if score is not None else reach or 0
    return Looked(Fate(fate), team, shown, before, reach, week, week_before)


def result_of(*leads, capacities=None, weeks=WEEKS):
    tally = Tally()
    for lead in leads:
        tally.add(lead)
    return tally.result(weeks, capacities or {})


def test_the_result_by_hand():
    result = result_of(
        looked("won", reach=70, before=40, week=FIRST, week_before=SECOND),
        looked("rejected", reach=30, before=55, week_before=FIRST),
        looked("untried", reach=None, team=None),
        looked("accepted", reach=100, score=10, week=SECOND, team=SOUTH),
        capacities={NORTH: Capacity(2.0, "best_weeks")},
    )

    none = dict.fromkeys(FLIPS, 0)
    assert result["leads"] == 4
    assert result["weeks"] == [
        {"on": "2026-03-02", "after": 1, "before": 1},
        {"on": "2026-03-09", "after": 1, "before": 1},
    ]
    assert result["fates"] == {
        **dict.fromkeys(("lost", "waiting"), none),
        "won": {**none, "both": 1},
        "rejected": {**none, "left_out": 1},
        "untried": {**none, "neither": 1},
        "accepted": {**none, "added": 1},
    }
    assert result["reach"]["won"] == [1] * 71 + [0] * 30
    assert result["reach"]["accepted"] == [1] * 101
    assert result["reach"]["untried"] == [0] * 101
    teams = {team.pop("team"): (team.pop("reach")[50], team) for team in result["teams"]}
    assert teams == {
        NORTH: (1, {"after": 1, "before": 2, "capacity": 2.0, "basis": "best_weeks"}),
        SOUTH: (1, {"after": 1, "before": 0, "capacity": None, "basis": ""}),
    }
    assert [mqls_at(result, points) for points in (0, 30, 31, 71, 100)] == [3, 3, 2, 1, 1]


def test_precision_and_recall_at_every_threshold_with_wilson_intervals():
    accepted = [looked("accepted", reach=60)] * 20 + [looked("won", reach=80)] * 10
    rejected = [looked("rejected", reach=40)] * 30
    points = curve(result_of(*accepted, *rejected, looked("untried", reach=90)), ACCEPTED)

    assert points[0].precision == share(30, 60)
    assert points[40].precision == share(30, 60)
    assert points[41].precision == share(30, 30)
    assert points[61].precision is None  # ten leads are too few
    assert (points[61].caught, points[61].of_all) == (Counted(10, 10), Counted(10, 30))
    assert points[61].recall == share(10, 30)
    low, high = wilson(30, 60)
    assert (points[0].precision.low, points[0].precision.high) == (low, high)
    assert (round(low, 4), round(high, 4)) == (0.3774, 0.6226)


def test_below_thirty_nothing_is_claimed():
    points = curve(result_of(*[looked("won", reach=50)] * 9, *[looked("rejected", reach=50)] * 20), WON)
    assert {point.precision for point in points} == {point.recall for point in points} == {None}


def test_expected_wins_by_band_of_the_score():
    """Band 60: 6 of 10 with an end won, 12 handed over; band 20: 2 of 20, 5 handed over: 7.2 + 0.5 wins."""
    leads = [
        *[looked("won", score=70, reach=70, week=FIRST)] * 6, *[looked("lost", score=70, reach=70)] * 4,
        *[looked("untried", score=75, reach=75, week=FIRST)] * 4,
        *[looked("accepted", score=65, reach=65, week=SECOND)] * 2,
        *[looked("won", score=30, reach=30)] * 2, *[looked("rejected", score=25, reach=25, week=FIRST)] * 5,
        *[looked("rejected", score=25, reach=25)] * 13, looked("untried", score=95, reach=95, week=FIRST),
    ]  # fmt: skip
    wins = result_of(*leads)["wins"]["after"]

    (high_low, high_high), (low_low, low_high) = wilson(6, 10), wilson(2, 20)
    assert (wins["known"], wins["leads"], wins["untried"], wins["unsure"]) == (30, 18, 5, 1)
    assert wins["expected"] == pytest.approx(12 * 0.6 + 5 * 0.1)
    assert (wins["low"], wins["high"]) == (
        pytest.approx(12 * high_low + 5 * low_low), pytest.approx(12 * high_high + 5 * low_high),
    )  # fmt: skip


def test_expected_wins_need_thirty_ends():
    wins = result_of(*[looked("won", score=70, reach=70, week=FIRST)] * 29)["wins"]["after"]
    assert (wins["known"], wins["expected"]) == (29, None)


@pytest.mark.parametrize(("score", "band"), [(0, 0), (19, 0), (20, 20), (79, 60), (80, 80), (100, 80)])
def test_bands(score, band):
    assert band_of(score) == band


def test_capacity_is_the_mean_of_the_best_three_weeks_else_the_room():
    assert capacity_of([3, 9, 6, 1, 9], room=5, days_held=1) == Capacity(8.0, "best_weeks")
    # Ten open at a time, each for two days: 35 a week.
    assert capacity_of([3, 9], room=10, days_held=2) == Capacity(35.0, "room")
    assert capacity_of([3], room=0, days_held=2) == Capacity(None, "")
    assert capacity_of([], room=10, days_held=None) == Capacity(None, "")


def test_the_suggested_threshold_fills_the_team_that_is_tightest():
    leads = [looked("untried", reach=points) for points in range(0, 100, 10)]
    leads += [looked("untried", reach=points, team=SOUTH) for points in (40, 50, 60)]
    result = result_of(*leads, capacities={NORTH: Capacity(3, "room"), SOUTH: Capacity(1, "room")})

    # Two weeks: north takes 6 in all (from 31 on: 40, 50 … 90), south 2 (from 41 on: 50 and 60).
    assert suggest(result) == Suggestion(41, SOUTH, load=1.0, capacity=1, lower=1.5)


def test_all_together_count_the_leads_without_a_team():
    leads = [looked("untried", reach=50)] * 2 + [looked("untried", reach=60, team=None)] * 2
    result = result_of(*leads, capacities={NORTH: Capacity(1, "room")})
    assert suggest(result) == Suggestion(51, None, load=1.0, capacity=1, lower=2.0)


def test_no_threshold_is_suggested_without_need_or_without_help():
    raised = [looked("untried", reach=100)] * 20
    assert suggest(result_of(*raised)) is None
    assert suggest(result_of(*raised, capacities={NORTH: Capacity(1, "room")})) is None
    assert suggest(result_of(*raised, capacities={NORTH: Capacity(10, "room")})) is None


def test_weeks_between():
    assert weeks_between(FIRST, FIRST + timedelta(days=14)) == WEEKS


def test_how_many_reach_each_threshold():
    counts = dict.fromkeys(POINTS, 0) | {0: 1, 50: 2, 100: 3}
    assert [from_each(counts)[points] for points in (0, 1, 50, 51, 100)] == [6, 5, 5, 3, 3]


MAYBE_WEEK = st.none() | st.sampled_from(WEEKS)
LEADS = st.lists(
    st.builds(
        Looked, st.sampled_from(Fate), st.none() | st.sampled_from([NORTH, SOUTH]), st.integers(0, 100),
        st.integers(0, 100), st.none() | st.integers(0, 100), MAYBE_WEEK, MAYBE_WEEK,
    ),
    max_size=60,
)  # fmt: skip


# Many small parts: on a busy machine drawing them takes its time.
any_leads = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@any_leads
@given(leads=LEADS)
def test_curves_fall_and_every_total_is_that_of_its_parts(leads):
    result = result_of(*leads)

    assert result["leads"] == len(leads) == in_total(result, list(Fate))
    for side, week in (("after", "week"), ("before", "week_before")):
        handed = sum(getattr(lead, week) is not None for lead in leads)
        assert sum(row[side] for row in result["weeks"]) == handed
        assert sum(team[side] for team in result["teams"]) == handed
        assert result["wins"][side]["leads"] == handed
    for points in POINTS:
        assert mqls_at(result, points) == sum(team["reach"][points] for team in result["teams"])
    for goal in (ACCEPTED, WON):
        points = curve(result, goal)
        caught = [point.caught.part for point in points]
        assert caught == sorted(caught, reverse=True)
        assert all(point.recall is None or point.of_all.whole >= LEAST for point in points)
        tried = [lead for lead in leads if lead.fate in (*REACHED[goal], *MISSED[goal]) and lead.reach is not None]
        assert points[0].caught.whole == len(tried)


@any_leads
@given(leads=LEADS)
def test_turned_round_what_was_added_is_left_out(leads):
    there, back = result_of(*leads)["fates"], result_of(*[lead.turned for lead in leads])["fates"]
    for fate in Fate:
        assert [there[fate][flip] for flip in ("both", "added", "left_out", "neither")] == [
            back[fate][flip] for flip in ("both", "left_out", "added", "neither")
        ]


@any_leads
@given(leads=LEADS, capacity=st.floats(0.5, 20))
def test_at_the_suggested_threshold_every_team_keeps_up(leads, capacity):
    capacities = {NORTH: Capacity(capacity, "room"), SOUTH: Capacity(2 * capacity, "room")}
    result = result_of(*leads, capacities=capacities)
    found = suggest(result)
    if found is None:
        return
    loads = {team["team"]: team["reach"][found.points] / len(WEEKS) for team in result["teams"]}
    assert all(loads[team] <= room.capacity for team, room in capacities.items())
    assert found.lower > found.capacity >= found.load


def test_wins_of_any_leads_lie_in_their_interval():
    leads = [
        looked("won" if number % 3 else "rejected", score=number, reach=number, week=FIRST) for number in range(101)
    ]
    wins = result_of(*leads)["wins"]["after"]
    assert len(BANDS) == 5
    assert wins["low"] < wins["expected"] < wins["high"]
    assert wins["expected"] == pytest.approx(sum(lead.fate == Fate.WON for lead in leads))
