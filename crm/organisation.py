"""The organisation's own settings."""

from typing import Any

from django.db import transaction

from crm.access import require
from crm.editing import save_put
from crm.models import Organisation, User
from crm.outbox import want_rebuild

# These cut the days and quarters that figures are counted by.
CALENDAR = {"time_zone", "fiscal_year_starts", "fiscal_calendar"}


@transaction.atomic
def edit_organisation(organisation: Organisation, *, by: User, **fields: Any) -> Organisation:
    """Change the settings; another time zone or fiscal calendar has every figure counted anew."""
    require(by.is_admin, "Only admins change the organisation.")
    fresh = save_put(organisation, fields)
    if CALENDAR & set(fresh):
        want_rebuild("funnel")
    return organisation
