"""funnel/statistics/cure.py: the share that converts in the end (METRICS C5)."""

import numpy as np
import pytest
from scipy.optimize import minimize

from funnel.statistics.cure import Seen, fit, log_likelihood, missing, plateau
from funnel.statistics.survival import LOST, OPEN, WON, aalen_johansen


def cohort(share=0.3, mean=40.0, size=4_000, oldest=200.0, lost=0.2, seed=1):
    """Leads of which ``share`` convert with exponential times; some others are lost early, the rest stays open."""
    random = np.random.default_rng(seed)
    converts = random.random(size) < share
    watched = random.uniform(0, oldest, size)
    ends = np.where(converts, random.exponential(mean, size), np.inf)
    is_lost = ~converts & (random.random(size) < lost)
    ends = np.where(is_lost, random.uniform(0, 60, size), ends)
    causes = np.where(ends > watched, OPEN, np.where(converts, WON, LOST))
    return np.minimum(ends, watched), causes, np.ones(size)


def told(ages, causes, counts):
    return plateau(ages, causes, counts, aalen_johansen(ages, causes, counts=counts))


def test_c5_finds_the_share_that_converts_in_the_end():
    found = told(*cohort())

    assert found.low < 0.3 < found.high
    assert found.share == pytest.approx(0.3, abs=0.03)
    assert found.mean_age == pytest.approx(40, rel=0.1)


def test_c5_is_the_maximum_of_the_likelihood():
    """scipy climbs to the same top."""
    seen = Seen(*cohort())
    found = fit(seen)
    top = minimize(lambda point: -log_likelihood(point, seen), x0=[0.0, 3.0], method="Nelder-Mead", tol=1e-10)

    assert found.share == pytest.approx(1 / (1 + np.exp(-top.x[0])), rel=1e-5)
    assert found.mean_age == pytest.approx(np.exp(top.x[1]), rel=1e-5)


def test_c5_ninety_five_in_a_hundred_intervals_hold_the_share():
    found = [told(*cohort(size=1_500, seed=seed)) for seed in range(60)]
    held = [one.low < 0.3 < one.high for one in found if one]
    assert len(held) >= 55
    assert 0.87 <= np.mean(held) <= 1


def test_grouped_by_day_it_is_the_same():
    ages, causes, _counts = cohort()
    days = np.floor(ages)
    rows, counts = np.unique(np.stack([days, causes]), axis=1, return_counts=True)

    assert fit(Seen(rows[0], rows[1].astype(int), counts.astype(float))).share == pytest.approx(
        fit(Seen(days, causes, np.ones(len(days)))).share
    )


def test_c5_says_what_is_missing():
    few = Seen(np.arange(29.0), np.full(29, WON), np.ones(29))
    young = Seen(np.array([50.0, 60.0]), np.array([WON, OPEN]), np.array([30.0, 70.0]))
    enough = Seen(np.array([50.0, 100.0]), np.array([WON, OPEN]), np.array([30.0, 70.0]))

    assert missing(few) == "29 of 30 wins"
    assert missing(young) == "60 of 100 days since the oldest began"
    assert missing(enough) == ""


def test_c5_is_not_told_where_it_does_not_fit():
    """Half convert on the first days, the others after a year: no such curve runs through that."""
    ages = np.concatenate([np.full(400, 1.0), np.full(400, 360.0), np.full(800, 400.0)])
    causes = np.concatenate([np.full(800, WON), np.full(800, OPEN)])
    assert told(ages, causes, np.ones(1_600)) is None


def test_c5_all_on_the_first_day_is_no_curve():
    assert fit(Seen(np.zeros(40), np.full(40, WON), np.ones(40))) is None
