"""Raised hands are read with the score: a cursor that nobody moves any more would keep the outbox from being pruned."""

from django.db import migrations


def forget_cursor(apps, schema_editor):
    apps.get_model("crm", "Cursor").objects.filter(consumer="recycling").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("crm", "0003_holidays_mail"),
        ("feedback", "0005_what_marketing_had_said"),
    ]

    operations = [migrations.RunPython(forget_cursor, migrations.RunPython.noop)]
