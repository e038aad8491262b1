"""What the organisation settles about its figures, and the money it counts in."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from crm.access import manages, require
from crm.currencies import converted
from crm.editing import save_put
from crm.fetching import fetch_rows
from crm.models import Organisation, User
from funnel.facts.sql import day
from funnel.models import FigureSettings

REFUSED = "Only managers and admins change how figures are counted."

# Every amount in another currency than the organisation's, with the day whose rate it takes.
IN_USE = f"""
    WITH held AS (
        SELECT o.currency, coalesce({day("o.closed_at")}, %(today)s) AS day
        FROM leads_opportunity o WHERE o.currency <> %(currency)s AND o.amount IS NOT NULL
        UNION ALL
        SELECT s.currency, s."on" FROM campaigns_spend s WHERE s.currency <> %(currency)s
        UNION ALL
        SELECT q.currency, q.starts_on FROM funnel_quota q WHERE q.currency NOT IN ('', %(currency)s)
    )
    SELECT currency, count(*), min(day), count(*) FILTER (WHERE {converted("1.0", "currency", "day")} IS NULL)
    FROM held GROUP BY currency ORDER BY currency
"""


@dataclass(frozen=True)
class CurrencyInUse:
    """How many amounts are in a currency, since when, and how many of them no rate converts."""

    currency: str
    amounts: int
    first_on: date
    without_rate: int


def currencies_in_use(today: date) -> list[CurrencyInUse]:
    """Those beside the organisation's own."""
    organisation = Organisation.get()
    parameters = {"currency": organisation.currency, "zone": organisation.time_zone, "today": today}
    return [CurrencyInUse(*row) for row in fetch_rows(IN_USE, parameters)]


@transaction.atomic
def settle_figures(*, by: User, **fields: Any) -> FigureSettings:
    """Change how figures are counted from now on: what the attribution ledger has frozen keeps its window."""
    require(manages(by), REFUSED)
    settings = FigureSettings.objects.select_for_update().get(pk=FigureSettings.get().pk)
    save_put(settings, fields)
    return settings
