"""Who may do what with campaigns, their spend, and content (DESIGN: "Who may")."""

from campaigns.models import Asset, Campaign
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


def may_create_assets(user: User) -> bool:
    """Content is made by marketers, their managers and admins."""
    return does_marketing(user)


def may_write_asset(user: User, asset: Asset) -> bool:
    """Marketers write their own and what nobody owns, marketing managers and admins any."""
    if user.is_admin or is_manager_of(user, Side.MARKETING):
        return True
    return user.is_marketer and asset.owner_id in (user.pk, None)
