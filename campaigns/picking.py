"""Campaigns, content, and the people who may own them, chosen by typing."""

from campaigns.models import Asset, Campaign
from crm.models import Role, User
from crm.picking import Source, people_called
from crm.search import matches

CAMPAIGNS = Source(
    "campaigns",
    lambda: Campaign.objects.filter(archived_at__isnull=True),
    matches,
    lambda campaign: f"{campaign.get_channel_display()}, {campaign.get_status_display().lower()}",
)
CAMPAIGN_OWNERS = Source(
    "campaign-owners",
    lambda: User.objects.filter(is_active=True).exclude(role=Role.REP).select_related("team"),
    people_called,
    lambda user: str(user.get_role_display()),
    is_short=True,
)
CONTENT = Source(
    "content",
    lambda: Asset.objects.filter(archived_at__isnull=True),
    matches,
    lambda asset: str(asset.get_kind_display()),
)
