from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("funnel", "0004_ledger_quotas_snapshots_settings"),
    ]

    operations = [
        migrations.AddField(
            model_name="leadfact",
            name="industry",
            field=models.CharField(default="", max_length=120),
            preserve_default=False,
        ),
    ]
