from django.db import migrations


class Migration(migrations.Migration):
    """Half-empty pages let a new score take the place of the old one without touching an index (HOT updates)."""

    dependencies = [("leads", "0001_initial")]
    operations = [
        migrations.RunSQL(
            "ALTER TABLE leads_leadscore SET (fillfactor = 50)", "ALTER TABLE leads_leadscore RESET (fillfactor)"
        )
    ]
