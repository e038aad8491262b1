"""Money of one currency as money of the organisation's, by the rate of a day (METRICS 1.6).

A rate holds from its day until the next one of its currency, so a rate added for today restates nothing that is past.
What was won counts by the rate of the day it was closed, a cost by that of the day it was spent, open pipeline by that
of the day of the report, a quota by that of its first day. Each amount is converted and rounded to the cent by itself,
and sums are sums of these, so that a total is what the rows behind it add up to.
"""

from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from django.db import transaction

from crm.access import manages, require
from crm.editing import make
from crm.errors import BusinessError, StaleState
from crm.locks import one_at_a_time
from crm.models import CurrencyRate, Organisation, User
from crm.words import number

REFUSED = "Only managers and admins write currency rates."
CENT = Decimal("0.01")


def converted(amount: str, currency: str, day: str) -> str:
    """SQL of an amount in the organisation's currency; NULL where the day has no rate.

    The arguments are SQL expressions. The statement takes %(currency)s, the code of the organisation's currency.
    """
    return f"""CASE WHEN {currency} = %(currency)s THEN {amount} ELSE round({amount} * (
        SELECT held.rate FROM crm_currencyrate held WHERE held.currency = {currency} AND held."on" <= {day}
        ORDER BY held."on" DESC LIMIT 1), 2) END"""


def convert(amount: Decimal, currency: str, on: date) -> Decimal | None:
    """An amount in the organisation's currency by the rate of a day; None where that day has no rate."""
    if currency == Organisation.get().currency:
        return amount
    held = CurrencyRate.objects.filter(currency=currency, on__lte=on).order_by("-on").first()
    return (amount * held.rate).quantize(CENT, ROUND_HALF_UP) if held else None


def without_rate(counts: Mapping[str, int]) -> list[str]:
    """Notes on what could not be converted, by currency; none where all could be."""
    return [said(count, currency) for currency, count in sorted(counts.items()) if count]


def said(count: int, currency: str) -> str:
    if count == 1:
        return f"1 amount in {currency} has no rate on its day and is left out."
    return f"{number(count)} amounts in {currency} have no rate on their day and are left out."


@transaction.atomic
def add_rate(*, by: User, currency: str, on: date, rate: Decimal) -> CurrencyRate:
    """From ``on`` until the next rate one unit of ``currency`` is ``rate`` of the organisation's."""
    require(manages(by), REFUSED)
    own = Organisation.get().currency
    if currency == own:
        raise BusinessError(f"Every figure is in {own}; choose another currency.", code="own_currency")
    one_at_a_time("rates")
    if CurrencyRate.objects.filter(currency=currency, on=on).exists():
        raise BusinessError(f"There is a rate of {currency} from this day; remove it first.", code="rate_there")
    return make(CurrencyRate(currency=currency, on=on, rate=rate))


def remove_rate(rate: CurrencyRate, *, by: User) -> None:
    """A rate that was wrong; the one before it holds again. Raises StaleState when somebody else removed it."""
    require(manages(by), REFUSED)
    if not CurrencyRate.objects.filter(pk=rate.pk).delete()[0]:
        raise StaleState("Somebody removed this rate meanwhile.")
