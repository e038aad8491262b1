"""Leads that stand still: longer in their stage than nine in ten of those that were won (METRICS V9)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import (
    Aggregate,
    BigIntegerField,
    Case,
    Count,
    ExpressionWrapper,
    F,
    FloatField,
    Func,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce

from crm.intervals import ENOUGH
from funnel.models import LeadFact
from funnel.reports.counts import fact_key
from funnel.reports.question import Question
from funnel.times.lengths import STAGES_IN_ORDER, between, episodes


class NinthTenth(Aggregate):
    function = "percentile_cont"
    template = "%(function)s(0.9) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


@dataclass(frozen=True)
class Standing:
    """Those of a key that stand in a stage now, and of them those that stand there too long."""

    now: int = 0
    stalled: int = 0


def longest_stays() -> dict[str, float]:
    """Within how many microseconds nine in ten won leads were through each stage; left out where too few were."""
    won = LeadFact.objects.filter(customer_at__isnull=False)
    measured = won.aggregate(
        **{f"n_{stage}": Count(f"{stage}_us") for stage in STAGES_IN_ORDER},
        **{f"p90_{stage}": NinthTenth(f"{stage}_us") for stage in STAGES_IN_ORDER},
    )
    return {stage.value: measured[f"p90_{stage}"] for stage in STAGES_IN_ORDER if measured[f"n_{stage}"] >= ENOUGH}


def standing(question: Question, longest: dict[str, float], *, at: datetime) -> dict[tuple[str | None, str], Standing]:
    """By key and stage: who stands there at ``at``."""
    everybody: QuerySet[Any, Any] = episodes(question).exclude(open_clock="")
    open_ones = everybody.annotate(of=fact_key(question, "began_on"))
    grouped = with_stay(open_ones, longest, at=at).values_list("of", "stage")
    counted = grouped.annotate(now=Count("lead_id"), too_long=Count("lead_id", filter=TOO_LONG)).order_by()
    return {(key, stage): Standing(now, too_long) for key, stage, now, too_long in counted}


TOO_LONG = Q(stay_us__gt=F("longest_us"))


def stalled(facts: QuerySet[LeadFact], stage: str, *, at: datetime) -> QuerySet[LeadFact]:
    """Those of the facts that stand in this stage too long."""
    open_ones = facts.filter(stage=stage).exclude(open_clock="")
    return with_stay(open_ones, longest_stays(), at=at).filter(TOO_LONG)


def with_stay(facts: QuerySet[Any, Any], longest: dict[str, float], *, at: datetime) -> QuerySet[Any, Any]:
    """Each with ``stay_us``, how long it has been in its stage over all visits, and the ``longest_us`` of won ones."""
    before = by_stage({stage.value: Coalesce(F(f"{stage}_us"), 0) for stage in STAGES_IN_ORDER})
    now = Func(between(F("open_since"), Value(at)), Value(0), function="greatest", output_field=BigIntegerField())
    return facts.annotate(
        stay_us=ExpressionWrapper(before + now, output_field=BigIntegerField()),
        longest_us=by_stage({stage: Value(int(longest_us)) for stage, longest_us in longest.items()}),
    )


def by_stage(values: dict[str, Any]) -> Combinable:
    chosen = (When(stage=stage, then=value) for stage, value in values.items())
    return Case(*chosen, default=None, output_field=BigIntegerField())
