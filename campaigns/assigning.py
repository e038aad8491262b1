"""Giving campaigns to another marketer, many at once."""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from campaigns.access import may_create_campaigns, may_write_campaign
from campaigns.editing import NOT_YOURS
from campaigns.models import Campaign
from crm.assigning import assign, is_here, take_back
from crm.deeds import Deed
from crm.errors import BusinessError
from crm.models import User
from crm.outbox import record_change


def campaigns_to_assign() -> QuerySet[Campaign]:
    return Campaign.objects.only("owner", "archived_at")


@transaction.atomic
def assign_campaigns(ids: Iterable[int], *, to: User, by: User, at: datetime) -> Deed:
    """Give campaigns to somebody in marketing. Raises BusinessError when ``to`` is not."""

    def why_not(campaign: Campaign) -> str:
        if campaign.is_archived:
            return "It is archived."
        return "" if may_write_campaign(by, campaign) else NOT_YOURS

    if not (may_create_campaigns(to) and is_here(to)):
        raise BusinessError(f"{to} does not run campaigns.", code="no_recipient")
    return announced(assign(campaigns_to_assign(), ids, to=to, why_not=why_not))


@transaction.atomic
def take_back_campaigns(deed: Deed, *, by: User, at: datetime) -> Deed:
    return announced(take_back(campaigns_to_assign(), deed))


def announced(deed: Deed) -> Deed:
    record_change("campaign", deed.changed_ids)
    return deed
