"""Money spent on a campaign: each write tells the figures."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast

from django.core import signing
from django.core.serializers import deserialize, serialize
from django.db import transaction

from campaigns.access import may_write_campaign
from campaigns.models import Campaign, Spend
from crm.access import require
from crm.editing import make, present, save_put
from crm.errors import BusinessError
from crm.models import User
from crm.outbox import record_change

KEPT = "campaigns.spend"
UNDO_WITHIN = timedelta(minutes=10)
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
def remove_spend(spend: Spend, *, by: User) -> str:
    """Take a spend out of the log, and give what `bring_back_spend` needs; the audit keeps its values."""
    spend = present(spend, "campaign")
    require(may_write_campaign(by, spend.campaign), REFUSED)
    kept = signing.dumps(serialize("json", [spend]), salt=KEPT, compress=True)
    record_change("spend", [spend.pk])
    spend.delete()
    return kept


@transaction.atomic
def bring_back_spend(kept: str, *, by: User) -> Spend:
    """Put a spend back as it was when it was taken out; twice is once. Raises NotAllowed, BusinessError if too late."""
    try:
        [row] = deserialize("json", signing.loads(kept, salt=KEPT, max_age=UNDO_WITHIN))
    except signing.BadSignature as error:
        raise BusinessError("This can no longer be undone; log the spend again.", code="cannot_undo") from error
    spend = cast(Spend, row.object)
    require(may_write_campaign(by, spend.campaign), REFUSED)
    if not Spend.objects.filter(pk=spend.pk).exists():
        row.save()
        record_change("spend", [spend.pk])
    return spend
