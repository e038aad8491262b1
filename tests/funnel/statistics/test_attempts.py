"""funnel/statistics/attempts.py: known answers of METRICS A1 to A3."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.isotonic import IsotonicRegression

from funnel.statistics.attempts import ELSEWHERE, GIVEN_UP, REACHED, falling, life_table, pays_until, plateau_at

REACHED_AT, GIVEN_UP_AFTER = (20, 12, 6, 2), (10, 20, 15, 15)
ENDED = {(k, REACHED): n for k, n in enumerate(REACHED_AT, 1)} | {
    (k, GIVEN_UP): n for k, n in enumerate(GIVEN_UP_AFTER, 1)
}


def test_a1_hazard_of_each_attempt():
    table = life_table(ENDED)
    assert [(one.at_risk, one.contacts) for one in table] == [(100, 20), (70, 12), (38, 6), (17, 2)]
    assert [one.hazard.rate for one in table] == pytest.approx([0.2, 0.1714, 0.1579, 0.1176], abs=5e-5)


def test_a2_cumulative_with_those_given_up_censored():
    assert [one.cumulative for one in life_table(ENDED)] == pytest.approx([0.2, 0.3371, 0.4418, 0.5075], abs=5e-5)


def test_a3_economic_tipping_point():
    assert pays_until(life_table(ENDED), value_of_contact=200, cost=25) == 3
    assert pays_until(life_table(ENDED), value_of_contact=200, cost=41) == 0


def test_a3_plateau():
    assert plateau_at(life_table(ENDED)) == 4


def test_who_converted_elsewhere_can_no_longer_be_reached():
    table = life_table({(1, REACHED): 10, (1, ELSEWHERE): 50, (1, GIVEN_UP): 0, (2, REACHED): 10, (2, GIVEN_UP): 30})
    assert [one.cumulative for one in table] == pytest.approx([0.1, 0.1 + 0.4 * 10 / 40])


def test_an_attempt_at_which_nobody_ended_has_a_row():
    table = life_table({(1, GIVEN_UP): 5, (3, REACHED): 5})
    assert [(one.number, one.at_risk, one.contacts, one.cumulative) for one in table] == [
        (1, 10, 0, 0), (2, 5, 0, 0), (3, 5, 5, pytest.approx(1)),
    ]  # fmt: skip


def test_few_tried_tell_no_tipping_point():
    assert pays_until(life_table({(1, REACHED): 5}), value_of_contact=200, cost=25) is None
    assert (plateau_at(life_table({(1, REACHED): 5})), life_table({})) == (None, [])


@given(st.lists(st.tuples(st.floats(0, 1), st.integers(1, 100)), min_size=1, max_size=30))
def test_falling_is_the_isotonic_regression(pairs):
    values, weights = zip(*pairs, strict=True)
    theirs = IsotonicRegression(increasing=False).fit_transform(range(len(values)), values, sample_weight=weights)
    assert falling(values, weights) == pytest.approx(theirs, abs=1e-9)
