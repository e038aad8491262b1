"""Putting campaigns away once they are over, and content that is out of date."""

from django.db.models import Exists, OuterRef, QuerySet

from campaigns.access import may_write_asset, may_write_campaign
from campaigns.content import NOT_YOURS as NOT_YOUR_CONTENT
from campaigns.editing import NOT_YOURS
from campaigns.models import Asset, Campaign, CampaignStatus
from crm.archiving import Rule
from crm.models import User

GOING_ON = (CampaignStatus.RUNNING, CampaignStatus.PAUSED)


def with_parts(user: User) -> QuerySet[Campaign]:
    going_on = Campaign.objects.filter(parent=OuterRef("pk"), archived_at__isnull=True, status__in=GOING_ON)
    return Campaign.objects.annotate(has_running_part=Exists(going_on))


def obstacle(campaign: Campaign) -> str:
    if campaign.status in GOING_ON:
        return f"It is {campaign.get_status_display().lower()}: set it to “Ended” first."
    if campaign.has_running_part:  # type: ignore[attr-defined]
        return "A campaign that is part of it still runs: end that first."
    return ""


CAMPAIGN_RULE = Rule(with_parts, may_write_campaign, NOT_YOURS, obstacle)
ASSET_RULE = Rule(lambda _user: Asset.objects.all(), may_write_asset, NOT_YOUR_CONTENT, lambda _asset: "")
