"""crm/intervals.py"""

import pytest

from crm.intervals import Share, difference, share, wilson


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


@pytest.mark.parametrize(
    ("before", "after", "rise", "low", "high"),
    [
        ((48, 80), (56, 70), 0.2, 0.0524, 0.3339),
        ((3, 10), (9, 10), 0.6, 0.1705, 0.8090),
        ((0, 29), (5, 56), 0.0893, -0.0381, 0.1926),
        ((56, 70), (48, 80), -0.2, -0.3339, -0.0524),
    ],
)
def test_difference_of_two_shares(before, after, rise, low, high):
    """Newcombe 1998, table II, and one of its rows turned round."""
    assert difference(before, after) == pytest.approx((rise, low, high), abs=5e-5)


def test_a_difference_is_proven_when_its_interval_leaves_nothing_out():
    assert difference((48, 80), (56, 70)).is_proven
    assert difference((56, 70), (48, 80)).is_proven
    assert not difference((0, 29), (5, 56)).is_proven
