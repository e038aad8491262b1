"""How a key, an amount of money and a rate with its bounds stand in the row of a report."""

from decimal import Decimal

from crm.intervals import Share
from funnel.reports.answer import Row
from funnel.reports.question import MISSING


def key_of_row(key: str | None) -> str | None:
    """As programs read it: a missing value by its name, None where nothing is cut."""
    return MISSING if key == "" else key


def money(amount: Decimal | float | None, currency: str) -> dict[str, str] | None:
    """To the cent; None of what cannot be told."""
    return None if amount is None else {"amount": f"{amount:.2f}", "currency": currency}


def with_bounds(name: str, share: Share) -> Row:
    """A rate called ``name``, 0–1, with the bounds of its 95 % interval."""
    return {name: share.rate, f"{name}_low": share.low, f"{name}_high": share.high}
