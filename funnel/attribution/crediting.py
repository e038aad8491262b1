"""How a won deal is shared among the touches before it (METRICS T1 to T8): touches in, shares and cents out.

All deals at once, in columns: of touches in the order (deal, time), of deals by their number. Every deal here has at
least one touch. Moments are whole microseconds.

A milestone is held by the last touch at or before it, by the first touch where there is none so early. A touch that
holds several has their weights added; where no touch is left for the rest, the others are scaled up to the whole.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from funnel.models.ledger import AttributionModel

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SESSION_US = 30 * 60 * 1_000_000
DAY_US = 86_400 * 1_000_000


@dataclass(frozen=True)
class Paths:
    """Touches ``deal``, ``at``; for each deal when its first lead was captured, when it was opened, its value in
    cents, and the half-life in days of its time decay."""

    deal: Ints
    at: Ints
    captured_at: Ints
    opened_at: Ints
    cents: Ints
    half_life: Floats

    @cached_property
    def starts(self) -> Ints:
        """The number of each deal's first touch."""
        return np.searchsorted(self.deal, np.arange(len(self.cents)))

    @cached_property
    def lasts(self) -> Ints:
        return np.append(self.starts[1:], len(self.deal)) - 1

    def last_until(self, moment: Ints) -> Ints:
        """For each deal its last touch at or before a moment, else its first."""
        earlier = np.bincount(self.deal, weights=self.at <= moment[self.deal], minlength=len(self.cents))
        return self.starts + np.maximum(earlier.astype(np.int64) - 1, 0)


def once_a_session(deal: Ints, channel: Ints, at: Ints) -> NDArray[np.bool_]:
    """Which touches count: within 30 minutes after one that does, another of its channel and deal does not.

    Touches in the order (deal, time), channels as small whole numbers.
    """
    kept = np.zeros(len(at), bool)
    if not len(at):
        return kept
    order = np.lexsort((at, channel, deal))
    series = np.append(0, np.cumsum((np.diff(deal[order]) != 0) | (np.diff(channel[order]) != 0)))
    moments, place = np.unique(at[order], return_inverse=True)
    keys = series * (len(moments) + 1) + place
    until = series * (len(moments) + 1) + np.searchsorted(moments, at[order] + SESSION_US)
    following = np.searchsorted(keys, until)
    counting = np.flatnonzero(np.append(True, np.diff(series) != 0))
    while len(counting):
        kept[order[counting]] = True
        after = following[counting]
        inside = after < len(series)
        counting = after[inside][series[after[inside]] == series[counting[inside]]]
    return kept


def shares(paths: Paths) -> dict[str, Floats]:
    """By model the share 0–1 of every touch; the shares of a deal add up to 1."""
    first, last = paths.starts, paths.lasts
    lead, opened = paths.last_until(paths.captured_at), paths.last_until(paths.opened_at)
    return {
        AttributionModel.FIRST: milestones(paths, [(first, 1.0)], rest=0),
        AttributionModel.LAST: milestones(paths, [(last, 1.0)], rest=0),
        AttributionModel.LINEAR: whole(paths, np.ones(len(paths.deal))),
        AttributionModel.TIME_DECAY: time_decay(paths),
        AttributionModel.POSITION: milestones(paths, [(first, 0.4), (last, 0.4)], rest=0.2),
        AttributionModel.U_SHAPED: milestones(paths, [(first, 0.4), (lead, 0.4)], rest=0.2),
        AttributionModel.W_SHAPED: milestones(paths, [(first, 0.3), (lead, 0.3), (opened, 0.3)], rest=0.1),
        AttributionModel.FULL_PATH: milestones(
            paths, [(first, 0.225), (lead, 0.225), (opened, 0.225), (last, 0.225)], rest=0.1
        ),
    }


def milestones(paths: Paths, weights: Sequence[tuple[Ints, float]], *, rest: float) -> Floats:
    """Weights for the touches that hold a milestone, ``rest`` shared evenly by the others."""
    given = np.zeros(len(paths.deal))
    for touch, weight in weights:
        given[touch] += weight
    others = given == 0
    many = np.add.reduceat(others.astype(np.int64), paths.starts)
    return whole(paths, np.where(others, rest / np.maximum(many, 1)[paths.deal], given))


def time_decay(paths: Paths) -> Floats:
    """T5: 2^(−days before the close / half-life), counted from the last touch, which changes no share."""
    days = (paths.at[paths.lasts][paths.deal] - paths.at) / DAY_US
    return whole(paths, np.exp2(-days / paths.half_life[paths.deal]))


def whole(paths: Paths, weights: Floats) -> Floats:
    """Weights scaled so that those of each deal add up to 1."""
    return weights / np.add.reduceat(weights, paths.starts)[paths.deal]


def in_cents(paths: Paths, share: Floats) -> Ints:
    """What each touch gets; those of a deal add up to its value (largest remainder, then who came first)."""
    exact = share * paths.cents[paths.deal]
    cents = np.floor(exact).astype(np.int64)
    left = paths.cents - np.add.reduceat(cents, paths.starts)
    # Floats of a very large value may lie a hair above: then the smallest remainders give theirs back.
    given_back = np.minimum(left, 0)
    most = np.lexsort((paths.at, cents - exact, paths.deal))
    least = np.lexsort((paths.at, exact - cents, cents == 0, paths.deal))
    place = np.arange(len(cents)) - paths.starts[paths.deal]
    cents[most] += place < left[paths.deal]
    cents[least] -= place < -given_back[paths.deal]
    return cents
