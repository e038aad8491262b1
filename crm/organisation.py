"""The organisation's own settings."""

from typing import Any

from django.db import transaction

from crm.access import require
from crm.editing import save_put
from crm.errors import BusinessError
from crm.models import CurrencyRate, Organisation, User
from crm.outbox import want_rebuild

# These cut the days and quarters that figures are counted by.
CALENDAR = {"time_zone", "fiscal_year_starts", "fiscal_calendar"}


@transaction.atomic
def edit_organisation(organisation: Organisation, *, by: User, **fields: Any) -> Organisation:
    """Change the settings; another time zone or fiscal calendar has every figure counted anew."""
    require(by.is_admin, "Only admins change the organisation.")
    refuse_other_currency(organisation, fields)
    fresh = save_put(organisation, fields)
    if CALENDAR & set(fresh):
        want_rebuild("funnel")
    if "time_zone" in fresh:  # the days on which the ledger has what was won
        want_rebuild("attribution")
    return organisation


def refuse_other_currency(organisation: Organisation, fields: dict[str, Any]) -> None:
    """Rates say what other money is worth in the present currency; they would be wrong in another."""
    present = organisation.currency
    if fields.get("currency", present) != present and CurrencyRate.objects.exists():
        raise BusinessError(f"There are rates into {present}: remove them first.", code="rates_there")
