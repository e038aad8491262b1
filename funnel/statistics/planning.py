"""From a goal back to what it takes, and how far one has come (METRICS P5, P6, K1 to K3). Plain arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, hypot, log

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A figure with the bounds of its 95 % interval; without them it is taken as certain (an assumption)."""

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def below(self) -> float:
        """How far the lower bound is, as a logarithm; infinite where it is 0."""
        if self.low is None:
            return 0.0
        return log(self.value / self.low) if self.low > 0 else float("inf")

    @property
    def above(self) -> float:
        return 0.0 if self.high is None else log(self.high / self.value)


def needed(wanted: float, *rates: Estimate) -> Estimate:
    """K1: how many it takes at the beginning of a chain of ``rates`` (each above 0) to end with ``wanted``.

    The bounds carry those of every rate through, as squares of their logarithms add up (MOVER; Zou and Donner 2008):
    all rates at their worst at once would be too wide. Not rounded: that is for the end of the chain.
    """
    value = wanted
    for rate in rates:
        value /= rate.value
    return Estimate(
        value,
        value * exp(-hypot(*(rate.above for rate in rates))),
        value * exp(hypot(*(rate.below for rate in rates))),
    )


def arrivals(created: npt.ArrayLike, won_after: npt.ArrayLike, until: int) -> Floats:
    """K2: expected wins in each of ``until`` spans from the first one of ``created``.

    ``created``: how many began in each span; ``won_after``: the share of them that is won in the same span, the next,
    and so on.
    """
    expected = np.convolve(np.asarray(created, dtype=float), np.asarray(won_after, dtype=float))[:until]
    return np.pad(expected, (0, until - len(expected)))


def capacity(per_person: float, shares: Sequence[float]) -> float:
    """K3: how many leads people can take on in a month; ``shares``: what each gives of a full one (ramp, absence)."""
    return per_person * sum(shares)


def ramp_share(months_here: float, ramp_months: int) -> float:
    """What is asked of somebody who has been here so long, 0–1, where a full share is asked after ``ramp_months``."""
    return 1.0 if not ramp_months else min(max(months_here / ramp_months, 0.0), 1.0)


@dataclass(frozen=True)
class Pace:
    """P5 and P6: how far one is, after ``day`` of ``days`` days. ``usual_share``: what was booked by the same day of
    earlier quarters, of all of them; None where too little was."""

    quota: float
    booked: float
    day: float
    days: float
    usual_share: float | None = None

    @property
    def elapsed(self) -> float:
        return self.day / self.days

    @property
    def attainment(self) -> float | None:
        return self.booked / self.quota if self.quota else None

    @property
    def on_track(self) -> float:
        """What the linear pace asks for today."""
        return self.quota * self.elapsed

    @property
    def linear(self) -> float | None:
        """1: exactly on pace."""
        if self.attainment is None or not self.elapsed:
            return None
        return self.attainment / self.elapsed

    @property
    def seasonal(self) -> float | None:
        """As `linear`, by what earlier quarters had booked by the same day."""
        return self.attainment / self.usual_share if self.attainment is not None and self.usual_share else None

    @property
    def per_day(self) -> float | None:
        """What each day that is left must bring; None on the last one, 0 once the quota is reached."""
        left = self.days - self.day
        return max(self.quota - self.booked, 0) / left if left > 0 else None

    @property
    def expected(self) -> float | None:
        """What the whole span brings at this pace; by the usual course of a quarter where it is known."""
        share = self.usual_share or self.elapsed
        return self.booked / share if share else None
