"""Who may do what with campaigns and their spend (DESIGN: "Who may")."""

from campaigns.models import Campaign
from crm.access import does_marketing, is_manager_of
from crm.models import Side, User


def may_create_campaigns(user: User) -> bool:
    """Marketers, their managers and admins."""
    return does_marketing(user)


def may_write_campaign(user: User, campaign: Campaign) -> bool:
    """Marketers write their own, marketing managers and admins any: spend and dates included."""
    if user.is_admin or is_manager_of(user, Side.MARKETING):
        return True
    return user.is_marketer and campaign.owner_id == user.pk


def may_write_assets(user: User) -> bool:
    """Content belongs to nobody: marketers, their managers and admins keep it."""
    return does_marketing(user)
