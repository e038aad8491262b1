"""INSERT … SELECT with the models' defaults, for tables filled by the million."""

import json
from datetime import UTC, datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models


def insert(model: type[models.Model], given: dict[str, str], source: str) -> str:
    """INSERT … SELECT of these expressions, every other column with the model's default."""
    stored = [field for field in model._meta.concrete_fields if not (field.primary_key or field.generated)]
    columns = {field.column: literal(field) for field in stored} | given
    return (
        f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) SELECT {', '.join(columns.values())} FROM {source}"
    )


def literal(field: Any) -> str:
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return f"'{datetime.now(UTC).isoformat()}'"
    value = field.get_default()
    if isinstance(field, ArrayField) and not value:
        return "'{}'"
    if isinstance(value, dict | list):
        return f"'{json.dumps(value)}'"
    return "NULL" if value is None else f"'{value}'"
