"""Learning from fewer rows than there are: all of the rarer outcome, some of the other (METRICS.md L10)."""

from math import log

import numpy as np

from scoring.learning.table import Rows, Table


def thinned(table: Table, most: int) -> tuple[Table, float]:
    """A table of about ``most`` rows at most, and what to add to log-odds learnt from it.

    With all positives and a share b of the negatives, p = b p' / (b p' - p' + 1); in log-odds that is + ln b.
    """
    if len(table) <= most:
        return table, 0.0
    rows = [np.flatnonzero(table.labels == label) for label in (0, 1)]
    room = max(most // 2, most - min(len(rows[0]), len(rows[1])))
    negatives, positives = (evenly(these, room) for these in rows)
    kept = table.take(np.sort(np.concatenate([negatives, positives])))
    return kept, log(len(negatives) / len(rows[0])) - log(len(positives) / len(rows[1]))


def evenly(rows: Rows, most: int) -> Rows:
    """At most so many rows, spread over all of them."""
    if len(rows) <= most:
        return rows
    return rows[np.linspace(0, len(rows) - 1, most).round().astype(np.intp)]
