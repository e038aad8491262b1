"""Money spent on a campaign: each write tells the figures."""

from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from campaigns.access import may_write_campaign
from campaigns.models import Campaign, Spend
from crm.access import require
from crm.editing import make, present, save_put
from crm.models import User
from crm.outbox import record_change

REFUSED = "Only the owner of this campaign or a marketing manager may log its spend."


@transaction.atomic
def record_spend(
    campaign: Campaign, *, by: User, on: date, amount: Decimal, currency: str = "", **fields: Any
) -> Spend:
    """Log ``amount`` spent on the day ``on``, in the campaign's currency unless another is named."""
    require(may_write_campaign(by, campaign), REFUSED)
    spend = Spend(campaign=campaign, by=by, on=on, amount=amount, currency=currency or campaign.currency, **fields)
    spend.is_sample = campaign.is_sample
    make(spend)
    record_change("spend", [spend.pk])
    return spend


@transaction.atomic
def change_spend(spend: Spend, *, by: User, seen: dict[str, Any] | None = None, **fields: Any) -> Spend:
    """Correct a logged spend; its old values stay in the audit. Raises StaleEdit when a field is not as ``seen``."""
    spend = present(spend, "campaign")
    require(may_write_campaign(by, spend.campaign), REFUSED)
    if save_put(spend, fields, seen=seen):
        require(may_write_campaign(by, spend.campaign), REFUSED)
        record_change("spend", [spend.pk])
    return spend


@transaction.atomic
def remove_spend(spend: Spend, *, by: User) -> None:
    """Take a spend out of the log; the audit keeps it."""
    require(may_write_campaign(by, spend.campaign), REFUSED)
    record_change("spend", [spend.pk])
    spend.delete()
