"""Many logs told at once, for a rebuild: what funnel/facts/sql.py tells of an episode, in memory and ten times faster.

Told are logs of which every row counts: no undone rows, no merged leads. Those are the few that SQL tells. That both
tell the same of any history is held by tests/funnel/test_random_histories.py.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from funnel.facts.binary import Column, read_numbers, write_rows
from funnel.facts.sql import LOGS, NO_NUMBER, NO_TIME, OFFSETS, STAGES, TIMED, TOLD_AT, TOLD_TABLE
from leads.lifecycle import SUCCESS, Stage

Numbers = NDArray[np.int64]

# No moment, no day, no number: the greatest of its kind, which PostgreSQL calls infinity where it is a date.
NEVER, NO_DAY = NO_TIME, NO_NUMBER
A_DAY = 86_400_000_000
PLACE = {stage: place for place, stage in enumerate(STAGES, start=1)}


@dataclass(frozen=True)
class LocalDays:
    """The days of a zone. ``changes``: moments at which its distance to UTC changes, ``offsets``: the distance then."""

    changes: Numbers
    offsets: Numbers

    @classmethod
    def of(cls, sql: Any, zone: str, moments: Numbers) -> "LocalDays":
        """As the database reckons them, from the first of the moments to the last."""
        samples = np.arange(moments.min() - A_DAY, moments.max() + A_DAY, A_DAY)
        for step in STEPS:
            offsets = offsets_of(sql, zone, samples)
            changing = np.flatnonzero(np.diff(offsets))
            between = [np.arange(samples[place], samples[place + 1], step) for place in changing]
            samples = np.unique(np.concatenate([samples[:1], *between, samples[changing + 1]]))
        return cls(samples, offsets_of(sql, zone, samples))

    def __call__(self, moments: Numbers) -> NDArray[np.int32]:
        known = np.where(moments == NEVER, 0, moments)
        at = np.maximum(np.searchsorted(self.changes, known, side="right") - 1, 0)
        return np.where(moments == NEVER, NO_DAY, (known + self.offsets[at]) // A_DAY).astype(np.int32)


# How closely a change of offset is looked for: on its day, in its hour, in its minute.
STEPS = (3_600_000_000, 60_000_000, 1_000_000)


def offsets_of(sql: Any, zone: str, moments: Numbers) -> Numbers:
    """Microseconds between UTC and the zone at each of the moments."""
    sql.execute(OFFSETS, {"zone": zone, "moments": moments.tolist()})
    return np.array(sql.fetchall(), dtype=np.int64).ravel()


@dataclass(frozen=True)
class Logs:
    """Rows of logs, lead by lead in their order; ``first``: where each episode begins among them."""

    lead: Numbers
    episode: Numbers
    at: Numbers
    stage: Numbers
    version: Numbers
    first: Numbers

    @classmethod
    def of(cls, rows: dict[str, NDArray[Any]]) -> "Logs":
        begins = np.ones(len(rows["at"]), dtype=bool)
        begins[1:] = (np.diff(rows["lead_id"]) != 0) | (np.diff(rows["episode"]) != 0)
        lead, episode, at, stage, version = (rows[name].astype(np.int64) for name in LOG_COLUMNS)
        return cls(lead, episode, at, stage, version, np.flatnonzero(begins))

    @property
    def leads(self) -> dict[str, int]:
        """The range of ids that they are of."""
        return {"low": int(self.lead[0]), "high": int(self.lead[-1])}

    @property
    def last(self) -> Numbers:
        """Where each episode ends."""
        return np.append(self.first[1:], len(self.at)) - 1

    def least(self, numbers: Numbers, where: NDArray[np.bool_]) -> Numbers:
        """The least of some of each episode's numbers, NEVER without one."""
        return np.asarray(np.minimum.reduceat(np.where(where, numbers, NEVER), self.first))


LOG_COLUMNS = {"lead_id": "i8", "episode": "i2", "at": "i8", "stage": "i2", "definition_version": "i4"}


def read_logs(low: int, high: int, *, but_not: Numbers) -> Logs | None:
    """The logs of the leads ``low`` to ``high`` without those of ``but_not``; None: there are none."""
    with connection.cursor() as sql:
        rows = read_numbers(sql, LOGS.format(low=low, high=high), LOG_COLUMNS)
    plain = np.isin(rows["lead_id"], but_not, invert=True)
    return Logs.of({name: column[plain] for name, column in rows.items()}) if plain.any() else None


def copy_told(sql: Any, logs: Logs, *, zone: str) -> None:
    """The episodes of these logs into TOLD_TABLE."""
    write_rows(sql, TOLD_TABLE, told(logs, LocalDays.of(sql, zone, logs.at)))


def told(logs: Logs, days: LocalDays) -> dict[str, Column]:
    """The columns of TOLD_TABLE, a row an episode."""
    running = np.append(np.diff(logs.lead) != 0, True)
    until = np.append(logs.at[1:], NEVER)
    reached = {stage: logs.least(logs.at, logs.stage == PLACE[stage]) for stage in (*SUCCESS, Stage.LOST)}
    at = {"began_at": logs.at[logs.first], **{f"{stage}_at": first for stage, first in reached.items()}}
    at["stage_at"] = logs.at[logs.last]
    stage = logs.stage[logs.last]
    version = logs.least(logs.version, logs.stage == PLACE[Stage.MQL])
    return {
        "lead_id": logs.lead[logs.first],
        "episode": logs.episode[logs.first].astype(np.int16),
        **at,
        **{name.replace("_at", "_on"): days(at[name]) for name in TOLD_AT if name != "lost_at"},
        **{f"{stage}_us": time_in(logs, (logs.stage == PLACE[stage]) & ~running, until) for stage in TIMED},
        "stage": stage.astype(np.int16),
        "running_stage": np.where(running[logs.last], stage, 0).astype(np.int16),
        "definition_version": version.clip(max=NO_NUMBER).astype(np.int32),
        "is_won": is_first_won(logs.lead[logs.first], reached[Stage.CUSTOMER]).astype(np.int8),
    }  # fmt: skip


def time_in(logs: Logs, visits: NDArray[np.bool_], until: Numbers) -> Numbers:
    """Microseconds that each episode's ``visits`` lasted, NEVER without one."""
    times = np.add.reduceat(np.where(visits, until - logs.at, 0), logs.first)
    return np.where(np.logical_or.reduceat(visits, logs.first), times, NEVER)


def is_first_won(lead: Numbers, won_at: Numbers) -> NDArray[np.bool_]:
    """Whether this is the lead's first episode that became a customer."""
    first = np.zeros(len(lead), dtype=bool)
    won = np.flatnonzero(won_at != NEVER)
    first[won[np.unique(lead[won], return_index=True)[1]]] = True
    return first
