"""Percentiles of more values than one wants to sort: counts in buckets that grow by 2 % (DDSketch, METRICS V3).

Masson, Rim and Lee, VLDB 2019. Any percentile is at most 1 % off its value, and sketches add up to the sketch of the
whole. Below `EXACT_UP_TO` values PostgreSQL's percentile_cont is used instead.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from math import ceil, floor, log

EXACT_UP_TO = 100_000
ALPHA = 0.01
GAMMA = (1 + ALPHA) / (1 - ALPHA)

# (sign, key) of a bucket: positive values by size, negative ones by the size of what they lack, zero alone.
Bucket = tuple[int, int]


def key_of(size: float) -> int:
    """The bucket of a size > 0: the smallest k whose γ^k is not below it."""
    return ceil(log(size) / log(GAMMA))


def value_of(key: int) -> float:
    """What stands for a bucket: at most ALPHA off everything in it."""
    return 2 * GAMMA**key / (GAMMA + 1)


def bucket_of(value: float) -> Bucket:
    if not value:
        return 0, 0
    return (1, key_of(value)) if value > 0 else (-1, key_of(-value))


def bucket_value(bucket: Bucket) -> float:
    sign, key = bucket
    return sign * value_of(key) if sign else 0.0


class Sketch:
    """How many values fell into each bucket."""

    def __init__(self, counts: Mapping[Bucket, int] | None = None) -> None:
        self.counts: Counter[Bucket] = Counter(counts or {})

    @classmethod
    def of(cls, values: Iterable[float]) -> "Sketch":
        return cls(Counter(map(bucket_of, values)))

    def __add__(self, other: "Sketch") -> "Sketch":
        return Sketch(self.counts + other.counts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sketch) and self.counts == other.counts

    def __hash__(self) -> int:
        return hash(frozenset(self.counts.items()))

    def __len__(self) -> int:
        return self.counts.total()

    def quantile(self, share: float) -> float | None:
        """The value at rank ``share`` (n - 1), the lower of two neighbours; None of nothing."""
        rank, seen = floor(share * (len(self) - 1)), 0
        for value, count in sorted((bucket_value(bucket), count) for bucket, count in self.counts.items()):
            seen += count
            if seen > rank:
                return value
        return None
