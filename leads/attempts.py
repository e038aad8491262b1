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
