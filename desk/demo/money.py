"""Money of the demo: what is left of a sale, bills in dollars with their rates, and a deal that was credited anew."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from campaigns.models import Spend
from crm.models import CurrencyRate
from crm.periods import add_months, start_of_month
from desk.demo.marketing import DAYS, Plan
from funnel.attribution.ledger import settle
from funnel.models import Attribution, Credit, FigureSettings
from leads.models import Touch, TouchKind
from leads.touches import record_touch

SETTLED = {"gross_margin": Decimal("0.6200"), "attempt_cost": Decimal("14.00")}
# What a dollar was worth at the beginning of each quarter of the story.
DOLLARS = ("0.92500000", "0.91300000", "0.90100000", "0.88700000", "0.87400000", "0.86800000", "0.86100000")
ABROAD = "partner"


def settle_money(plans: dict[str, Plan], today: date) -> None:
    """The gross margin, and the partner's fee in dollars every other month."""
    FigureSettings.get()
    FigureSettings.objects.update(**SETTLED)
    first = start_of_month(today - timedelta(days=DAYS))
    CurrencyRate.objects.bulk_create(
        CurrencyRate(currency="USD", on=add_months(first, 3 * number), rate=Decimal(rate), is_sample=True)
        for number, rate in enumerate(DOLLARS)
    )
    campaign = plans[ABROAD].campaign
    days = [add_months(first, month) + timedelta(days=14) for month in range(5, 18, 2)]
    Spend.objects.bulk_create(
        Spend(
            campaign=campaign, on=on, amount=Decimal(1_150 + 90 * number), currency="USD", note="Listing fee, US",
            by=campaign.owner, is_sample=True,
        )
        for number, on in enumerate(day for day in days if day <= today)
    )  # fmt: skip


def forget_money() -> None:
    """Takes back what `settle_money` settled, where nobody has changed it since."""
    FigureSettings.objects.filter(**SETTLED).update(**dict.fromkeys(SETTLED))


def correct_a_touch(ends_at: datetime) -> None:
    """Three days before the end of the story somebody found that a visit to a won deal's page was a reply to a mail."""
    at = ends_at - timedelta(days=3)
    shared = Attribution.objects.filter(closed_at__lt=at, touches__gte=3, superseded_at__isnull=True)
    visits = Credit.objects.filter(attribution__in=shared, model="linear").exclude(channel="email")
    found = visits.order_by("-attribution__closed_at", "-touch").first()
    if found is None:
        return
    wrong = Touch.objects.select_related("lead").get(pk=found.touch)
    record_touch(wrong.lead, at=wrong.at, channel="email", kind=TouchKind.REPLY, corrects=wrong)
    settle([found.attribution.opportunity], at=at)
