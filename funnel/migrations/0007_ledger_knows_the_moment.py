from django.db import migrations, models
from django.utils import timezone


class Migration(migrations.Migration):
    dependencies = [("funnel", "0006_counted_by_every_dimension")]

    operations = [
        migrations.RemoveField(model_name="credit", name="touched_on"),
        # Nobody has written the ledger yet.
        migrations.AddField(
            model_name="attribution",
            name="closed_at",
            field=models.DateTimeField(default=timezone.now),
            preserve_default=False,
        ),
        migrations.AddIndex(
            model_name="credit",
            index=models.Index(condition=models.Q(("model", "linear")), fields=["touch"], name="credit_of_touch"),
        ),
    ]
