"""How sure a share is, and the difference of two, from their counts alone."""

from math import hypot, sqrt
from typing import NamedTuple

Z_95 = 1.959963984540054
# Of fewer no rate is told (METRICS 1.9).
ENOUGH = 10


class Share(NamedTuple):
    """A ratio and the bounds of its 95 % interval."""

    rate: float | None
    low: float | None
    high: float | None


class Counted(NamedTuple):
    """The two counts that a rate is made of."""

    part: int
    whole: int

    @property
    def share(self) -> Share:
        return share(self.part, self.whole)

    @property
    def rate(self) -> float | None:
        return rate(self.part, self.whole)


class Difference(NamedTuple):
    """How much larger one ratio is than another, and the bounds of its 95 % interval."""

    rise: float
    low: float
    high: float

    @property
    def is_proven(self) -> bool:
        """Whether chance alone is no likely explanation: no difference lies outside the interval."""
        return self.low > 0 or self.high < 0


def rate(part: int, whole: int) -> float | None:
    """``part`` / ``whole``, None when there is nothing to divide by."""
    return part / whole if whole else None


def share(part: int, whole: int) -> Share:
    """The ratio with its Wilson interval (METRICS 1.9).

    Between periods more may pass on than came in; such a ratio exceeds 1, is no share of anything and has no interval.
    """
    if not whole or part > whole:
        return Share(rate(part, whole), None, None)
    return Share(part / whole, *wilson(part, whole))


def wilson(part: int, whole: int) -> tuple[float, float]:
    """Bounds of the Wilson score interval, 95 %, for ``part`` of ``whole`` > 0."""
    centre = part + Z_95**2 / 2
    reach = Z_95 * sqrt(part * (whole - part) / whole + Z_95**2 / 4)
    return max(0.0, (centre - reach) / (whole + Z_95**2)), min(1.0, (centre + reach) / (whole + Z_95**2))


def difference(before: tuple[int, int], after: tuple[int, int]) -> Difference:
    """How far the share rose from ``before`` to ``after``, each (part, whole > 0): Newcombe's score interval, 95 %.

    R. G. Newcombe, Statistics in Medicine 17 (1998) 873-890, method 10.
    """
    old, new = before[0] / before[1], after[0] / after[1]
    (old_low, old_high), (new_low, new_high) = wilson(*before), wilson(*after)
    rise = new - old
    return Difference(rise, rise - hypot(new - new_low, old_high - old), rise + hypot(new_high - new, old - old_low))
