"""Making and changing campaigns."""

from typing import Any

from django.db import transaction

from campaigns.access import may_create_campaigns, may_write_campaign
from campaigns.models import Campaign
from crm.access import require
from crm.models import User


@transaction.atomic
def create_campaign(*, by: User, **fields: Any) -> Campaign:
    """A new campaign, of who made it unless an owner is named."""
    require(may_create_campaigns(by), "Only marketing makes campaigns.")
    campaign = Campaign(**{"owner": by, **fields})
    campaign.full_clean()
    campaign.save()
    return campaign


@transaction.atomic
def edit_campaign(campaign: Campaign, *, by: User, **fields: Any) -> Campaign:
    require(may_write_campaign(by, campaign), "Only the owner of this campaign or a marketing manager may change it.")
    for name, value in fields.items():
        setattr(campaign, name, value)
    campaign.full_clean()
    campaign.save(update_fields=[*fields, "updated_at"])
    return campaign
