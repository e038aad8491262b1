"""Whether wins gather at the end of a quarter (METRICS W1 to W7).

``weeks`` are counts by week of a quarter, first week first. A phase is where in the quarter something happens: the
weeks stand around a circle, the last beside the first, so that an echo into the next quarter lies beside its cause.
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from crm.intervals import Z_95

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# So many draws of quarters without a wave; the smallest p they can give is a little below 1 in so many.
DRAWS = 100_000
SEED = 13

# METRICS "Decided".
ENOUGH_WINS = 30
ENOUGH_QUARTERS = 3
QUARTERS_LOOKED_AT = 4
EVEN = 2 / 13
MILD_MONTH = 0.38
LIKELY_CHANCE = 0.05
# An echo is looked for over so many weeks, and at lags of at least up to so many.
BESIDE_EACH_OTHER, SHORTEST_LOOK = 26, 8

WAVE, MILD, NONE, UNKNOWN = "wave", "mild wave", "no wave", "not enough data"


class Phase(NamedTuple):
    """``r``: how far the weeks point one way, 0 (every week alike) to 1 (all in one); ``week``: so many weeks into the
    quarter lies their middle, 0 to 13."""

    r: float
    week: float


class Echo(NamedTuple):
    """How far two weekly series go together when the second is read ``lag`` weeks later, -1 to 1."""

    lag: int
    correlation: float
    weeks: int

    @property
    def is_likely_chance(self) -> bool:
        """Whether two series that have nothing to do with each other often come as close (Bartlett's bound)."""
        return abs(self.correlation) < Z_95 / self.weeks**0.5


class Quarter(NamedTuple):
    """What a verdict looks at in one quarter."""

    wins: int
    last_two_weeks_share: float
    month3_share: float


def gini(weeks: npt.ArrayLike) -> float:
    """W2: 0 when every week has the same, near 1 when one has all. NaN of nothing."""
    ordered = np.sort(np.asarray(weeks, dtype=float))
    size, total = len(ordered), ordered.sum()
    ranks = 2 * np.arange(1, size + 1) - size - 1
    return float(ranks @ ordered / (size * total)) if total else float("nan")


def variation(weeks: npt.ArrayLike) -> float:
    """W4: standard deviation of the weeks over their mean. NaN of nothing."""
    counts = np.asarray(weeks, dtype=float)
    return float(counts.std() / counts.mean()) if counts.any() else float("nan")


def directions(size: int) -> npt.NDArray[np.complex128]:
    """Where the middle of each of ``size`` weeks stands on the circle."""
    return np.exp(2j * np.pi * (np.arange(size) + 0.5) / size)


def phase(weeks: npt.ArrayLike) -> Phase:
    """W5. NaN of nothing."""
    counts = np.asarray(weeks, dtype=float)
    if not counts.sum():
        return Phase(float("nan"), float("nan"))
    mean = counts @ directions(len(counts)) / counts.sum()
    return Phase(float(abs(mean)), float(np.angle(mean) % (2 * np.pi) / (2 * np.pi) * len(counts)))


def phase_gap(one: npt.ArrayLike, other: npt.ArrayLike) -> float:
    """W6: so many weeks the middle of ``other`` follows that of ``one``, the short way round; negative: leads it."""
    size = len(np.asarray(one))
    return (phase(other).week - phase(one).week + size / 2) % size - size / 2


def chance_of_phase(weeks: npt.ArrayLike, days: npt.ArrayLike | None = None, draws: int = DRAWS) -> float:
    """W5: how often as many wins, strewn over the quarter by chance, point one way at least as far.

    ``days``: how long each week is (equally long). The draws are the same every time; Phipson and Smyth's p, never 0.
    """
    counts = np.asarray(weeks, dtype=np.int64)
    lengths = np.ones(len(counts)) if days is None else np.asarray(days, dtype=float)
    return _chance_of_phase(tuple(counts.tolist()), tuple(lengths.tolist()), draws)


@lru_cache(maxsize=512)
def _chance_of_phase(weeks: tuple[int, ...], days: tuple[float, ...], draws: int) -> float:
    counts, even, way = np.array(weeks), np.array(days) / sum(days), directions(len(weeks))
    # What a first week of six days lacks points somewhere, too.
    lean = counts.sum() * (even @ way)
    strewn = np.random.default_rng(SEED).multinomial(counts.sum(), even, size=draws)
    reached = np.count_nonzero(np.abs(strewn @ way - lean) >= abs(counts @ way - lean) - 1e-9)
    return float((1 + reached) / (1 + draws))


def echo(first: npt.ArrayLike, second: npt.ArrayLike, longest: int) -> Echo | None:
    """W7: the lag of 0 to ``longest`` weeks at which ``second`` follows ``first`` most closely.

    At every lag looked at 26 weeks lie beside each other. None where there are hardly more, or nothing varies.
    """
    causes, effects = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    longest = min(longest, len(causes) - BESIDE_EACH_OTHER)
    if longest < SHORTEST_LOOK:
        return None
    found = [
        Echo(lag, correlation(causes[: len(causes) - lag], effects[lag:]), len(causes) - lag)
        for lag in range(longest + 1)
    ]
    told = [one for one in found if np.isfinite(one.correlation)]
    return max(told, key=lambda one: one.correlation, default=None)


def correlation(one: Floats, other: Floats) -> float:
    """Pearson's, NaN where one of them does not vary."""
    if not one.std() or not other.std():
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


def verdict(quarters: Sequence[Quarter], chance: float) -> str:
    """METRICS "Decided", of the last four quarters with at least 30 wins; ``chance``: p of all of them together."""
    counted = [one for one in quarters if one.wins >= ENOUGH_WINS][-QUARTERS_LOOKED_AT:]
    if len(counted) < ENOUGH_QUARTERS:
        return UNKNOWN
    if chance >= LIKELY_CHANCE:
        return NONE
    if sum(one.last_two_weeks_share > 2 * EVEN for one in counted) >= ENOUGH_QUARTERS:
        return WAVE
    return MILD if sum(one.month3_share >= MILD_MONTH for one in counted) >= ENOUGH_QUARTERS else NONE
