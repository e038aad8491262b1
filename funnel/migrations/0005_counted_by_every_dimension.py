"""Facts know the industry and cells are kept for every dimension: the next drain counts everything anew."""

from django.db import migrations

REBUILD = "UPDATE crm_cursor SET rebuilds_asked = rebuilds_asked + 1 WHERE consumer = 'funnel'"


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0001_initial"),
        ("funnel", "0004_what_reports_are_made_of"),
    ]

    operations = [
        migrations.RunSQL(REBUILD, migrations.RunSQL.noop),
    ]
