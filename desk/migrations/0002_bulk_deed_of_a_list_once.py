from django.conf import settings
from django.db import migrations, models

LISTS = ["leads", "contacts", "companies", "opportunities", "campaigns", "tasks"]


class Migration(migrations.Migration):
    dependencies = [("desk", "0001_initial"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.AddField(
            "bulkdeed",
            "list_key",
            models.CharField(choices=[(key, key.title()) for key in LISTS], default="leads", max_length=20),
            preserve_default=False,
        ),
        # The primary key's text tells rows apart that were there before.
        migrations.AddField("bulkdeed", "key", models.CharField(default="", max_length=80), preserve_default=False),
        migrations.RunSQL("UPDATE desk_bulkdeed SET key = id::text", migrations.RunSQL.noop),
        migrations.AddField("bulkdeed", "what", models.CharField(blank=True, default="", max_length=200)),
        migrations.AddField("bulkdeed", "kept", models.JSONField(default=list)),
        migrations.AddConstraint(
            "bulkdeed",
            models.CheckConstraint(condition=models.Q(("list_key__in", LISTS)), name="bulkdeed_list_key_known"),
        ),
        migrations.AddConstraint("bulkdeed", models.UniqueConstraint(fields=("by", "key"), name="bulkdeed_once")),
    ]
