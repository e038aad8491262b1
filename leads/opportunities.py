"""Working an opportunity: through its stages, to won or lost, and back when that was a mistake."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from crm.access import require
from crm.assigning import require_here
from crm.editing import last_write, make, present, put, refuse_stale
from crm.errors import BusinessError, StaleState
from crm.models import Organisation, User
from crm.outbox import record_change
from leads.access import may_convert, may_create_opportunities, may_work_opportunity
from leads.errors import Archived, CannotUndo
from leads.lifecycle import ReasonUse, Stage
from leads.models import Company, Contact, Lead, Opportunity, OpportunityPerson, Outcome, PipelineStage, Reason
from leads.next_steps import close_tasks, revive_tasks
from leads.pipeline import PROMISED, first_stage, follow, open_stages, pipeline, promise_of, require_offered
from leads.reasons import require_reason
from leads.subjects import refresh_pulse
from leads.transitions import last_effective, move_lead, undo_move
from leads.united import survivors, united_ids

NOT_YOURS = "Only the owner of this opportunity or their manager may do that."


@transaction.atomic
def change_stage(opportunity: Opportunity, stage: str, *, by: User, at: datetime, seen: str = "") -> Opportunity:
    """Take an open opportunity to another open stage.

    Probability and forecast category become what that stage stands for, unless a person had set them. ``seen``: the
    stage the person looked at when deciding; StaleState when somebody has moved it since.
    """
    opportunity = locked(opportunity, by=by)
    stages = pipeline()
    before = stages[opportunity.stage]
    if not opportunity.is_open:
        raise AlreadyClosed(opportunity)
    if seen and opportunity.stage not in (seen, stage):
        raise MovedMeanwhile(opportunity, before)
    if opportunity.stage == stage:
        return opportunity
    after = require_offered(stages, stage)
    opportunity.stage, opportunity.stage_since = stage, at
    follow(opportunity, before, after)
    save_changed(opportunity, "stage", "stage_since", *PROMISED)
    return opportunity


@transaction.atomic
def create_opportunity(*, by: User, at: datetime, **fields: Any) -> Opportunity:
    """A new deal of its own, or a further one of a lead that was converted; of who makes it unless an owner is named.

    Company, contact and product are the lead's where none are given. Raises NotAllowed, BusinessError.
    """
    require(may_create_opportunities(by), "Only sales opens opportunities.")
    stages = pipeline()
    stage = require_offered(stages, fields.setdefault("stage", open_stages(stages)[0].stage))
    lead = fields.get("lead")
    owner = fields.setdefault("owner", None if by.is_admin else by)
    if owner:
        require_here(owner)
    standard = {
        "team": owner and owner.team,
        "opened_at": at,
        "stage_since": at,
        "currency": Organisation.get().currency,
        **promise_of(stage),
        **(of_lead(lead, by=by) if lead else {}),
    }
    opportunity = Opportunity(**{**standard, **fields})
    hold_parties(opportunity.company, opportunity.contact)
    require(may_work_opportunity(by, opportunity), "You may open opportunities of your own or of your team.")
    make(opportunity)
    record_change("opportunity", [opportunity.pk])
    if lead:
        refresh_pulse([], [opportunity.pk])
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
    owner = fields.get("owner")
    if owner is not None and owner.pk != opportunity.owner_id:
        require_here(owner)
    opportunity = locked(opportunity, by=by)
    refuse_stale(opportunity, fields, seen)
    if owner is not None and owner.pk != opportunity.owner_id:
        fields = {"team": owner.team, **fields}
    if fresh := put(opportunity, fields):
        hold_parties(*(fields[name] for name in ("company", "contact") if name in fresh))
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
    follow(opportunity, None, pipeline()[outcome])
    save_changed(opportunity)
    for lead in leads_of(opportunity):
        close_lead(lead, outcome, by=by, at=at, reason=reason)
    if outcome == Outcome.LOST:
        close_tasks(opportunity=opportunity, at=at)
    return opportunity


@transaction.atomic
def reopen_opportunity(opportunity: Opportunity, *, by: User, at: datetime) -> Opportunity:
    """Take back a close. Leads that were closed by it are open again; refused once one of them has moved on."""
    opportunity = locked(opportunity, by=by)
    if opportunity.is_open:
        raise StaleState("This opportunity is open already.")
    assert opportunity.closed_at
    revive_tasks(opportunity=opportunity, closed_at=opportunity.closed_at)
    opportunity.stage = opportunity.stage_before_close or first_stage().stage
    opportunity.outcome, opportunity.closed_at, opportunity.reason = "", None, None
    opportunity.stage_since = at
    follow(opportunity, None, pipeline()[opportunity.stage])
    save_changed(opportunity)
    for lead in leads_of(opportunity):
        reopen_lead(lead, by=by, at=at)
    return opportunity


def leads_of(opportunity: Opportunity) -> QuerySet[Lead]:
    """The lead it was made of and those that joined it, held in one order; of a merged one its survivor."""
    joined = opportunity.parts.filter(lead__isnull=False).values_list("lead", flat=True)
    # Read first: an OR with a subquery would go through every lead there is.
    named = survivors(pk for pk in (opportunity.lead_id, *joined) if pk)
    return Lead.objects.select_for_update().filter(pk__in=named).order_by("pk")


def opportunities_of(lead: Lead) -> QuerySet[Opportunity]:
    """Those made of the lead and those it joined, and those of leads merged into it."""
    leads = united_ids(lead)
    made = Opportunity.objects.filter(lead__in=leads).order_by().values("pk")
    joined = OpportunityPerson.objects.filter(lead__in=leads).order_by().values("opportunity")
    # One by the index of the lead, one by that of the people: with an OR all opportunities would be read.
    return Opportunity.objects.filter(pk__in=made.union(joined))


def opportunities_with(contact: Contact) -> QuerySet[Opportunity]:
    """Those that name the contact and those in which it has a part."""
    parts = OpportunityPerson.objects.filter(contact=contact).order_by().values("opportunity")
    return Opportunity.objects.filter(pk__in=contact.opportunities.order_by().values("pk").union(parts))


def close_lead(lead: Lead, outcome: str, *, by: User, at: datetime, reason: Reason | None) -> None:
    """Move the lead with its opportunity, when this close decides its time round."""
    if lead.stage != Stage.OPPORTUNITY:
        return
    if outcome == Outcome.WON:
        move_lead(lead, Stage.CUSTOMER, by=by, at=at)
    elif not opportunities_of(lead).exclude(outcome=Outcome.LOST).exists():
        move_lead(lead, Stage.LOST, by=by, at=at, reason=reason)


def reopen_lead(lead: Lead, *, by: User, at: datetime) -> None:
    """Undo the lead's close unless another won deal keeps it a customer, or it came to the opportunity by a merge."""
    if lead.stage == Stage.CUSTOMER and opportunities_of(lead).filter(outcome=Outcome.WON).exists():
        return
    if lead.stage in {Stage.CUSTOMER, Stage.LOST}:
        undo_move(lead, last_effective(lead), by=by, at=at)
    elif lead.stage != Stage.OPPORTUNITY and not lead.merged.exists():
        moved_on = f"{lead} has moved on to “{Stage(lead.stage).label}”"
        raise CannotUndo(f"{moved_on}; open a new opportunity instead.")


def check_outcome(outcome: str, reason: Reason | None, note: str) -> None:
    if outcome not in Outcome.values:
        raise BusinessError("An opportunity is closed as won or lost.", code="unknown_outcome")
    if outcome == Outcome.LOST:
        require_reason(ReasonUse.LOSS, reason, note, demand="Choose why it was lost.")


def locked(opportunity: Opportunity, *, by: User) -> Opportunity:
    """The present row, held until the transaction ends, if ``by`` may work it."""
    held = present(opportunity)
    require(may_work_opportunity(by, held), NOT_YOURS)
    return held


def save_changed(opportunity: Opportunity, *fields: str) -> None:
    opportunity.save(update_fields=[*fields, "updated_at"] if fields else None)
    record_change("opportunity", [opportunity.pk])
    if opportunity.lead_id:
        record_change("lead", [opportunity.lead_id])


def hold_parties(*parties: Company | Contact | None) -> None:
    """Nobody archives these until the transaction ends. Raises Archived when somebody has."""
    for party in filter(None, parties):
        rows = Company.objects if isinstance(party, Company) else Contact.objects
        if rows.select_for_update(no_key=True).get(pk=party.pk).is_archived:
            raise Archived(party)


class MovedMeanwhile(StaleState):
    """Says who moved it, and where to."""

    def __init__(self, opportunity: Opportunity, stage: PipelineStage) -> None:
        write = last_write(opportunity, "stage")
        who = write.name if write else "Somebody"
        super().__init__(f"{who} moved this opportunity to “{stage.label}” meanwhile.", stage=stage.stage, by_name=who)


class AlreadyClosed(StaleState):
    def __init__(self, opportunity: Opportunity) -> None:
        at = f"{opportunity.closed_at:%d %b %H:%M}" if opportunity.closed_at else ""
        super().__init__(f"This opportunity was {opportunity.outcome} on {at}.", outcome=opportunity.outcome)
