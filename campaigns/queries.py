"""Reads of campaigns: what was spent, by campaign and by month."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import F, QuerySet, Sum
from django.db.models.functions import TruncMonth

from campaigns.models import Campaign, CampaignStatus, Spend

ACTIVE = (CampaignStatus.RUNNING, CampaignStatus.PAUSED)


def spent_by_campaign(campaign_ids: Iterable[int]) -> dict[int, Decimal]:
    """What each campaign cost so far, in its own currency; one without spend is left out."""
    rows = Spend.objects.filter(campaign__in=list(campaign_ids), currency=F("campaign__currency")).order_by()
    return dict(rows.values_list("campaign").annotate(total=Sum("amount")))


def spent_in_other_currencies(campaign: Campaign) -> list[tuple[str, Decimal]]:
    """[("USD", 120.00), …]: spend that no sum in the campaign's currency holds."""
    rows = campaign.spends.exclude(currency=campaign.currency).order_by("currency")
    return list(rows.values_list("currency").annotate(total=Sum("amount")))


@dataclass(frozen=True)
class MonthSpend:
    month: date
    amount: Decimal


def spend_by_month(campaign: Campaign) -> list[MonthSpend]:
    """Months with spend in the campaign's currency, oldest first."""
    rows = (
        campaign.spends.filter(currency=campaign.currency)
        .order_by()
        .annotate(month=TruncMonth("on"))
        .values("month")
        .annotate(total=Sum("amount"))
        .order_by("month")
    )
    return [MonthSpend(row["month"], row["total"]) for row in rows]


def campaigns_with_status(status: str) -> QuerySet[Campaign]:
    """ "active" (running or paused), "planned", "ended"; anything else: all."""
    wanted = {"active": ACTIVE, "planned": (CampaignStatus.PLANNED,), "ended": (CampaignStatus.ENDED,)}.get(status)
    return Campaign.objects.filter(status__in=wanted) if wanted else Campaign.objects.all()
