"""How often we tried to reach the buyer, and whether we did (METRICS A4).

An attempt is an outbound call, e-mail or message by a person; automated mail is none. What is tried within half an hour
of an attempt's beginning, by whatever channel, is the same attempt. Counted from the day the lead was accepted this
time round.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce

from leads.lifecycle import Stage
from leads.models import Activity, Direction, Transition
from leads.models.work import ANSWERS, ATTEMPTS
from leads.united import united

ONE_ATTEMPT = timedelta(minutes=30)


@dataclass(frozen=True)
class Try:
    """What an activity means here: when, whether it reaches out, whether the buyer was heard."""

    at: datetime
    is_attempt: bool
    is_answer: bool


@dataclass(frozen=True)
class Attempts:
    """``count`` attempts; ``gap_hours``: the median between two, None with fewer than two; ``first_answer_at``."""

    count: int = 0
    gap_hours: float | None = None
    first_at: datetime | None = None
    last_at: datetime | None = None
    first_answer_at: datetime | None = None

    @property
    def is_connected(self) -> bool:
        return self.first_answer_at is not None


NONE = Attempts()


def try_of(kind: str, direction: str, outcome: str, at: datetime) -> Try:
    inbound = direction == Direction.INBOUND
    return Try(at, kind in ATTEMPTS and not inbound, inbound or outcome in ANSWERS)


def count_attempts(tries: Iterable[Try]) -> Attempts:
    """Pure: the figures of one lead, whatever the order of ``tries``."""
    ordered = sorted(tries, key=lambda one: one.at)
    begun = beginnings([one.at for one in ordered if one.is_attempt])
    gaps = [(after - before) / timedelta(hours=1) for before, after in pairwise(begun)]
    return Attempts(
        count=len(begun),
        gap_hours=median(gaps) if gaps else None,
        first_at=begun[0] if begun else None,
        last_at=begun[-1] if begun else None,
        first_answer_at=next((one.at for one in ordered if one.is_answer), None),
    )


def beginnings(moments: Sequence[datetime]) -> list[datetime]:
    """When each attempt began; ``moments`` in order."""
    begun: list[datetime] = []
    for at in moments:
        if not begun or at - begun[-1] >= ONE_ATTEMPT:
            begun.append(at)
    return begun


def micro_state(stage: str, attempts: Attempts) -> str:
    """Where an accepted lead stands: "" (not tried), "attempting", "connected"; "" in any other stage."""
    if stage != Stage.ACCEPTED:
        return ""
    return "connected" if attempts.is_connected else "attempting" if attempts.count else ""


def words(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in values)


# The same set-based. What an activity `a` of a person means: reaching out, the buyer heard.
IS_ATTEMPT = f"(a.kind IN ({words(ATTEMPTS)}) AND a.direction <> '{Direction.INBOUND}')"
IS_ANSWER = f"(a.direction = '{Direction.INBOUND}' OR a.outcome IN ({words(ANSWERS)}))"


def beginnings_sql(name: str, tried: str, of: str) -> str:
    """CTEs that end in ``name``: each attempt's beginning `at`, and its `number` from 1, of each ``of`` (columns).

    ``tried`` is a relation of those columns and `at`. A pause of half an hour begins an attempt whatever was before it;
    only within a longer row of tries without such a pause each beginning is looked for after the one before. The
    statement is WITH RECURSIVE.
    """
    same = " AND ".join(f"later.{column.strip()} = begun.{column.strip()}" for column in of.split(","))
    return f"""
    {name}_pause AS (
        SELECT {of}, at, lag(at) OVER row IS NULL OR at - lag(at) OVER row >= interval '{ONE_ATTEMPT}' AS rested
        FROM {tried} WINDOW row AS (PARTITION BY {of} ORDER BY at)
    ),
    {name}_row AS (
        SELECT {of}, at, rested, max(at) FILTER (WHERE rested) OVER (PARTITION BY {of} ORDER BY at) AS since
        FROM {name}_pause
    ),
    {name}_long AS MATERIALIZED (
        SELECT {of}, since, at FROM {name}_row WHERE at - since >= interval '{ONE_ATTEMPT}'
    ),
    {name}_later AS (
        SELECT {of}, since, min(at) AS at FROM {name}_long GROUP BY {of}, since
        UNION ALL
        SELECT {", ".join(f"begun.{column.strip()}" for column in of.split(","))}, begun.since, following.at
        FROM {name}_later begun
        CROSS JOIN LATERAL (
            SELECT later.at FROM {name}_long later
            WHERE {same} AND later.since = begun.since AND later.at - begun.at >= interval '{ONE_ATTEMPT}'
            ORDER BY later.at LIMIT 1
        ) following
    ),
    {name} AS (
        SELECT {of}, at, row_number() OVER (PARTITION BY {of} ORDER BY at) AS number
        FROM (
            SELECT {of}, at FROM {name}_row WHERE rested UNION ALL SELECT {of}, at FROM {name}_later
        ) every
    )"""


def attempts_of(lead_ids: Iterable[int]) -> dict[int, Attempts]:
    """The figures of many leads by two queries; a lead that is left out was not tried since it was accepted.

    What was tried on a lead that was merged counts for the one that stays.
    """
    family = united(lead_ids)
    accepted = Transition.objects.effective().filter(
        lead=OuterRef("read_as"), episode=OuterRef("read_as_episode"), to_stage=Stage.ACCEPTED
    )
    rows = (
        Activity.objects.order_by()
        .filter(lead__in=family, by__isnull=False)
        .alias(
            read_as=Coalesce("lead__merged_into", "lead"),
            read_as_episode=Coalesce("lead__merged_into__episode", "lead__episode"),
        )
        .alias(accepted_at=Subquery(accepted.order_by("-seq").values("at")[:1]))
        .filter(at__gte=F("accepted_at"))
        .values_list("lead", "kind", "direction", "outcome", "at")
    )
    tries: dict[int, list[Try]] = {}
    for lead, kind, direction, outcome, at in rows:
        tries.setdefault(family[lead], []).append(try_of(kind, direction, outcome, at))
    return {lead: count_attempts(of_lead) for lead, of_lead in tries.items()}
