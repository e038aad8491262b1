"""Working an opportunity: through its stages, to won or lost, and back when that was a mistake."""

from datetime import datetime
from typing import Any

from django.db import transaction

from crm.access import require
from crm.editing import make, present, put, refuse_stale
from crm.errors import BusinessError, StaleState
from crm.models import Organisation, User
from crm.outbox import record_change
from leads.access import may_convert, may_create_opportunities, may_work_opportunity
from leads.errors import CannotUndo
from leads.lifecycle import ReasonUse, Stage
from leads.models import DealStage, ForecastCategory, Lead, Opportunity, Outcome, Reason
from leads.models.opportunity import PROBABILITY
from leads.reasons import require_reason
from leads.transitions import last_effective, move_lead, undo_move

OPEN_STAGES = [stage for stage in DealStage if stage not in (DealStage.WON, DealStage.LOST)]


@transaction.atomic
def change_stage(opportunity: Opportunity, stage: str, *, by: User, at: datetime, seen: str = "") -> Opportunity:
    """Take an open opportunity to another open stage, with the probability that stage stands for.

    ``seen``: the stage the person looked at when deciding; StaleState when somebody has moved it since.
    """
    opportunity = locked(opportunity, by=by)
    if not opportunity.is_open:
        raise AlreadyClosed(opportunity)
    if seen and opportunity.stage not in (seen, stage):
        raise StaleState(f"Somebody moved this opportunity to “{opportunity.get_stage_display()}” meanwhile.")
    if stage not in OPEN_STAGES:
        raise BusinessError("Won and lost have an action of their own: close.", code="use_action")
    if opportunity.stage != stage:
        opportunity.stage, opportunity.stage_since = stage, at
        opportunity.probability = PROBABILITY[DealStage(stage)]
        save_changed(opportunity, "stage", "stage_since", "probability")
    return opportunity


@transaction.atomic
def create_opportunity(*, by: User, at: datetime, **fields: Any) -> Opportunity:
    """A new deal of its own, or a further one of a lead that was converted; of who makes it unless an owner is named.

    Company, contact and product are the lead's where none are given. Raises NotAllowed, BusinessError.
    """
    require(may_create_opportunities(by), "Only sales opens opportunities.")
    stage = fields.setdefault("stage", DealStage.DISCOVERY)
    if stage not in OPEN_STAGES:
        raise BusinessError("Won and lost have an action of their own: close.", code="use_action")
    lead = fields.get("lead")
    owner = fields.setdefault("owner", None if by.is_admin else by)
    standard = {
        "team": owner and owner.team,
        "opened_at": at,
        "stage_since": at,
        "probability": PROBABILITY[DealStage(stage)],
        "currency": Organisation.get().currency,
        **(of_lead(lead, by=by) if lead else {}),
    }
    opportunity = Opportunity(**{**standard, **fields})
    require(may_work_opportunity(by, opportunity), "You may open opportunities of your own or of your team.")
    make(opportunity)
    record_change("opportunity", [opportunity.pk])
    if lead:
        record_change("lead", [lead.pk])
    return opportunity


def of_lead(lead: Lead, *, by: User) -> dict[str, Any]:
    """What a further deal has from its lead, which must have been converted and not been lost."""
    lead = Lead.objects.select_for_update(of=("self",)).select_related("company", "contact").get(pk=lead.pk)
    require(may_convert(by, lead), "Only the owner of this lead or their manager may do that.")
    if lead.stage not in {Stage.OPPORTUNITY, Stage.CUSTOMER}:
        raise BusinessError("The first opportunity of a lead is made by converting it.", code="use_action")
    known = {"company": lead.company, "contact": lead.contact, "product": lead.product_interest}
    return {**known, "is_sample": lead.is_sample}


@transaction.atomic
def edit_opportunity(
    opportunity: Opportunity, *, by: User, at: datetime, seen: dict[str, Any] | None = None, **fields: Any
) -> Opportunity:
    """Change what people may set on an opportunity; its stage and outcome have actions of their own.

    A new owner brings their team. Raises StaleEdit when a field is not as the person has ``seen`` it.
    """
    opportunity = locked(opportunity, by=by)
    refuse_stale(opportunity, fields, seen)
    owner = fields.get("owner")
    if owner is not None and owner.pk != opportunity.owner_id:
        fields = {"team": owner.team, **fields}
    if fresh := put(opportunity, fields):
        save_changed(opportunity, *fresh)
    return opportunity


@transaction.atomic
def close_opportunity(
    opportunity: Opportunity, *, outcome: str, by: User, at: datetime, reason: Reason | None = None, note: str = ""
) -> Opportunity:
    """Won or lost. The first won deal makes the lead a customer; it is lost when no deal of it is open or won."""
    opportunity = locked(opportunity, by=by)
    if not opportunity.is_open:
        raise AlreadyClosed(opportunity)
    check_outcome(outcome, reason, note)
    opportunity.stage_before_close = opportunity.stage
    opportunity.stage = opportunity.outcome = outcome
    opportunity.closed_at = opportunity.stage_since = at
    opportunity.reason, opportunity.note = reason, note
    opportunity.probability = PROBABILITY[DealStage(outcome)]
    opportunity.forecast_category = ForecastCategory.CLOSED if outcome == Outcome.WON else ForecastCategory.OMITTED
    save_changed(opportunity)
    if opportunity.lead_id:
        close_lead(opportunity.lead_id, outcome, by=by, at=at, reason=reason)
    return opportunity


@transaction.atomic
def reopen_opportunity(opportunity: Opportunity, *, by: User, at: datetime) -> Opportunity:
    """Take back a close. If the lead was closed by it, that move is undone too; refused once the lead moved on."""
    opportunity = locked(opportunity, by=by)
    if opportunity.is_open:
        raise StaleState("This opportunity is open already.")
    opportunity.stage = opportunity.stage_before_close or DealStage.DISCOVERY
    opportunity.outcome, opportunity.closed_at, opportunity.reason = "", None, None
    opportunity.stage_since = at
    opportunity.probability = PROBABILITY[DealStage(opportunity.stage)]
    opportunity.forecast_category = ForecastCategory.PIPELINE
    save_changed(opportunity)
    if opportunity.lead_id:
        reopen_lead(opportunity.lead_id, by=by, at=at)
    return opportunity


def close_lead(lead_id: int, outcome: str, *, by: User, at: datetime, reason: Reason | None) -> None:
    """Move the lead with its opportunity, when this close decides its time round."""
    lead = Lead.objects.select_for_update().get(pk=lead_id)
    if lead.stage != Stage.OPPORTUNITY:
        return
    if outcome == Outcome.WON:
        move_lead(lead, Stage.CUSTOMER, by=by, at=at)
    elif not lead.opportunities.exclude(outcome=Outcome.LOST).exists():
        move_lead(lead, Stage.LOST, by=by, at=at, reason=reason)


def reopen_lead(lead_id: int, *, by: User, at: datetime) -> None:
    """Undo the lead's close unless another won deal keeps it a customer."""
    lead = Lead.objects.select_for_update().get(pk=lead_id)
    if lead.stage == Stage.CUSTOMER and lead.opportunities.filter(outcome=Outcome.WON).exists():
        return
    if lead.stage in {Stage.CUSTOMER, Stage.LOST}:
        undo_move(lead, last_effective(lead), by=by, at=at)
    elif lead.stage != Stage.OPPORTUNITY:
        raise CannotUndo(f"The lead has moved on to “{Stage(lead.stage).label}”; open a new opportunity instead.")


def check_outcome(outcome: str, reason: Reason | None, note: str) -> None:
    if outcome not in Outcome.values:
        raise BusinessError("An opportunity is closed as won or lost.", code="unknown_outcome")
    if outcome == Outcome.LOST:
        require_reason(ReasonUse.LOSS, reason, note, demand="Choose why it was lost.")


def locked(opportunity: Opportunity, *, by: User) -> Opportunity:
    """The present row, held until the transaction ends, if ``by`` may work it."""
    held = present(opportunity)
    require(may_work_opportunity(by, held), "Only the owner of this opportunity or their manager may do that.")
    return held


def save_changed(opportunity: Opportunity, *fields: str) -> None:
    opportunity.save(update_fields=[*fields, "updated_at"] if fields else None)
    record_change("opportunity", [opportunity.pk])
    if opportunity.lead_id:
        record_change("lead", [opportunity.lead_id])


class AlreadyClosed(StaleState):
    def __init__(self, opportunity: Opportunity) -> None:
        at = f"{opportunity.closed_at:%d %b %H:%M}" if opportunity.closed_at else ""
        super().__init__(f"This opportunity was {opportunity.outcome} on {at}.", outcome=opportunity.outcome)
