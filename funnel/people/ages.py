"""How long a person's open opportunities stand in their stage, beside what is usual of won ones (METRICS V9)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, DurationField, ExpressionWrapper, F, OuterRef, Q, Subquery, Value

from crm.models import User
from leads.models import Opportunity, PipelineStage
from leads.pipeline import pipeline
from leads.stalled import stalled

MOST_SHOWN = 10


@dataclass(frozen=True)
class Standing:
    """An open opportunity. ``stay``: so long in its stage; ``usual``: within it nine in ten won ones were through,
    None where too few were won."""

    deal: Opportunity
    stay: timedelta | None
    usual: timedelta | None

    @property
    def is_stalled(self) -> bool:
        return self.stay is not None and self.usual is not None and self.stay > self.usual


@dataclass(frozen=True)
class Ages:
    """Those that stand furthest beyond what is usual first; ``count``: of all, ``stalled``: of them longer than usual;
    ``untold``: in stages of which too little is known."""

    shown: list[Standing]
    count: int
    stalled: int
    untold: int


def ages(person: User, *, at: datetime) -> Ages:
    stages = pipeline()
    known = [stage for stage, row in stages.items() if row.stay_p90 is not None]
    own = Opportunity.objects.filter(owner=person, outcome="", archived_at__isnull=True)
    counts = own.order_by().aggregate(
        count=Count("pk"),
        stalled=Count("pk", filter=stalled(stages, at=at)),
        untold=Count("pk", filter=~Q(stage__in=known)),
    )
    usual = PipelineStage.objects.filter(stage=OuterRef("stage")).values("stay_p90")[:1]
    beyond = ExpressionWrapper(Value(at) - F("stage_since") - F("usual"), output_field=DurationField())
    found = own.annotate(usual=Subquery(usual)).annotate(beyond=beyond).select_related("company")
    found = found.order_by(F("beyond").desc(nulls_last=True), F("stage_since").asc(nulls_last=True), "pk")
    return Ages([standing(deal, stages[deal.stage].stay_p90, at=at) for deal in found[:MOST_SHOWN]], **counts)


def standing(deal: Opportunity, usual: timedelta | None, *, at: datetime) -> Standing:
    return Standing(deal, None if deal.stage_since is None else max(at - deal.stage_since, timedelta()), usual)
