"""Who may do what with leads, opportunities and imports (DESIGN: "Who may")."""

from crm.access import does_marketing, heads, is_manager_of, manages, require
from crm.models import Side, User
from leads.lifecycle import CLAIM, DISCARD, DISQUALIFY, MARK_MQL, PARK, QUALIFY, RECYCLE, RETURN, Move, Stage
from leads.models import Activity, CaptureForm, Company, Contact, Lead, Opportunity, Task
from leads.models.lead import SourcedBy
from leads.subjects import Subject


def may_create_leads(user: User) -> bool:
    return user.is_active


def may_edit_lead(user: User, lead: Lead) -> bool:
    """Marketers edit what is marketing's, reps what is their own, managers and admins any."""
    if manages(user):
        return True
    return lead.side == "marketing" if user.is_marketer else lead.owner_id == user.pk


def may_edit_people(user: User, record: Company | Contact) -> bool:
    """Contacts and companies: reps those of their own leads and deals, or of nobody's yet; everybody else any."""
    if not user.is_rep:
        return True
    own = record.leads.filter(owner=user).exists() or record.opportunities.filter(owner=user).exists()
    return own or not (record.leads.exists() or record.opportunities.exists())


def may_merge(user: User, *leads: Lead) -> bool:
    """Who may say that these leads are one: marketers and managers of any leads, reps of their own."""
    return manages(user) or user.is_marketer or all(lead.owner_id == user.pk for lead in leads)


def may_touch(user: User, lead: Lead) -> bool:
    """Who may log what a buyer met: marketing for any lead, whoever's it is; reps for their own."""
    return does_marketing(user) or may_edit_lead(user, lead)


def works_for_sales(user: User) -> bool:
    return user.is_rep or is_manager_of(user, Side.SALES)


def is_sales_owner(user: User, lead: Lead) -> bool:
    """The rep who owns the lead, or a sales manager of the owner's team."""
    return works_for_sales(user) and (lead.owner_id == user.pk or heads(user, lead.team_id))


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
    return user.is_admin or works_for_sales(user)


def may_write_reasons(user: User) -> bool:
    """Sales managers and admins (DESIGN: "edit reasons, routing, service levels")."""
    return user.is_admin or is_manager_of(user, Side.SALES)


def may_write_lists(user: User) -> bool:
    """Sources, segments and products: marketing managers and admins."""
    return user.is_admin or is_manager_of(user, Side.MARKETING)


def may_write_fields(user: User) -> bool:
    """Fields of one's own: admins (DESIGN: settings)."""
    return user.is_admin


def may_make_fields(user: User | None) -> bool:
    """Whose imports make fields of the columns that have none: managers', admins' and those of the command line."""
    return user is None or manages(user)


def may_set_up_pipeline(user: User) -> bool:
    return user.is_admin or is_manager_of(user, Side.SALES)


def may_work_opportunity(user: User, opportunity: Opportunity) -> bool:
    """Its owner in sales, a sales manager of its team, an admin."""
    own = opportunity.owner_id == user.pk or heads(user, opportunity.team_id)
    return user.is_admin or (works_for_sales(user) and own)


def may_log_on(user: User, subject: Subject) -> bool:
    """Who may log an activity: marketing on anything, everybody else on what they may work or edit."""
    if does_marketing(user):
        return True
    if subject.opportunity and may_work_opportunity(user, subject.opportunity):
        return True
    if subject.lead:
        return may_edit_lead(user, subject.lead)
    return subject.contact is not None and may_edit_people(user, subject.contact)


def may_change_activity(user: User, activity: Activity) -> bool:
    """Who did it, managers and admins."""
    return manages(user) or activity.by_id == user.pk


def may_change_task(user: User, task: Task) -> bool:
    """Whose it is, who made it, managers and admins."""
    return manages(user) or user.pk in (task.owner_id, task.made_by_id)


def may_import(user: User, kind: str) -> bool:
    """Marketers import leads, touches and what their campaigns cost, reps their own leads; managers and admins
    everything, but spend only those of marketing, and people only admins."""
    if kind == "users":
        return user.is_admin
    if kind == "spends":
        return does_marketing(user)
    return kind == "leads" or manages(user) or (kind == "touches" and user.is_marketer)


def require_move(user: User, lead: Lead, move: Move) -> None:
    require(may_move(user, lead, move), f"You may not {move.verb} this lead.")


def may_make_capture_forms(user: User) -> bool:
    return does_marketing(user)


def may_write_capture_form(user: User, form: CaptureForm) -> bool:
    """Marketers their own: its leads come to them, or its campaign is theirs. Their managers and admins any."""
    if user.is_admin or is_manager_of(user, Side.MARKETING):
        return True
    own_campaign = form.campaign is not None and form.campaign.owner_id == user.pk
    return user.is_marketer and (form.owner_id == user.pk or own_campaign)
