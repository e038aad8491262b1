"""Shares of a won deal (METRICS T1 to T8)."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnel.attribution.crediting import DAY_US, SESSION_US, Paths, in_cents, once_a_session, shares
from funnel.models import AttributionModel

CLOSE = 1_000 * DAY_US


def path(
    *days_before: float, lead: float | None = None, opened: float | None = None, value: int = 1_200_000, **fields: Any
) -> Paths:
    """One deal with touches so many days before its close; lead and deal were made with the first touch by default."""
    first = days_before[0]
    captured, made = first if lead is None else lead, first if opened is None else opened
    return Paths(
        deal=np.zeros(len(days_before), np.int64),
        at=np.array([CLOSE - int(days * DAY_US) for days in days_before], np.int64),
        captured_at=np.array([CLOSE - int(captured * DAY_US)]),
        opened_at=np.array([CLOSE - int(made * DAY_US)]),
        cents=np.array([value]),
        half_life=np.array([fields.get("half_life", 7.0)]),
    )


def credit(paths: Paths, model: str) -> list[float]:
    """In the deal's currency, each rounded by itself as the sources print it."""
    return [round(float(share) * int(paths.cents[0]) / 100, 2) for share in shares(paths)[model]]


def percent(paths: Paths, model: str) -> list[float]:
    return [round(float(share) * 100, 6) for share in shares(paths)[model]]


FIVE = (38, 33, 26, 8, 0)


def test_t1_first_and_t2_last_touch_take_all() -> None:
    assert percent(path(*FIVE), "first") == [100, 0, 0, 0, 0]
    assert percent(path(*FIVE), "last") == [0, 0, 0, 0, 100]


def test_t4_linear_shares_evenly() -> None:
    assert credit(path(*FIVE), "linear") == [2400] * 5


def test_t5_time_decay_of_12_000_with_a_half_life_of_7_days() -> None:
    assert credit(path(*FIVE), "time_decay") == [175.20, 287.44, 574.88, 3417.04, 7545.45]


def test_t5_time_decay_of_12_000_with_a_half_life_of_30_days() -> None:
    assert credit(path(*FIVE, half_life=30.0), "time_decay") == [1529.05, 1716.30, 2017.59, 3058.10, 3678.97]


def test_t5_even_the_longest_path_with_the_shortest_half_life_adds_up() -> None:
    assert percent(path(32_000, 31_999, half_life=1.0), "time_decay") == [33.333333, 66.666667]


def test_t6_first_and_last_take_40_each() -> None:
    assert credit(path(*FIVE), "position") == [4800, 800, 800, 800, 4800]


def test_t6_salesforce_u_of_four_touches() -> None:
    """E-mail, Meta, LinkedIn, Google."""
    assert percent(path(9, 6, 3, 1), "position") == [40, 10, 10, 40]


def test_t6_u_takes_the_first_touch_and_the_one_that_made_the_lead() -> None:
    assert percent(path(*FIVE, lead=26), "u_shaped") == [40, 6.666667, 40, 6.666667, 6.666667]


@pytest.mark.parametrize("model", ["position", "u_shaped"])
def test_t6_u_with_two_touches_is_50_50(model: str) -> None:
    assert percent(path(5, 2, lead=2), model) == [50, 50]


def test_t7_w_shares_30_30_30_and_10() -> None:
    assert percent(path(*FIVE, lead=33, opened=8), "w_shaped") == [30, 30, 5, 30, 5]


def test_t7_w_without_middle_touches_is_a_third_each() -> None:
    assert credit(path(30, 20, 10, lead=20, opened=10), "w_shaped") == [4000, 4000, 4000]


def test_t8_full_path_shares_four_times_22_5_and_10() -> None:
    assert percent(path(*FIVE, lead=33, opened=26), "full_path") == [22.5, 22.5, 22.5, 10, 22.5]


@pytest.mark.parametrize("model", AttributionModel.values)
def test_t_single_touch_takes_all(model: str) -> None:
    assert percent(path(3), model) == [100]


def test_t_touch_that_holds_several_milestones_gets_their_sum() -> None:
    """The first touch made the lead, too: 80 for it, and 20 are left for the other."""
    assert percent(path(5, 2), "u_shaped") == [80, 20]
    assert percent(path(20, 10, 5, lead=20, opened=20), "w_shaped") == [90, 5, 5]


def test_t_milestone_is_held_by_the_last_touch_before_it_else_by_the_first() -> None:
    between = path(30, 20, 10, lead=15, opened=40)

    assert percent(between, "w_shaped") == [60, 30, 10]


@pytest.mark.parametrize(
    ("minutes", "kept"),
    [((0, 29), (True, False)), ((0, 30), (True, True)), ((0, 20, 40, 50), (True, False, True, False))],
)
def test_one_touch_per_channel_in_30_minutes(minutes: tuple[int, ...], kept: tuple[bool, ...]) -> None:
    """Minutes are counted from the last one that counts: 20 does not, so 40 does."""
    at = np.array(minutes) * (SESSION_US // 30)
    same = np.zeros(len(minutes), np.int64)

    assert tuple(once_a_session(same, same, at)) == kept


def test_other_channels_and_other_deals_do_not_disturb() -> None:
    at = np.zeros(3, np.int64)

    assert once_a_session(np.array([0, 0, 1]), np.array([0, 1, 0]), at).tolist() == [True, True, True]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 200)), max_size=60))
def test_sessions_are_as_told_one_by_one(touches: list[tuple[int, int, int]]) -> None:
    touches.sort(key=lambda touch: (touch[0], touch[2]))
    last: dict[tuple[int, int], int] = {}
    told = []
    for deal, channel, minute in touches:
        counts = (deal, channel) not in last or minute - last[deal, channel] >= 30
        told.append(counts)
        if counts:
            last[deal, channel] = minute
    deal_of, channel_of, minutes = np.array(touches, np.int64).reshape(-1, 3).T

    assert once_a_session(deal_of, channel_of, minutes * (SESSION_US // 30)).tolist() == told


deals = st.lists(
    st.tuples(
        st.integers(0, 10**14),
        st.integers(1, 400),
        st.tuples(st.integers(-500, 0), st.integers(-500, 0)),
        st.lists(st.integers(-300 * 86_400, 0), min_size=1, max_size=30),
    ),
    min_size=1,
    max_size=8,
)


@given(deals)
def test_every_model_adds_up_to_the_cent_and_to_1(told: list[tuple[int, int, tuple[int, int], list[int]]]) -> None:
    paths = Paths(
        deal=np.repeat(np.arange(len(told)), [len(touches) for *_, touches in told]),
        at=np.concatenate([np.sort(touches) * 1_000_000 for *_, touches in told]),
        captured_at=np.array([days[0] * DAY_US for _, _, days, _ in told]),
        opened_at=np.array([days[1] * DAY_US for _, _, days, _ in told]),
        cents=np.array([cents for cents, *_ in told]),
        half_life=np.array([float(days) for _, days, *_ in told]),
    )

    for share in shares(paths).values():
        assert np.allclose(np.add.reduceat(share, paths.starts), 1, atol=1e-12)
        cents = in_cents(paths, share)
        assert np.add.reduceat(cents, paths.starts).tolist() == paths.cents.tolist()
        assert cents.min() >= 0
        assert np.abs(cents - share * paths.cents[paths.deal]).max() <= 1
        assert not cents[share == 0].any()
