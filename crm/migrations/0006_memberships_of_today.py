"""Everybody who is in a team has been so since they started, for nothing else is known."""

from datetime import date

from django.db import migrations
from django.db.models.functions import Coalesce

ALWAYS = date(1970, 1, 1)


def fill(apps, schema_editor):
    User, TeamMembership = apps.get_model("crm", "User"), apps.get_model("crm", "TeamMembership")
    there = TeamMembership.objects.values("user")
    people = User.objects.filter(team__isnull=False).exclude(pk__in=there)
    TeamMembership.objects.bulk_create(
        TeamMembership(user_id=pk, team_id=team, starts_on=since)
        for pk, team, since in people.values_list("pk", "team", Coalesce("started_on", ALWAYS))
    )


class Migration(migrations.Migration):
    dependencies = [("crm", "0005_fiscal_calendar_rates_memberships")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
