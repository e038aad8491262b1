"""funnel/statistics/sketch.py: known answers of METRICS V2 and V3."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnel.statistics.sketch import ALPHA, GAMMA, Sketch, bucket_of, key_of, value_of

VALUES = [1, 2, 2, 3, 5, 8, 13, 21, 34, 55]  # METRICS V2
floats = st.lists(st.floats(-1e9, 1e9).filter(lambda value: not value or abs(value) > 1e-9), min_size=1, max_size=80)


def test_v2_interpolated_percentiles():
    """What percentile_cont gives, and what buckets do not: they take the lower of two neighbours."""
    assert (np.percentile(VALUES, 50), np.percentile(VALUES, 90)) == (6.5, pytest.approx(36.1))


def test_v3_buckets():
    assert pytest.approx(1.020202, abs=5e-7) == GAMMA
    assert (key_of(21), round(value_of(153), 4)) == (153, 21.1164)
    year, minute = 365 * 24 * 60, 1
    assert key_of(year) - key_of(minute) == 659


def test_v3_two_sketches_add_up_to_that_of_the_whole():
    both = Sketch.of(VALUES[:4]) + Sketch.of(VALUES[4:])

    assert both == Sketch.of(VALUES)
    assert (round(both.quantile(0.5), 4), round(both.quantile(0.9), 4)) == (5.0028, 34.1263)


@given(floats, st.floats(0, 1))
def test_any_percentile_is_at_most_one_percent_off(values, share):
    exact = sorted(values)[int(share * (len(values) - 1))]
    assert Sketch.of(values).quantile(share) == pytest.approx(exact, rel=ALPHA * 1.0001)


@given(floats, floats)
def test_adding_never_loses_a_value(one, other):
    both = Sketch.of(one) + Sketch.of(other)
    assert (both, len(both)) == (Sketch.of([*one, *other]), len(one) + len(other))


def test_nothing_has_no_percentile_and_zero_is_itself():
    assert (Sketch().quantile(0.5), Sketch.of([0, 0, 0]).quantile(0.9), bucket_of(-21.0)) == (None, 0, (-1, 153))
