from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("feedback", "0004_the_loop")]

    operations = [
        migrations.AddField(
            model_name="request",
            name="said_before",
            field=models.TextField(blank=True, default="", editable=False),
        ),
    ]
