"""How sure a share is, from its two counts alone."""

from math import sqrt
from typing import NamedTuple

Z_95 = 1.959963984540054


class Share(NamedTuple):
    """A ratio and the bounds of its 95 % interval."""

    rate: float | None
    low: float | None
    high: float | None


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
