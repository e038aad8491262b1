from django.db import migrations

TABLES = ("funnel_leadfact", "funnel_stagemetric")


class Migration(migrations.Migration):
    """Room on each page lets a new figure take the place of the old one without touching an index (HOT updates)."""

    dependencies = [("funnel", "0001_initial")]
    operations = [
        migrations.RunSQL(f"ALTER TABLE {table} SET (fillfactor = 85)", f"ALTER TABLE {table} RESET (fillfactor)")
        for table in TABLES
    ]
