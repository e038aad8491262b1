"""The chance of reaching a buyer at each attempt, and when trying again stops paying (METRICS A1 to A3).

Who was tried no more is censored at the last attempt; who converted or opted out without having been reached ended
otherwise, and can no longer be reached.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from crm.intervals import Share, share
from funnel.statistics.survival import ENOUGH_AT_RISK, Floats, aalen_johansen

GIVEN_UP, REACHED, ELSEWHERE = 0, 1, 2
PLATEAU = 0.9


@dataclass(frozen=True)
class Attempt:
    """The ``number``-th: how many got it, how many were reached by it; ``cumulative``: reached by then, with bounds."""

    number: int
    at_risk: int
    contacts: int
    cumulative: float
    low: float
    high: float

    @property
    def hazard(self) -> Share:
        """With its Wilson interval."""
        return share(self.contacts, self.at_risk)


def life_table(ended: Mapping[tuple[int, int], int]) -> list[Attempt]:
    """``ended``: how many had so many attempts (1 …) and ended so (GIVEN_UP, REACHED, ELSEWHERE).

    A row for each number of attempts up to the last, also where nobody ended.
    """
    if not ended:
        return []
    numbers, causes = (np.array(column) for column in zip(*ended, strict=True))
    counts = np.array(list(ended.values()))
    reached = aalen_johansen(numbers, causes, counts=counts).of(REACHED)
    rows = []
    for number in range(1, int(numbers.max()) + 1):
        place = int(np.searchsorted(reached.times, number, side="right")) - 1
        known = (reached.values[place], reached.low[place], reached.high[place]) if place >= 0 else (0.0, 0.0, 0.0)
        contacts = ended.get((number, REACHED), 0)
        rows.append(Attempt(number, int(counts[numbers >= number].sum()), contacts, *map(float, known)))
    return rows


def falling(values: Sequence[float], weights: Sequence[float]) -> Floats:
    """The nearest sequence that never rises (isotonic regression by pooling neighbours that do)."""
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        mean, total, many = value, weight, 1
        while pools and pools[-1][0] < mean:
            before, its_weight, its_many = pools.pop()
            mean = (before * its_weight + mean * total) / (its_weight + total)
            total, many = its_weight + total, its_many + many
        pools.append((mean, total, many))
    return np.repeat([mean for mean, _total, _many in pools], [many for _mean, _total, many in pools])


def trusted(table: Sequence[Attempt]) -> list[Attempt]:
    return [one for one in table if one.at_risk >= ENOUGH_AT_RISK]


def smoothed(table: Sequence[Attempt]) -> Floats:
    """The chance of each attempt, never rising."""
    return falling([one.contacts / one.at_risk for one in table], [one.at_risk for one in table])


def pays_until(table: Sequence[Attempt], *, value_of_contact: float, cost: float) -> int | None:
    """The last attempt whose chance is worth its cost (A3); 0 when not even the first is, None where few were tried."""
    told = trusted(table)
    if not told:
        return None
    worth = [
        one.number for one, chance in zip(told, smoothed(told), strict=True) if value_of_contact * chance >= cost - 1e-9
    ]
    return max(worth, default=0)


def plateau_at(table: Sequence[Attempt]) -> int | None:
    """The attempt by which nine in ten of those who can be reached were reached (A3); None where nobody was."""
    told = trusted(table)
    if not told or not told[-1].cumulative:
        return None
    return next(one.number for one in told if one.cumulative >= PLATEAU * told[-1].cumulative)
