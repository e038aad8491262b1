"""From a goal back to what it takes: the known answers of METRICS P5, P6 and K1 to K3."""

from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.intervals import wilson
from funnel.statistics.planning import Estimate, Pace, arrivals, capacity, needed, ramp_share

RATES = [Estimate(0.25), Estimate(0.60), Estimate(0.70), Estimate(0.65)]
rates = st.tuples(st.integers(1, 200), st.integers(0, 200)).map(
    lambda counts: Estimate(counts[0] / sum(counts), *wilson(counts[0], sum(counts)))
)


def test_p5_attainment():
    pace = Pace(quota=1_000_000, booked=350_000, day=45, days=90)

    assert (pace.attainment, pace.on_track) == (0.35, 500_000)
    assert pace.per_day == pytest.approx(14_444, abs=0.5)
    assert Pace(quota=100, booked=120, day=45, days=90).per_day == 0
    assert Pace(quota=100, booked=20, day=90, days=90).per_day is None


def test_p6_linear_and_seasonal_pace():
    pace = Pace(quota=1_000_000, booked=350_000, day=45, days=90, usual_share=0.30)

    assert pace.linear == pytest.approx(0.70)
    assert pace.seasonal == pytest.approx(1.167, abs=0.0005)
    assert pace.expected == pytest.approx(350_000 / 0.30)
    assert Pace(quota=0, booked=5, day=45, days=90).seasonal is None
    assert Pace(quota=10, booked=0, day=0, days=90).linear is None


def test_k1_reverse_waterfall():
    customers = 1_000_000 * 0.40 / 25_000
    chain = [needed(customers, *RATES[:steps]).value for steps in range(5)]

    assert chain == pytest.approx([16, 64, 106.67, 152.38, 234.43], abs=0.005)
    assert ceil(chain[-1]) == 235


def test_k1_bounds_carry_every_rate_through():
    one = Estimate(0.25, *wilson(25, 100))
    both = needed(16, one, Estimate(0.6, *wilson(60, 100)))

    assert needed(16, one).low == pytest.approx(16 / one.high)
    assert needed(16, one).high == pytest.approx(16 / one.low)
    assert needed(16, *RATES).low == needed(16, *RATES).high == needed(16, *RATES).value
    # Both at their worst would be wider.
    assert needed(16, one).high / 0.6 < both.high < 16 / one.low / wilson(60, 100)[0]


@given(st.lists(rates, min_size=1, max_size=5))
def test_k1_bounds_hold_the_value(chain):
    found = needed(100, *chain)

    assert found.low <= found.value <= found.high
    assert found.value >= 100


def test_k2_wins_follow_their_mqls():
    wins = arrivals([100, 200], [0, 0.02, 0.05, 0.03], until=5)

    assert wins[2] == pytest.approx(9)
    assert wins.sum() == pytest.approx(300 * 0.10)
    assert list(arrivals([10], [0.5], until=3)) == [5, 0, 0]


@given(st.lists(st.integers(0, 50), min_size=1, max_size=12), st.lists(st.floats(0, 0.2), min_size=1, max_size=5))
def test_k2_no_win_is_lost_or_made_up(created, won_after):
    assert arrivals(created, won_after, until=20).sum() == pytest.approx(np.sum(created) * np.sum(won_after))


def test_k3_capacity():
    assert capacity(100, [1.0] * 10) == 1_000
    assert capacity(100, [1.0, 0.5, 0.0]) == 150


def test_ramp():
    assert [ramp_share(months, 4) for months in (-1, 0, 1, 4, 9)] == [0, 0, 0.25, 1, 1]
    assert ramp_share(0, 0) == 1
