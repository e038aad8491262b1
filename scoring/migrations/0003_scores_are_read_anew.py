"""Who qualifies, has raised a hand or is excluded is kept beside the score since: the next drain writes it of every lead."""

from django.db import migrations
from django.db.models import F


def ask_for_rebuild(apps, schema_editor):
    cursors = apps.get_model("crm", "Cursor").objects
    cursors.filter(consumer="scoring").update(rebuilds_asked=F("rebuilds_asked") + 1)


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0004_model_taken_back"),
        ("leads", "0005_custom_fields_and_predictions"),
        ("scoring", "0002_learning_and_backtests"),
    ]

    operations = [migrations.RunPython(ask_for_rebuild, migrations.RunPython.noop)]
