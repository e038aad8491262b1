"""Opportunities that stand still: longer in a stage than nine in ten of those that were won (METRICS V9), or quiet."""

from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Q

from leads.models import Opportunity, PipelineStage

# Below so many stays of won opportunities nothing can be said about a stage.
ENOUGH_STAYS = 10
QUIET_AFTER = timedelta(days=14)

# An event holds the row as it was before a change. So of two neighbours with different stages the earlier one tells
# that the first stage was left, and when; the last stage was left when the opportunity was won.
STAYS = """
    WITH told AS (
        SELECT o.id, o.opened_at, o.closed_at, e.stage, e.pgh_id, e.pgh_created_at AS at,
            lead(e.stage, 1, o.stage) OVER history AS next_stage
        FROM leads_opportunity o JOIN leads_opportunityevent e ON e.pgh_obj_id = o.id
        WHERE o.outcome = 'won' AND o.opened_at IS NOT NULL AND e.pgh_label = 'update'
        WINDOW history AS (PARTITION BY o.id ORDER BY e.pgh_id)
    ),
    stay AS (
        SELECT id, stage,
            CASE WHEN next_stage = 'won' THEN closed_at ELSE at END
            - lag(at, 1, opened_at) OVER (PARTITION BY id ORDER BY pgh_id) AS length
        FROM told WHERE next_stage <> stage
    ),
    total AS (
        SELECT id, stage, sum(length) AS length FROM stay
        WHERE stage NOT IN ('won', 'lost') GROUP BY id, stage HAVING sum(length) >= interval '0'
    )
    SELECT stage, count(*), percentile_cont(0.9) WITHIN GROUP (ORDER BY length) FROM total GROUP BY stage
"""


def measure_stays() -> None:
    """Note with each stage how long the won opportunities stood there, all their visits added up."""
    with connection.cursor() as sql:
        sql.execute(STAYS)
        measured = {stage: (count, p90) for stage, count, p90 in sql.fetchall()}
    for row in PipelineStage.objects.all():
        count, p90 = measured.get(row.stage, (0, None))
        row.won_stays, row.stay_p90 = count, p90 if count >= ENOUGH_STAYS else None
        row.save(update_fields=["won_stays", "stay_p90"])


def is_stalled(opportunity: Opportunity, stages: dict[str, PipelineStage], *, at: datetime) -> bool | None:
    """Whether it stands in its stage longer than nine in ten won ones did; None: closed, or too few were won."""
    longest = stages[opportunity.stage].stay_p90
    if not opportunity.is_open or longest is None or opportunity.stage_since is None:
        return None
    return at - opportunity.stage_since > longest


def stalled(stages: dict[str, PipelineStage], *, at: datetime) -> Q:
    """The condition on opportunities that `is_stalled` tells of one."""
    slow = Q(pk__in=[])
    for row in stages.values():
        if row.stay_p90 is not None:
            slow |= Q(stage=row.stage, stage_since__lt=at - row.stay_p90)
    return Q(outcome="") & slow


def is_quiet(opportunity: Opportunity, *, at: datetime) -> bool:
    """Open, with nothing done for 14 days and nothing planned."""
    last = opportunity.last_activity_at or opportunity.opened_at or opportunity.created_at
    return opportunity.is_open and opportunity.next_step_at is None and last < at - QUIET_AFTER


def quiet(*, at: datetime) -> Q:
    """The condition on opportunities that `is_quiet` tells of one."""
    before = at - QUIET_AFTER
    unheard = Q(last_activity_at__lt=before)
    never = Q(last_activity_at__isnull=True)
    unheard |= never & (Q(opened_at__lt=before) | Q(opened_at__isnull=True, created_at__lt=before))
    return Q(outcome="", next_step_at__isnull=True) & unheard
