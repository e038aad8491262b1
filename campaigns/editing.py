"""Making and changing campaigns. A lead keeps its own channel, so no figure follows from these edits."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection, transaction

from campaigns.access import may_create_campaigns, may_write_campaign
from campaigns.models import Asset, Campaign
from crm.access import require
from crm.editing import make, present, save_put
from crm.errors import BusinessError
from crm.models import User
from crm.outbox import record_change

DEEPEST = 3
NO_MARKETING = "Only marketing makes campaigns."
NOT_YOURS = "Only the owner of this campaign or a marketing manager may change it."


@transaction.atomic
def create_campaign(*, by: User, assets: Iterable[Asset] = (), **fields: Any) -> Campaign:
    """A new campaign, of who made it unless an owner is named; marketers make only their own. ``assets``: the content
    it uses.
    """
    require(may_create_campaigns(by), NO_MARKETING)
    campaign = Campaign(**{"owner": by, **fields})
    require(may_write_campaign(by, campaign), "You may only make campaigns of your own.")
    require_order(campaign)
    hang_below(campaign, campaign.parent)
    make(campaign)
    campaign.assets.set(assets)
    record_change("campaign", [campaign.pk])
    return campaign


@transaction.atomic
def edit_campaign(
    campaign: Campaign,
    *,
    by: User,
    seen: dict[str, Any] | None = None,
    assets: Iterable[Asset] | None = None,
    **fields: Any,
) -> Campaign:
    """Change a campaign, and with ``assets`` all of the content it uses.

    Raises NotAllowed, ValidationError, BusinessError, StaleEdit when a field is not as ``seen``. A marketer's campaign
    stays the marketer's: giving it away is for managers.
    """
    campaign = present(campaign)
    require(may_write_campaign(by, campaign), NOT_YOURS)
    if "parent" in fields:
        hang_below(campaign, fields["parent"])
    if save_put(campaign, fields, seen=seen):
        require(may_write_campaign(by, campaign), "Only a marketing manager gives a campaign to somebody else.")
        require_order(campaign)
        record_change("campaign", [campaign.pk])
    if assets is not None:
        campaign.assets.set(assets)
        record_change("campaign", [campaign.pk])
    return campaign


def require_order(campaign: Campaign) -> None:
    if campaign.starts_on and campaign.ends_on and campaign.ends_on < campaign.starts_on:
        raise ValidationError({"ends_on": "It cannot end before it starts."})


def hang_below(campaign: Campaign, parent: Campaign | None) -> None:
    """Refuse a ``parent`` that stands below the campaign itself, or a tree of more than DEEPEST levels.

    Of two who hang campaigns below each other at once the second waits here for the first.
    """
    if parent is None:
        return
    with connection.cursor() as sql:
        sql.execute("SELECT pg_advisory_xact_lock(hashtext('campaigns: tree'))")
    above = line_above(parent)
    if campaign.pk in above:
        raise BusinessError("A campaign cannot be part of itself.", code="circular_parent")
    if len(above) + 1 + levels_below(campaign) > DEEPEST:
        raise BusinessError(f"Campaigns are at most {DEEPEST} levels deep.", code="too_deep")


def line_above(campaign: Campaign) -> list[int]:
    """Ids of the campaign and of all above it, nearest first."""
    line: list[int] = []
    above: Campaign | None = campaign
    while above is not None and above.pk not in line:
        line.append(above.pk)
        above = Campaign.objects.filter(children=above.pk).first()
    return line


def levels_below(campaign: Campaign) -> int:
    """How many levels of campaigns stand below this one; none below a new one."""
    levels, ids = 0, {campaign.pk} - {None}
    while levels < DEEPEST and (ids := set(Campaign.objects.filter(parent__in=ids).values_list("pk", flat=True))):
        levels += 1
    return levels
