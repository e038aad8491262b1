from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("crm", "0002_notification_working_hours")]
    operations: ClassVar = [
        migrations.AddField("user", "first_steps_done_at", models.DateTimeField(null=True, editable=False)),
    ]
