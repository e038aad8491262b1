"""The stages an opportunity goes through, as the organisation has set them up.

What a stage stands for (its name, probability and forecast category) is read from here everywhere.
"""

from datetime import datetime
from typing import Any

from django.db import transaction

from crm.access import require
from crm.editing import put
from crm.errors import BusinessError
from crm.models import User
from leads.access import may_set_up_pipeline
from leads.models import DealStage, ForecastCategory, Opportunity, PipelineStage

FIRST: dict[DealStage, tuple[int, ForecastCategory]] = {
    DealStage.DISCOVERY: (10, ForecastCategory.PIPELINE),
    DealStage.SOLUTION: (25, ForecastCategory.PIPELINE),
    DealStage.PROOF: (40, ForecastCategory.BEST_CASE),
    DealStage.PROPOSAL: (60, ForecastCategory.MOST_LIKELY),
    DealStage.NEGOTIATION: (80, ForecastCategory.COMMIT),
    DealStage.WON: (100, ForecastCategory.CLOSED),
    DealStage.LOST: (0, ForecastCategory.OMITTED),
}
# What follows the stage until a person says otherwise.
PROMISED = ("probability", "forecast_category")
BRING_ALONG = """
    WITH moved AS (
        UPDATE leads_opportunity SET {field} = %(after)s, updated_at = %(at)s
        WHERE stage = %(stage)s AND outcome = '' AND {field} = %(before)s RETURNING id, lead_id
    )
    INSERT INTO crm_change (topic, object_id)
    SELECT 'opportunity', id FROM moved UNION ALL SELECT DISTINCT 'lead', lead_id FROM moved WHERE lead_id IS NOT NULL
"""


def pipeline() -> dict[str, PipelineStage]:
    """Every stage with its settings, in order, the retired ones included."""
    return {row.stage: row for row in PipelineStage.objects.all()}


def open_stages(stages: dict[str, PipelineStage]) -> list[PipelineStage]:
    """The stages that are offered to an open opportunity, in order."""
    return [row for row in stages.values() if row.is_open and not row.retired]


def first_stage() -> PipelineStage:
    return open_stages(pipeline())[0]


def require_offered(stages: dict[str, PipelineStage], stage: str) -> PipelineStage:
    """The settings of a stage that an opportunity may be taken to; BusinessError for any other."""
    row = stages.get(stage)
    if row is None:
        raise BusinessError("There is no such stage.", code="unknown_stage")
    if not row.is_open:
        raise BusinessError("Won and lost have an action of their own: close.", code="use_action")
    if row.retired:
        raise BusinessError(f"“{row.label}” is no longer used; choose another stage.", code="retired_stage")
    return row


def promise_of(row: PipelineStage) -> dict[str, Any]:
    """What an opportunity is worth that stands there."""
    return {name: getattr(row, name) for name in PROMISED}


def follow(opportunity: Opportunity, before: PipelineStage | None, after: PipelineStage) -> None:
    """Give the opportunity what ``after`` stands for, but keep what a person had set against ``before``."""
    for name in PROMISED:
        if before is None or getattr(opportunity, name) == getattr(before, name):
            setattr(opportunity, name, getattr(after, name))


@transaction.atomic
def edit_stage(row: PipelineStage, *, by: User, at: datetime, **fields: Any) -> PipelineStage:
    """Rename a stage, set what it stands for, retire it or bring it back.

    Open opportunities in it that still have the former probability or forecast category get the new one. Won and lost
    keep what they stand for. Raises NotAllowed, BusinessError, ValidationError.
    """
    require(may_set_up_pipeline(by), "Only sales managers and admins set up the pipeline.")
    # All of them: of two people who retire the last two open stages one must see the other.
    stages = {stage.pk: stage for stage in PipelineStage.objects.select_for_update().order_by("position")}
    row = stages[row.pk]
    check_setting(row, fields, others=[stage for stage in stages.values() if stage.pk != row.pk])
    before = promise_of(row)
    if fresh := put(row, fields):
        row.save(update_fields=fresh)
    for name in PROMISED:
        if row.is_open and getattr(row, name) != before[name]:
            bring_along(row, name, before=before[name], at=at)
    return row


def check_setting(row: PipelineStage, fields: dict[str, Any], *, others: list[PipelineStage]) -> None:
    if not row.is_open and any(fields.get(name, getattr(row, name)) != getattr(row, name) for name in PROMISED):
        raise BusinessError(f"{row.label} always stands for {row.probability} %.", code="fixed_stage")
    if fields.get("retired") and not (row.is_open and any(other.is_open and not other.retired for other in others)):
        raise BusinessError("At least one open stage stays, and won and lost are always used.", code="last_stage")
    name = fields.get("label", row.label).strip().casefold()
    if any(other.label.casefold() == name for other in others):
        raise BusinessError(f"Another stage is called “{fields['label'].strip()}” already.", code="label_taken")


def bring_along(row: PipelineStage, field: str, *, before: object, at: datetime) -> None:
    """Give what ``field`` is now to the opportunities of the stage that followed it, and tell the outbox of each."""
    values = {"after": getattr(row, field), "before": before, "stage": row.stage, "at": at}
    with transaction.get_connection().cursor() as sql:
        sql.execute(BRING_ALONG.format(field=field), values)


def seed_pipeline(**_signal: Any) -> None:
    """Fill an empty table, after `migrate`; one that people have edited is left alone."""
    if not PipelineStage.objects.exists():
        PipelineStage.objects.bulk_create(
            PipelineStage(
                stage=stage,
                label=str(stage.label),
                probability=probability,
                forecast_category=category,
                position=position,
            )
            for position, (stage, (probability, category)) in enumerate(FIRST.items())
        )
