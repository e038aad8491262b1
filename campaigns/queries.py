"""Reads of campaigns: what was spent, by campaign and by month, in the organisation's currency."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from campaigns.models import Campaign, CampaignStatus
from crm.currencies import converted
from crm.fetching import fetch_rows
from crm.models import Organisation

ACTIVE = (CampaignStatus.RUNNING, CampaignStatus.PAUSED)

# Each spend at the rate of its own day.
SPEND = converted("s.amount", "s.currency", 's."on"')
OF_THESE = "FROM campaigns_spend s WHERE s.campaign_id = ANY(%(campaigns)s)"
SPENT = f"SELECT s.campaign_id, sum({SPEND}) {OF_THESE} GROUP BY 1 HAVING sum({SPEND}) IS NOT NULL"
WITHOUT_RATE = f"SELECT s.currency, sum(s.amount) {OF_THESE} AND {SPEND} IS NULL GROUP BY 1 ORDER BY 1"
BY_MONTH = f"""
    SELECT date_trunc('month', s."on")::date, sum({SPEND}) {OF_THESE}
    GROUP BY 1 HAVING sum({SPEND}) IS NOT NULL ORDER BY 1
"""
# A budget at the rate of the day the campaign began.
BUDGET = converted("c.budget", "c.currency", "coalesce(c.starts_on, c.created_at::date)")
BUDGETS = f"""
    SELECT c.id, {BUDGET} FROM campaigns_campaign c WHERE c.id = ANY(%(campaigns)s) AND {BUDGET} IS NOT NULL
"""


def of_campaigns(campaign_ids: Iterable[int]) -> dict[str, Any]:
    return {"campaigns": list(campaign_ids), "currency": Organisation.get().currency}


def spent_by_campaign(campaign_ids: Iterable[int]) -> dict[int, Decimal]:
    """What each campaign cost so far; one without spend, or with none that a rate converts, is left out."""
    return dict(fetch_rows(SPENT, of_campaigns(campaign_ids)))


def budgets(campaign_ids: Iterable[int]) -> dict[int, Decimal]:
    """What each campaign may cost; one without a budget, or with one that no rate converts, is left out."""
    return dict(fetch_rows(BUDGETS, of_campaigns(campaign_ids)))


def spent_without_rate(campaign: Campaign) -> list[tuple[str, Decimal]]:
    """[("USD", 120.00), …]: spend that no sum holds, for its day has no rate."""
    return [(currency, amount) for currency, amount in fetch_rows(WITHOUT_RATE, of_campaigns([campaign.pk]))]


@dataclass(frozen=True)
class MonthSpend:
    month: date
    amount: Decimal


def spend_by_month(campaign: Campaign) -> list[MonthSpend]:
    """Months with spend, oldest first."""
    return [MonthSpend(*row) for row in fetch_rows(BY_MONTH, of_campaigns([campaign.pk]))]


def campaigns_with_status(status: str) -> QuerySet[Campaign]:
    """ "active" (running or paused), "planned", "ended"; anything else: all."""
    wanted = {"active": ACTIVE, "planned": (CampaignStatus.PLANNED,), "ended": (CampaignStatus.ENDED,)}.get(status)
    return Campaign.objects.filter(status__in=wanted) if wanted else Campaign.objects.all()
