"""Making and changing campaigns and content. A lead keeps its own channel, so no figure follows from these edits."""

from typing import Any

from django.db import transaction

from campaigns.access import may_create_campaigns, may_write_assets, may_write_campaign
from campaigns.models import Asset, Campaign
from crm.access import require
from crm.editing import make, save_put
from crm.errors import BusinessError
from crm.models import User

NO_MARKETING = "Only marketing makes campaigns and content."
NOT_YOURS = "Only the owner of this campaign or a marketing manager may change it."


@transaction.atomic
def create_campaign(*, by: User, **fields: Any) -> Campaign:
    """A new campaign, of who made it unless an owner is named; marketers make only their own."""
    require(may_create_campaigns(by), NO_MARKETING)
    campaign = Campaign(**{"owner": by, **fields})
    require(may_write_campaign(by, campaign), "You may only make campaigns of your own.")
    return make(campaign)


@transaction.atomic
def edit_campaign(campaign: Campaign, *, by: User, **fields: Any) -> Campaign:
    campaign = Campaign.objects.select_for_update(of=("self",)).get(pk=campaign.pk)
    require(may_write_campaign(by, campaign), NOT_YOURS)
    save_put(campaign, fields)
    if "parent" in fields:
        refuse_circle(campaign)
    return campaign


@transaction.atomic
def create_asset(*, by: User, **fields: Any) -> Asset:
    """A new piece of content."""
    require(may_write_assets(by), NO_MARKETING)
    return make(Asset(**fields))


@transaction.atomic
def edit_asset(asset: Asset, *, by: User, **fields: Any) -> Asset:
    require(may_write_assets(by), NO_MARKETING)
    save_put(asset, fields)
    return asset


def refuse_circle(campaign: Campaign) -> None:
    """No campaign stands below itself, however far down."""
    above, seen = campaign.parent, {campaign.pk}
    while above is not None:
        if above.pk in seen:
            raise BusinessError("A campaign cannot be part of itself.", code="circular_parent")
        seen.add(above.pk)
        above = above.parent
