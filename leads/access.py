"""Who may do what with leads, opportunities and imports (DESIGN: "Who may")."""

from crm.access import does_marketing, heads, is_manager_of, manages, require
from crm.models import Side, User
from leads.lifecycle import CLAIM, DISCARD, DISQUALIFY, MARK_MQL, PARK, QUALIFY, RECYCLE, RETURN, Move, Stage
from leads.models import Lead, Opportunity
from leads.models.lead import SourcedBy


def may_create_leads(user: User) -> bool:
    return user.is_active


def may_edit_lead(user: User, lead: Lead) -> bool:
    """Marketers edit what is marketing's, reps what is their own, managers and admins any."""
    if manages(user):
        return True
    return lead.side == "marketing" if user.is_marketer else lead.owner_id == user.pk


def is_sales_owner(user: User, lead: Lead) -> bool:
    """The rep who owns the lead, or a manager of the owner's team."""
    return lead.owner_id == user.pk or heads(user, lead.team_id)


def may_move(user: User, lead: Lead, move: Move) -> bool:
    """Whether ``user`` may make this move of POST transition."""
    if move in (MARK_MQL, PARK):
        return does_marketing(user)
    if move == DISCARD:
        return user.is_marketer or manages(user)
    if move == CLAIM:
        return user.is_rep and lead.owner_id == user.pk and lead.sourced_by == SourcedBy.SALES
    if move in (QUALIFY, RETURN, DISQUALIFY):
        return is_sales_owner(user, lead) or user.is_admin
    if move == RECYCLE:
        return manages(user) or (lead.stage == Stage.LOST and (user.is_marketer or lead.owner_id == user.pk))
    return False


def may_convert(user: User, lead: Lead) -> bool:
    return is_sales_owner(user, lead) or user.is_admin


def may_create_opportunities(user: User) -> bool:
    return user.is_rep or user.is_admin or is_manager_of(user, Side.SALES)


def may_work_opportunity(user: User, opportunity: Opportunity) -> bool:
    """Its owner, a manager of its team, an admin."""
    return opportunity.owner_id == user.pk or heads(user, opportunity.team_id) or user.is_admin


def may_import(user: User, kind: str) -> bool:
    """Marketers import leads, reps their own leads, managers and admins everything, people only admins."""
    if kind == "users":
        return user.is_admin
    return kind == "leads" or manages(user)


def require_move(user: User, lead: Lead, move: Move) -> None:
    require(may_move(user, lead, move), f"You may not {move.verb} this lead.")
