"""Whether wins gather at the end of a quarter: the known answers of METRICS W1 to W7."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from funnel.statistics import waves
from funnel.statistics.waves import Quarter, chance_of_phase, echo, gini, phase, phase_gap, variation, verdict

KA = [2, 2, 3, 3, 4, 4, 5, 5, 6, 8, 10, 18, 30]
EVEN = [10] * 13
quarters = arrays(np.int64, 13, elements=st.integers(0, 200)).filter(lambda weeks: weeks.sum() > 0)


def test_w2_gini():
    assert gini(KA) == pytest.approx(0.455385, abs=5e-7)
    assert gini(EVEN) == pytest.approx(0, abs=1e-12)
    assert gini([0] * 12 + [5]) == pytest.approx(12 / 13)


def test_w3_last_two_and_last_five_weeks():
    assert (sum(KA), sum(KA[-2:]) / sum(KA), sum(KA[-5:]) / sum(KA)) == (100, 0.48, 0.72)


def test_w4_variation():
    assert variation(KA) == pytest.approx(0.995791, abs=5e-7)


def test_w5_phase():
    found = phase(KA)

    assert found.r == pytest.approx(0.435615, abs=5e-7)
    assert found.week == pytest.approx(11.3664, abs=5e-5)
    assert phase(EVEN).r == pytest.approx(0, abs=1e-12)


def test_w5_chance_is_the_same_every_time_and_tells_a_wave_from_noise():
    noise = np.random.default_rng(1).multinomial(100, [1 / 13] * 13)

    assert chance_of_phase(KA) == chance_of_phase(KA) < 1e-5
    assert chance_of_phase(noise) > 0.05
    assert chance_of_phase([0, 1, *[0] * 11]) == 1


def test_w5_chance_is_right_about_as_often_as_it_says():
    strewn = np.random.default_rng(2).multinomial(60, [1 / 13] * 13, size=400)
    chances = np.array([chance_of_phase(weeks, draws=1_000) for weeks in strewn])

    assert 0.02 < np.mean(chances < 0.05) < 0.09
    assert 0.4 < np.mean(chances < 0.5) < 0.6


def test_a_short_first_week_is_no_wave():
    days = [6, *[7] * 12]

    assert chance_of_phase([n * 500 for n in days], days) > 0.9
    assert chance_of_phase([n * 500 for n in days]) < 0.05


def test_w6_phase_gap_is_told_the_short_way_round():
    second, last = np.eye(13)[1], np.eye(13)[12]

    assert phase_gap(second, np.eye(13)[4]) == pytest.approx(3)
    assert phase_gap(last, second) == pytest.approx(2)
    assert phase_gap(second, last) == pytest.approx(-2)


def test_w7_echo_finds_the_lag():
    created = np.random.default_rng(3).poisson(20, 80)
    won = np.roll(created, 6) // 4

    found = echo(created, won, 26)

    assert found is not None
    assert (found.lag, found.weeks, found.is_likely_chance) == (6, 74, False)
    assert found.correlation > 0.95
    assert echo(created[:40], won[:40], 26).lag == 6
    assert echo(created[:33], won[:33], 26) is None
    assert echo([5] * 60, won[:60], 26) is None


@given(quarters, st.integers(1, 12))
def test_r_is_the_same_wherever_the_quarter_begins(weeks, shift):
    assert phase(np.roll(weeks, shift)).r == pytest.approx(phase(weeks).r, abs=1e-9)
    assert 0 <= phase(weeks).r <= 1 + 1e-9
    assert 0 <= gini(weeks) <= 12 / 13 + 1e-9


def quarter(last_two=0.154, month3=0.33, wins=100):
    return Quarter(wins, last_two, month3)


@pytest.mark.parametrize(
    ("seen", "chance", "said"),
    [
        ([quarter(0.31)] * 3, 0.01, "wave"),
        ([quarter(0.30, 0.5)] * 4, 0.01, "mild wave"),
        ([quarter(0.31, 0.4), quarter(0.31, 0.4), quarter(0.2, 0.4)], 0.01, "mild wave"),
        ([quarter(month3=0.38)] * 3, 0.049, "mild wave"),
        ([quarter(month3=0.379)] * 4, 0.001, "no wave"),
        ([quarter(0.5, 0.6)] * 4, 0.05, "no wave"),
        ([quarter(0.5, 0.6)] * 2, 0.001, "not enough data"),
        ([quarter(0.5, 0.6), quarter(0.5, 0.6), quarter(0.5, 0.6, wins=29)], 0.001, "not enough data"),
        ([quarter(0.5, 0.6)] * 3 + [quarter()] * 2, 0.001, "no wave"),
    ],
)
def test_verdict_looks_at_the_last_four_quarters_with_enough_wins(seen, chance, said):
    assert verdict(seen, chance) == said


def test_even_share_is_two_of_thirteen_weeks():
    assert pytest.approx(0.1538, abs=1e-4) == waves.EVEN
