"""What an open deal is likely to become: the chance that it is won, by its stage and age, from the deals that ended.

Deals of a stage are those that ever stood in it, watched from the age at which they came there (METRICS C4, P3).
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from math import sqrt
from typing import Any

import numpy as np

from crm.intervals import Z_95
from funnel.deals.relation import Values, rows, source, values_of
from funnel.statistics.survival import LOST, WON, Incidence, aalen_johansen, win_chance
from leads.models import DealStage
from leads.models.opportunity import Outcome

# From so many ended deals on a curve is believed, a stage's own and that of all together.
ENOUGH_ENDED = 30
# Older deals have the chance of this age, some six years.
OLDEST = 2_200
OPEN_STAGES = tuple(stage for stage in DealStage.values if stage not in Outcome.values)

# Ages in days, with why they ended (0: open still), of all deals and of those of a stage; a deal that came to its stage
# on the day it ended was never seen there.
ENDS_OF_ALL = """SELECT '' AS stage, 0 AS entry, {age} AS age, {cause} AS cause, count(*) AS deals
    FROM {deals} d WHERE d.opened_on IS NOT NULL GROUP BY 3, 4"""
ENDS_BY_STAGE = """
    WITH version AS (
        SELECT event.pgh_obj_id AS id, event.stage,
            lag(event.pgh_created_at) OVER (PARTITION BY event.pgh_obj_id ORDER BY event.pgh_id) AS since
        FROM leads_opportunityevent event
        WHERE event.pgh_label = 'update' AND event.pgh_created_at < %(until)s
    ),
    entered AS (
        SELECT version.id, version.stage, min(coalesce(version.since, o.opened_at)) AS at
        FROM version JOIN leads_opportunity o ON o.id = version.id
        WHERE version.stage NOT IN ('won', 'lost') GROUP BY 1, 2
    )
    SELECT entered.stage, least(greatest((entered.at AT TIME ZONE %(zone)s)::date - d.opened_on, 0), {age}) AS entry,
        {age} AS age, {cause} AS cause, count(*) AS deals
    FROM entered JOIN {deals} d ON d.id = entered.id
    WHERE d.opened_on IS NOT NULL GROUP BY 1, 2, 3, 4"""
AGE = "greatest(coalesce(d.closed_on, %(on)s::date) - d.opened_on, 0)"
CAUSE = f"CASE d.outcome WHEN '{Outcome.WON}' THEN {WON} WHEN '{Outcome.LOST}' THEN {LOST} ELSE 0 END"


@dataclass(frozen=True)
class Curve:
    """How the deals of a stage ended by age. ``ended``: of how many that is told; ``trusted``: up to which age."""

    incidence: Incidence
    ended: int
    trusted: int


@dataclass(frozen=True)
class Chances:
    """The curves there are enough deals for: by stage, and of all together under ""; what was ``ended`` by stage."""

    curves: dict[str, Curve] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)

    def curve(self, stage: str) -> Curve | None:
        """The stage's own, else that of all together."""
        return self.curves.get(stage) or self.curves.get("")

    def of(self, stage: str, ages: Iterable[int], horizon: int | None = None) -> list[float | None]:
        """The chance at each age to be won, ever or within so many days; None where nothing can be told.

        Beyond the last age at which ten deals were still watched it is that of that age.
        """
        wanted = np.asarray(list(ages))
        curve = self.curve(stage)
        if curve is None:
            return [None] * len(wanted)
        known = np.arange(curve.trusted + 1)
        chance = carried(win_chance(curve.incidence, known, horizon))
        return [float(value) for value in chance[np.clip(wanted, 0, curve.trusted)]]

    def values(self, horizon: int | None = None) -> Values:
        """What CHANCE takes: a chance for every stage and age."""
        if not self.curves:
            return {"stages": [], "ages": [], "chances": [], "oldest": 0}
        oldest = max(curve.trusted for curve in self.curves.values())
        ages = range(oldest + 1)
        told = {stage: self.of(stage, ages, horizon) for stage in ("", *OPEN_STAGES)}
        found = [(stage, age, value) for stage, column in told.items() for age, value in zip(ages, column, strict=True)]
        known = [row for row in found if row[2] is not None]
        return {
            "stages": [stage for stage, _age, _chance in known],
            "ages": [age for _stage, age, _chance in known],
            "chances": [chance for _stage, _age, chance in known],
            "oldest": oldest,
        }

    @property
    def note(self) -> str:
        """What the chances are made of."""
        if not self.curves:
            return (
                f"Too few opportunities have closed to learn chances from ({self.ended.get('', 0)} of {ENOUGH_ENDED}): "
                "each is weighted by the probability that is set on it."
            )
        others = [stage for stage in OPEN_STAGES if stage not in self.curves]
        said = f"Chances by stage and age, from {self.ended.get('', 0):,} closed opportunities"
        if len(others) == len(OPEN_STAGES):
            return f"{said.replace('by stage and age', 'by age')}: too few of any one stage to tell stages apart."
        if others:
            counts = ", ".join(
                f"{DealStage(stage).label} {self.ended.get(stage, 0)} of {ENOUGH_ENDED}" for stage in others
            )
            return f"{said}; where too few ended ({counts}), those of all stages together."
        return f"{said}."


# The chance of a deal `d`: by curve, else what is set on it.
CHANCE = """LEFT JOIN unnest(%(stages)s::text[], %(ages)s::int[], %(chances)s::float8[]) AS chance (stage, age, p)
        ON chance.stage = CASE WHEN d.stage IN ({stages}) THEN d.stage ELSE '' END
        AND chance.age = least(greatest(d.age_days, 0), %(oldest)s)""".replace(
    "{stages}", ", ".join(f"'{stage}'" for stage in OPEN_STAGES)
)
P = "coalesce(chance.p, d.probability / 100.0)"
WEIGHTED = f"sum(coalesce(d.amount, 0)::float8 * {P})"
# Var of the sum of what each deal brings, all or nothing (METRICS P3); deals decide independently of each other.
VARIANCE = f"sum(coalesce(d.amount, 0)::float8 ^ 2 * {P} * (1 - {P}))"


def chances(on: date, *, at: datetime) -> Chances:
    """As they could be told at the end of the day ``on``."""
    deals, values = source(on, at=at), values_of(on)
    statements = [ENDS_OF_ALL, ENDS_BY_STAGE]
    by_stage: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for statement in statements:
        for row in rows(statement.format(deals=deals, age=AGE, cause=CAUSE), values):
            by_stage[row["stage"]].append(row)
    ended = {
        stage: sum(row["deals"] for row in found if row["cause"])
        for stage, found in by_stage.items()
        if stage in ("", *OPEN_STAGES)
    }
    return Chances({stage: curve_of(by_stage[stage], n) for stage, n in ended.items() if n >= ENOUGH_ENDED}, ended)


def curve_of(found: list[dict[str, Any]], ended: int) -> Curve:
    columns = {name: [row[name] for row in found] for name in ("age", "cause", "entry", "deals")}
    incidence = aalen_johansen(columns["age"], columns["cause"], columns["entry"], columns["deals"])
    trusted = incidence.survival.trusted_until
    return Curve(incidence, ended, int(min(max(trusted, 0), OLDEST)))


def carried(chance: Any) -> Any:
    """Where nobody is left the last chance there was; 0 where there never was one."""
    known = np.maximum.accumulate(np.where(np.isnan(chance), 0, np.arange(len(chance))))
    return np.nan_to_num(chance[known])


def likely(value: float, variance: float, *, least: float = 0.0, most: float = float("inf")) -> tuple[float, float]:
    """Bounds within which a weighted value lies 95 times of 100, as the normal curve has it."""
    reach = Z_95 * sqrt(max(variance, 0.0))
    return max(value - reach, least), min(value + reach, most)
