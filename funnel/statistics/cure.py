"""What share will have converted in the end, from what has converted so far (METRICS C5).

A curve F(t) = c (1 - exp(-t / τ)): a share ``c`` converts at all, with a mean time τ; whoever was lost is known not to.
It is told only where enough of it has been seen, and where it fits what was seen.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crm.intervals import Z_95
from funnel.statistics.survival import LOST, OPEN, WON, Floats, Incidence, stepped

ENOUGH_EVENTS = 30
# The oldest must have been watched for so many median times to convert.
ENOUGH_MEDIANS = 2
# So near to what was seen it fits, however many were seen.
NEAR = 0.1
STEPS, PRECISION = 5_000, 1e-10
# A share nearer to all than this ran off.
ALL = 1 - 1e-6


@dataclass(frozen=True)
class Plateau:
    """The share that converts in the end with its 95 % interval, and the mean time of those that do."""

    share: float
    low: float
    high: float
    mean_age: float

    def at(self, ages: npt.ArrayLike) -> Floats:
        return self.share * -np.expm1(-np.asarray(ages, dtype=float) / self.mean_age)


@dataclass(frozen=True)
class Seen:
    """Ages, why each ended (`OPEN`, `WON`, `LOST`), and how many each stands for."""

    ages: Floats
    causes: npt.NDArray[np.int64]
    counts: Floats

    def total(self, cause: int) -> float:
        return float(self.counts[self.causes == cause].sum())

    def half(self, cause: int) -> float:
        """The median age at which it ended by a cause."""
        ages, counts = self.ages[self.causes == cause], self.counts[self.causes == cause]
        order = np.argsort(ages)
        reached = np.searchsorted(counts[order].cumsum(), counts.sum() / 2)
        return float(ages[order][reached])


def missing(seen: Seen) -> str:
    """What it takes until the plateau can be told, "" when nothing is missing."""
    won = int(seen.total(WON))
    if won < ENOUGH_EVENTS:
        return f"{won} of {ENOUGH_EVENTS} wins"
    needed, oldest = ENOUGH_MEDIANS * seen.half(WON), float(seen.ages.max())
    return "" if oldest >= needed else f"{oldest:.0f} of {needed:.0f} days since the oldest began"


def plateau(ages: npt.ArrayLike, causes: npt.ArrayLike, counts: npt.ArrayLike, curve: Incidence) -> Plateau | None:
    """The plateau, None where too little has been seen or where the curve does not fit ``curve``, what was seen."""
    seen = Seen(np.maximum(np.asarray(ages, dtype=float), 0), np.asarray(causes), np.asarray(counts, dtype=float))
    if missing(seen) or (fitted := fit(seen)) is None:
        return None
    return fitted if fits(fitted, curve) else None


def fits(fitted: Plateau, curve: Incidence) -> bool:
    """Whether it runs through what was seen: at three ages up to where the curve ends, within its bounds or a tenth."""
    last, won = curve.survival.trusted_until, curve.of(WON)
    if last <= 0:
        return False
    for age in (last / 4, last / 2, last):
        seen, modelled = float(won.at(age)), float(fitted.at(age))
        low, high = (float(stepped(curve.times, bound, age, start=0)) for bound in won.interval)
        if not min(low, seen * (1 - NEAR)) <= modelled <= max(high, seen * (1 + NEAR)):
            return False
    return True


def fit(seen: Seen) -> Plateau | None:
    """Maximum likelihood by expectation and maximisation: each open one is a convert with the chance it has at its age.

    None where it runs off, as with wins that all came on the first day.
    """
    is_open = seen.causes == OPEN
    ages, counts = seen.ages[is_open], seen.counts[is_open]
    won, whole = seen.total(WON), float(seen.counts.sum())
    won_time = float((seen.ages * seen.counts)[seen.causes == WON].sum())
    share, mean = won / whole, won_time / won
    for _step in range(STEPS):
        if mean <= 0 or share > ALL:
            return None
        to_come = counts * still_to_come(share, mean, ages)
        next_share, next_mean = (won + to_come.sum()) / whole, (won_time + (to_come * ages).sum()) / won
        moved = abs(next_share - share) + abs(next_mean / mean - 1)
        share, mean = float(next_share), float(next_mean)
        if moved < PRECISION:
            break
    return with_interval(share, mean, seen)


def still_to_come(share: float, mean: float, ages: Floats) -> Floats:
    """The chance that one who is open at an age is among those who convert."""
    waiting = share * np.exp(-ages / mean)
    return waiting / (1 - share + waiting)


def with_interval(share: float, mean: float, seen: Seen) -> Plateau | None:
    """Bounds from the curvature of the likelihood at its top, on the scale log(c / (1 - c)) and log τ."""
    top = np.array([np.log(share / (1 - share)), np.log(mean)])
    information = -curvature(top, seen)
    if np.linalg.eigvalsh(information).min() <= 0:
        return None
    reach = Z_95 * np.sqrt(np.linalg.inv(information)[0, 0])
    low, high = (1 / (1 + np.exp(-(top[0] + sign * reach))) for sign in (-1, 1))
    return Plateau(share, float(low), float(high), mean)


def curvature(point: Floats, seen: Seen, step: float = 1e-3) -> Floats:
    """Second derivatives of the log-likelihood, by differences."""
    moves = np.eye(2) * step

    def height(*moved: Floats) -> float:
        return log_likelihood(point + np.sum(moved, axis=0), seen)

    return np.array([
        [
            (height(a, b) - height(a, -b) - height(-a, b) + height(-a, -b)) / (4 * step**2)
            for b in moves
        ]
        for a in moves
    ])  # fmt: skip


def log_likelihood(point: Floats, seen: Seen) -> float:
    """Of log(c / (1 - c)) and log τ."""
    share, mean = 1 / (1 + np.exp(-point[0])), np.exp(point[1])
    told = {
        WON: np.log(share) - np.log(mean) - seen.ages / mean,
        LOST: np.full(len(seen.ages), np.log1p(-share)),
        OPEN: np.log(1 - share + share * np.exp(-seen.ages / mean)),
    }
    return float(sum((seen.counts * told[cause])[seen.causes == cause].sum() for cause in told))
