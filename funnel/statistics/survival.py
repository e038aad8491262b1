"""How long until something happens, when for some it has not happened yet (METRICS C4, V1).

Kaplan–Meier for one kind of end, Aalen–Johansen for several that exclude each other. Whoever is still open counts as
at risk up to its age and is never taken for a failure. Everything here is counts by age, so a million leads grouped by
day cost no more than their distinct days; nothing is jittered: at equal ages ends come before who is still open.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from crm.intervals import Z_95

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Causes of an end, as most of the figures tell them apart; 0 is open.
OPEN, WON, LOST = 0, 1, 2
# A curve is not trusted where fewer are still at risk (METRICS 1.9).
ENOUGH_AT_RISK = 10
# Products of shares miss what they should be by some 1e-16 a step.
ALMOST = 1e-9


class Quantile(NamedTuple):
    """An age that a share has reached, and its 95 % interval; NaN where the curve does not get there."""

    age: float
    low: float
    high: float


@dataclass(frozen=True)
class Curve:
    """A share by age: ``start`` up to the first of ``times``, then ``values[i]`` from ``times[i]`` on.

    ``se`` are standard errors, NaN once nobody is left to be uncertain about; ``at_risk``: how many were there just
    before each time.
    """

    times: Floats
    values: Floats
    se: Floats
    at_risk: Ints
    start: float

    def at(self, ages: npt.ArrayLike) -> Floats:
        """The share at these ages."""
        return stepped(self.times, self.values, ages, self.start)

    @cached_property
    def interval(self) -> tuple[Floats, Floats]:
        """95 % bounds at each time by log(-log), which never leave 0 to 1; a share of exactly 0 or 1 has itself."""
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = Z_95 * self.se / (self.values * np.log(self.values))
            bounds = [self.values ** np.exp(sign * reach) for sign in (-1, 1)]
        sure = (self.values < ALMOST) | (self.values > 1 - ALMOST)
        low, high = (np.where(sure, self.values, bound) for bound in bounds)
        return np.fmin(low, high), np.fmax(low, high)

    @property
    def low(self) -> Floats:
        return self.interval[0]

    @property
    def high(self) -> Floats:
        return self.interval[1]

    @property
    def trusted_until(self) -> float:
        """The last age at which enough were at risk; -inf where there never were."""
        trusted = np.flatnonzero(self.at_risk >= ENOUGH_AT_RISK)
        return float(self.times[trusted[-1]]) if trusted.size else -np.inf

    def quantile(self, share: float) -> Quantile:
        """The age by which ``share`` have ended, of a survival curve; half-way where the curve stands still at it.

        So without open ones the median is the usual one. The interval holds the ages at which the share lies within
        the bounds of the curve (Brookmeyer and Crowley 1982).
        """
        left = 1 - share
        return Quantile(
            crossing(self.times, self.values, left), *(crossing(self.times, bound, left) for bound in self.interval)
        )

    @property
    def median(self) -> Quantile:
        return self.quantile(0.5)


def crossing(times: Floats, falling: Floats, level: float) -> float:
    """When a falling step curve gets below ``level``, half-way from where it gets exactly there."""
    reached = np.flatnonzero(falling <= level + ALMOST)
    if not reached.size:
        return float("nan")
    first = reached[0]
    below = np.flatnonzero(falling < level - ALMOST)
    if falling[first] < level - ALMOST or not below.size:
        return float(times[first])
    return float((times[first] + times[below[0]]) / 2)


def stepped(times: Floats, values: npt.NDArray[np.generic], ages: npt.ArrayLike, start: float) -> Floats:
    """A step function's values at these ages, ``start`` before its first time."""
    found = np.searchsorted(times, np.asarray(ages, dtype=float), side="right")
    return np.concatenate(([start], values))[found].astype(float)


@dataclass(frozen=True)
class Ends:
    """How many ended when, of how many: at each distinct age, in order, those at risk just before it and, for each
    cause, those that ended at it."""

    times: Floats
    at_risk: Ints
    ended: Mapping[int, Ints]

    @property
    def any_cause(self) -> Ints:
        nothing = np.zeros(len(self.times), dtype=np.int64)
        return sum(self.ended.values(), start=nothing)


def ends(
    durations: npt.ArrayLike,
    causes: npt.ArrayLike,
    entry: npt.ArrayLike | None = None,
    counts: npt.ArrayLike | None = None,
) -> Ends:
    """Durations with why they ended (0: still open), each standing for ``counts`` of them (1).

    ``entry``: the age from which each was watched (left truncation): it is at risk only after that age; 0 and less is
    from the beginning. Raises ValueError for one that was watched from later than its end.
    """
    ages, why = np.asarray(durations, dtype=float), np.asarray(causes, dtype=np.int64)
    many = np.ones(len(ages), dtype=np.int64) if counts is None else np.asarray(counts, dtype=np.int64)
    late = np.zeros(0)
    if entry is not None:
        watched_from = np.asarray(entry, dtype=float)
        if np.any(watched_from > np.maximum(ages, 0)):
            raise ValueError("One is watched only from after its end.")
        seen = (watched_from <= 0) | (watched_from < ages)
        ages, why, many, late = ages[seen], why[seen], many[seen], watched_from[seen]
    times, place = np.unique(ages, return_inverse=True)
    gone = tally(place, many, len(times))
    at_risk = gone[::-1].cumsum()[::-1]
    if late.size:
        # Not there yet at the times up to and including their entry.
        coming = late > 0
        not_yet = tally(np.searchsorted(times, late[coming], side="right"), many[coming], len(times) + 1)
        at_risk = at_risk - not_yet[::-1].cumsum()[::-1][1:]
    ended = {
        int(cause): tally(place[why == cause], many[why == cause], len(times)) for cause in np.unique(why[why != OPEN])
    }
    return Ends(times, at_risk, ended)


def tally(place: npt.NDArray[np.intp], many: Ints, size: int) -> Ints:
    """How many stand at each of ``size`` places."""
    return np.bincount(place, weights=many, minlength=size).round().astype(np.int64)


def kaplan_meier(
    durations: npt.ArrayLike,
    events: npt.ArrayLike,
    entry: npt.ArrayLike | None = None,
    counts: npt.ArrayLike | None = None,
) -> Curve:
    """The share that has not ended by each age; ``events``: 1 where it ended, 0 where it is still open.

    Standard errors by Greenwood; arguments as of `ends`.
    """
    found = ends(durations, np.asarray(events, dtype=np.int64) != 0, entry, counts)
    return survival(found)


def survival(found: Ends) -> Curve:
    """The share of all that has ended by no cause."""
    ended, at_risk = found.any_cause, found.at_risk
    stay: Floats = np.asarray(np.cumprod(1 - share_of(ended, at_risk)), dtype=np.float64)
    se: Floats = np.asarray(stay * np.sqrt(np.cumsum(greenwood(ended, at_risk))), dtype=np.float64)
    se[stay < ALMOST] = np.nan
    return Curve(found.times, stay, se, at_risk, start=1.0)


def share_of(part: Ints, whole: Ints) -> Floats:
    """``part`` of ``whole``, nothing of nobody: with late entries the risk set may be empty for a while."""
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)


def greenwood(ended: Ints, at_risk: Ints) -> Floats:
    """Greenwood's terms d / (Y (Y - d)); 0 where all ended, as nothing is uncertain after it."""
    left = at_risk * (at_risk - ended)
    return np.divide(ended, left, out=np.zeros(len(ended)), where=left > 0)


@dataclass(frozen=True)
class Incidence:
    """The share that has ended by each age, cause by cause; with ``survival`` they add up to 1 at every age."""

    survival: Curve
    causes: Mapping[int, Curve]

    @property
    def times(self) -> Floats:
        return self.survival.times

    @property
    def at_risk(self) -> Ints:
        return self.survival.at_risk

    def of(self, cause: int) -> Curve:
        """The curve of a cause; flat where nothing has ended by it."""
        nothing = np.zeros(len(self.times))
        return self.causes.get(cause) or Curve(self.times, nothing, nothing, self.at_risk, start=0.0)


def aalen_johansen(
    durations: npt.ArrayLike,
    causes: npt.ArrayLike,
    entry: npt.ArrayLike | None = None,
    counts: npt.ArrayLike | None = None,
) -> Incidence:
    """Cumulative incidence of each cause (METRICS C4): the sum over earlier ages of S(just before) x ended / at risk.

    ``causes``: 0 is still open; other arguments as of `ends`.
    """
    return incidence(ends(durations, causes, entry, counts))


def incidence(found: Ends) -> Incidence:
    stay = survival(found)
    before = np.concatenate(([1.0], stay.values[:-1]))
    curves = {}
    for cause, ended in found.ended.items():
        share = np.minimum(np.cumsum(before * share_of(ended, found.at_risk)), 1)
        se = np.sqrt(incidence_variance(share, before, ended, found))
        curves[cause] = Curve(found.times, share, se, found.at_risk, start=0.0)
    return Incidence(stay, curves)


def incidence_variance(share: Floats, before: Floats, ended: Ints, found: Ends) -> Floats:
    """Variance of a cumulative incidence by the delta method (Marubini and Valsecchi 1995), as statsmodels has it.

    Summed over ages s up to t: (F(t) - F(s))² d/(Y(Y-d)) + S(s-)² e(Y-e)/Y³ - 2 (F(t) - F(s)) S(s-) e/Y², with d ended
    by any cause and e by this one of Y at risk; multiplied out, so that running sums are enough.
    """
    at_risk = np.maximum(found.at_risk, 1).astype(float)
    any_cause = greenwood(found.any_cause, found.at_risk)
    own = before**2 * ended * (at_risk - ended) / at_risk**3
    both = before * ended / at_risk**2
    total = share**2 * any_cause.cumsum() - 2 * share * (share * any_cause).cumsum() + (share**2 * any_cause).cumsum()
    total += own.cumsum() - 2 * share * both.cumsum() + 2 * (share * both).cumsum()
    return np.maximum(total, 0)


def win_chance(curve: Incidence, age: npt.ArrayLike, horizon: float | None = None, cause: int = WON) -> Floats:
    """The chance that what is still open at ``age`` ends by ``cause``, ever or within ``horizon`` from there (METRICS
    P3): (F(later) - F(age)) / S(age).

    One chance an age; NaN where nobody is left by then. "Ever" means by the oldest age seen.
    """
    ages = np.asarray(age, dtype=float)
    share = curve.of(cause)
    later = np.full(ages.shape, np.inf) if horizon is None else ages + horizon
    left = curve.survival.at(ages)
    open_then = left > ALMOST
    chance = np.full(ages.shape, np.nan)
    np.divide(share.at(later) - share.at(ages), left, out=chance, where=open_then)
    # Sums of shares miss 0 and 1 by their last digit.
    return np.clip(chance, 0, 1)
