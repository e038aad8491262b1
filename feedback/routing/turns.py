"""Smooth weighted round robin (METRICS Q3): shares as agreed, nobody served twice in a row without need."""

from collections.abc import Mapping, MutableMapping


def take_turn(weights: Mapping[int, int], owed: MutableMapping[int, int]) -> int | None:
    """Whose turn it is among these; ``owed``, what each is owed, is brought up to date.

    Everybody asked is owed their weight more; who is owed most, of equals the lowest id, gets this one and pays for
    all. Weights 5, 1, 1 give a a b a c a a. None when nobody has a weight.
    """
    takers = {key: weight for key, weight in weights.items() if weight > 0}
    if not takers:
        return None
    for key, weight in takers.items():
        owed[key] = owed.get(key, 0) + weight
    chosen = min(takers, key=lambda key: (-owed[key], key))
    owed[chosen] -= sum(takers.values())
    return chosen
