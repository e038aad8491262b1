"""A telephone number is found by its E.164 form and by its end, too."""

from typing import Any, ClassVar

import django.contrib.postgres.indexes
from django.db import migrations

from crm.records import search_column

SEARCHED = {
    "contact": ("first_name", "last_name", "email", "title"),
    "lead": ("first_name", "last_name", "email", "company_name", "title"),
}


def made_anew(model: str, fields: tuple[str, ...]) -> list[Any]:
    """PostgreSQL cannot change what a generated column is made of."""
    index = django.contrib.postgres.indexes.GinIndex(fields=["search"], name=f"{model}_search")
    return [
        migrations.RemoveIndex(model, f"{model}_search"),
        migrations.RemoveField(model, "search"),
        migrations.AddField(model, "search", search_column(*fields, phone="phone")),
        migrations.AddIndex(model, index),
    ]


class Migration(migrations.Migration):
    dependencies: ClassVar = [("leads", "0003_activity_task_capture_pipeline")]
    operations: ClassVar = [step for model, fields in SEARCHED.items() for step in made_anew(model, fields)]
