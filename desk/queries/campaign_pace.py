"""Whether a running campaign spends its budget as its time passes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from campaigns.models import Campaign
from campaigns.queries import budgets, spent_by_campaign
from crm.words import percent

# So far spending may run ahead of the calendar before it is said in colour.
SLACK = 0.15


@dataclass(frozen=True)
class Pace:
    """Shares of the budget and of the days, 0–1 or more; None where there is none to share."""

    spent: float | None
    elapsed: float | None

    @property
    def is_ahead_of_time(self) -> bool:
        """The money is gone before the days are."""
        return self.spent is not None and self.spent > (1 if self.elapsed is None else self.elapsed + SLACK)

    @property
    def words(self) -> str:
        """ "62 % of the budget in 40 % of the time"."""
        money = f"{percent(self.spent)} of the budget" if self.spent is not None else ""
        days = f"{percent(self.elapsed)} of the time" if self.elapsed is not None else ""
        return f"{money} in {days}" if money and days else f"{money or days} gone" if money or days else ""


def paces(campaigns: Iterable[Campaign], *, today: date) -> dict[int, Pace]:
    """By campaign; two queries for all."""
    found = list(campaigns)
    ids = [campaign.pk for campaign in found]
    spent, granted = spent_by_campaign(ids), budgets(ids)
    return {each.pk: Pace(share_spent(each, spent, granted), share_elapsed(each, today)) for each in found}


def share_spent(campaign: Campaign, spent: dict[int, Decimal], granted: dict[int, Decimal]) -> float | None:
    budget = granted.get(campaign.pk)
    return float(spent.get(campaign.pk, Decimal(0)) / budget) if budget else None


def share_elapsed(campaign: Campaign, today: date) -> float | None:
    if not campaign.starts_on or not campaign.ends_on or campaign.ends_on < campaign.starts_on:
        return None
    days = (campaign.ends_on - campaign.starts_on).days + 1
    return min(max((today - campaign.starts_on).days + 1, 0) / days, 1)
