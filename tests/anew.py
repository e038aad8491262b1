"""Empty tables for a test that tries many histories."""

from django.db import connection

from crm import outbox
from crm.models import Organisation

ALWAYS = ("funnel_attribution", "leads_lead", "campaigns_campaign", "crm_user", "crm_team", "crm_change")


def start_over(*tables: str, zone: str = "UTC") -> None:
    """Hypothesis tries many histories in one test; each begins with empty tables, those of ``tables`` included."""
    with connection.cursor() as sql:
        sql.execute("SET tandem.rewrite = 'test'")
        sql.execute(f"TRUNCATE {', '.join((*ALWAYS, *tables))} CASCADE")
        sql.execute("RESET tandem.rewrite")
    Organisation.objects.update_or_create(pk=1, defaults={"time_zone": zone})
    outbox.rebuild("funnel")
