"""funnel/metrics/intervals.py"""

import pytest

from funnel.metrics.intervals import Share, share, wilson


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"), [(3, 10, 0.1078, 0.6032), (0, 5, 0, 0.4345), (30, 100, 0.2189, 0.3958)]
)
def test_wilson_interval(part, whole, low, high):
    """The known answers of METRICS 1.9."""
    assert wilson(part, whole) == pytest.approx((low, high), abs=5e-5)


def test_a_share_of_nothing_is_none():
    assert share(0, 0) == Share(None, None, None)


def test_more_than_all_is_a_rate_without_an_interval():
    assert share(15, 10) == Share(1.5, None, None)


def test_bounds_stay_between_nothing_and_all():
    assert share(0, 3).low == 0
    assert share(3, 3).high == 1
