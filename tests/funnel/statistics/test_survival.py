"""funnel/statistics/survival.py: known answers of METRICS, two other libraries as oracles, and what always holds."""

import warnings
from fractions import Fraction
from time import perf_counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from sksurv.nonparametric import cumulative_incidence_competing_risks
from statsmodels.duration.survfunc import CumIncidenceRight, SurvfuncRight

from funnel.statistics.survival import LOST, OPEN, WON, aalen_johansen, kaplan_meier, win_chance

# METRICS C4.
DURATIONS = [2, 3, 3, 5, 6, 8, 8, 10, 12, 12]
CAUSES = [WON, LOST, OPEN, WON, OPEN, LOST, WON, OPEN, WON, OPEN]

histories = st.lists(st.tuples(st.integers(0, 12), st.integers(OPEN, LOST)), min_size=1, max_size=60)


def both_causes(history):
    """The other libraries want each cause at least once, and somebody who stays."""
    return [*history, (5, WON), (7, LOST), (13, OPEN)]


def columns(history):
    durations, causes = zip(*history, strict=True)
    return np.array(durations, dtype=float), np.array(causes)


class TestKnownAnswer:
    def test_c4_cumulative_incidence_of_won_and_lost(self):
        curve = aalen_johansen(DURATIONS, CAUSES)

        assert_allclose(curve.of(WON).at([1, 2, 5, 8, 12, 99]), [0, 1 / 10, 3 / 14, 123 / 350, 39 / 70, 39 / 70])
        assert_allclose(curve.of(LOST).at([2, 3, 8, 12]), [0, 1 / 10, 83 / 350, 83 / 350])
        assert_allclose(curve.survival.at(12), 36 / 175)
        assert Fraction(39, 70) + Fraction(83, 350) + Fraction(36, 175) == 1
        assert curve.at_risk.tolist() == [10, 9, 7, 6, 5, 3, 2]

    def test_c4_standard_errors(self):
        curve = aalen_johansen(DURATIONS, CAUSES)

        assert_allclose(curve.of(WON).se[-1], 0.196071, atol=5e-7)
        assert_allclose(curve.survival.se[0], 0.094868, atol=5e-7)
        assert_allclose(curve.survival.se[0], np.sqrt(0.81 / (10 * 9)))

    def test_c4_the_three_usual_shortcuts_are_all_wrong(self):
        won, decided = CAUSES.count(WON), len(CAUSES) - CAUSES.count(OPEN)
        one_minus = 1 - kaplan_meier(DURATIONS, np.equal(CAUSES, WON)).values[-1]

        assert (won / len(CAUSES), round(won / decided, 3), round(one_minus, 6)) == (0.4, 0.667, 0.691429)

    def test_p3_chance_of_winning_at_age_6(self):
        curve = aalen_johansen(DURATIONS, CAUSES)

        assert win_chance(curve, 6) == pytest.approx(0.5, abs=1e-15)
        assert_allclose(win_chance(curve, [0, 6, 6], horizon=2), [0.1, 0.2, 0.2])


class TestWinChance:
    def test_ever_from_the_beginning_is_the_whole_curve(self):
        assert_allclose(win_chance(aalen_johansen(DURATIONS, CAUSES), 0), 39 / 70)

    def test_nobody_left_is_no_chance_told(self):
        curve = aalen_johansen([1, 2], [WON, LOST])
        assert_allclose(win_chance(curve, [0, 1, 2, 5]), [0.5, 0, np.nan, np.nan])

    def test_what_was_never_won_has_none(self):
        assert win_chance(aalen_johansen([1, 2, 3], [LOST, OPEN, OPEN]), 1) == 0

    def test_never_leaves_0_to_1_by_a_last_digit(self):
        """Six that all won: shares of sixths do not quite add up to what is left."""
        chance = win_chance(aalen_johansen([1, 1, 2, 4, 5, 6], [WON] * 6), range(6))
        assert chance.max() <= 1


class TestOracles:
    @given(histories.map(both_causes))
    def test_statsmodels_has_the_same_incidence_and_errors(self, history):
        durations, causes = columns(history)
        curve = aalen_johansen(durations, causes)
        with np.errstate(all="ignore"):
            theirs = CumIncidenceRight(durations, causes)

        assert_allclose(curve.times, theirs.times)
        for cause in (WON, LOST):
            assert_allclose(curve.of(cause).values, theirs.cinc[cause - 1], atol=1e-12)
            assert_allclose(curve.of(cause).se, theirs.cinc_se[cause - 1], atol=1e-7)

    @given(histories.map(both_causes))
    def test_scikit_survival_has_the_same_incidence_and_bounds(self, history):
        durations, causes = columns(history)
        curve = aalen_johansen(durations, causes)
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            times, shares, bounds = cumulative_incidence_competing_risks(
                causes, durations, conf_type="log-log", var_type="Dinse_Approx"
            )

        assert_allclose(curve.times, times)
        for cause in (WON, LOST):
            ours = curve.of(cause)
            assert_allclose(ours.values, shares[cause], atol=1e-12)
            known = np.isfinite(bounds[cause]).all(axis=0) & (ours.values > 0)
            assert_allclose(ours.low[known], bounds[cause][0][known], atol=1e-6)
            assert_allclose(ours.high[known], bounds[cause][1][known], atol=1e-6)

    @given(histories, st.data())
    def test_statsmodels_has_the_same_survival_with_late_entries(self, history, data):
        durations, causes = columns(history)
        durations += 1
        entry = np.array([data.draw(st.integers(0, int(duration) - 1)) for duration in durations], dtype=float)
        events = (causes != OPEN).astype(int)
        ours = kaplan_meier(durations, events, entry=entry)
        if not events.any():
            assert set(ours.values) == {1.0}
            return
        with np.errstate(all="ignore"):
            theirs = SurvfuncRight(durations, events, entry=entry)

        ended = np.isin(ours.times, theirs.surv_times)
        assert_allclose(ours.values[ended], theirs.surv_prob, atol=1e-12)
        assert ours.at_risk[ended].tolist() == theirs.n_risk.tolist()
        known = np.isfinite(theirs.surv_prob_se) & (theirs.surv_prob > 0)
        assert_allclose(ours.se[ended][known], theirs.surv_prob_se[known], atol=1e-9)


class TestWhatAlwaysHolds:
    @given(histories)
    def test_won_lost_and_open_make_up_all(self, history):
        curve = aalen_johansen(*columns(history))
        assert_allclose(curve.of(WON).values + curve.of(LOST).values + curve.survival.values, 1)

    @given(histories)
    def test_bounds_hold_the_share_between_0_and_1(self, history):
        incidence = aalen_johansen(*columns(history))
        for curve in (incidence.of(WON), incidence.of(LOST), incidence.survival):
            told = ~np.isnan(curve.low)
            assert np.all(curve.low[told] <= curve.values[told] + 1e-9)
            assert np.all(curve.values[told] <= curve.high[told] + 1e-9)
            assert np.all((curve.low[told] >= 0) & (curve.high[told] <= 1))

    @given(histories, st.integers(2, 5))
    def test_counts_stand_for_so_many_rows(self, history, times):
        durations, causes = columns(history)
        grouped = aalen_johansen(durations, causes, counts=np.full(len(durations), times))
        repeated = aalen_johansen(np.repeat(durations, times), np.repeat(causes, times))

        assert_allclose(grouped.of(WON).values, repeated.of(WON).values)
        assert_allclose(grouped.of(WON).se, repeated.of(WON).se)
        assert grouped.at_risk.tolist() == repeated.at_risk.tolist()

    @given(st.lists(st.integers(0, 40), min_size=1, max_size=50))
    def test_without_open_ones_the_median_is_the_usual_one(self, durations):
        assert kaplan_meier(durations, np.ones(len(durations))).median.age == np.median(durations)

    @given(histories, st.randoms(use_true_random=False))
    def test_the_order_of_rows_changes_nothing(self, history, random):
        shuffled = random.sample(history, len(history))
        assert_allclose(
            aalen_johansen(*columns(history)).of(WON).values, aalen_johansen(*columns(shuffled)).of(WON).values
        )


class TestEdges:
    def test_an_end_comes_before_an_open_one_of_the_same_age(self):
        assert kaplan_meier([1, 1], [1, 0]).values.tolist() == [0.5]

    def test_an_end_at_age_0_counts(self):
        curve = aalen_johansen([0, 0, 3], [WON, OPEN, LOST])
        assert_allclose(curve.of(WON).at([0, 3]), 1 / 3)
        assert_allclose(curve.of(LOST).at(3), 2 / 3)

    def test_all_open_is_no_incidence_and_no_median(self):
        curve = aalen_johansen([1, 2], [OPEN, OPEN])
        assert (curve.of(WON).values.tolist(), curve.of(WON).low.tolist()) == ([0, 0], [0, 0])
        assert np.isnan(curve.survival.median.age)

    def test_nothing_at_all(self):
        curve = aalen_johansen([], [])
        assert (curve.of(WON).at(5), curve.survival.at(5), curve.survival.trusted_until) == (0, 1, -np.inf)

    def test_median_of_a_stay_counts_those_that_still_stay(self):
        """Completed stays alone say 2 days; the open ones have been there for 10 already."""
        assert kaplan_meier([1, 2, 3, 10, 10, 10, 10], [1, 1, 1, 0, 0, 0, 0]).quantile(0.25).age == 2
        assert np.isnan(kaplan_meier([1, 2, 3, 10, 10, 10, 10], [1, 1, 1, 0, 0, 0, 0]).median.age)

    def test_interval_of_the_median_holds_it(self):
        median = kaplan_meier(range(1, 41), [1] * 40).median
        assert (median.age, median.low, median.high) == (20.5, 14, 26)

    def test_trusted_while_ten_are_at_risk(self):
        assert kaplan_meier(range(1, 21), [1] * 20).trusted_until == 11

    def test_watched_from_after_its_end_is_refused(self):
        with pytest.raises(ValueError, match="after its end"):
            kaplan_meier([3], [1], entry=[4])


def test_a_hundred_thousand_leads_take_some_20_milliseconds():
    random = np.random.default_rng(0)
    durations, causes = random.integers(0, 700, 100_000), random.integers(0, 3, 100_000)
    aalen_johansen(durations[:10], causes[:10])

    took = []
    for _attempt in range(5):
        began = perf_counter()
        aalen_johansen(durations, causes)
        took.append(perf_counter() - began)

    assert min(took) < 0.1
