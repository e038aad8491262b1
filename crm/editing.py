"""Plain writes of records: set what was sent, check it, know what is new."""

from typing import Any, TypeVar

from django.db import models

Record = TypeVar("Record", bound=models.Model)


def make(record: Record) -> Record:
    """Check this new record and save it. Raises ValidationError with the texts by field."""
    record.full_clean()
    record.save(force_insert=True)
    return record


def put(record: models.Model, fields: dict[str, Any]) -> list[str]:
    """Set these fields and check them, references aside; gives the names whose values are new.

    Raises ValidationError with the texts by field; references are records already read, so not looked up again.
    """
    fresh = [name for name, value in fields.items() if getattr(record, name) != value]
    for name in fresh:
        setattr(record, name, fields[name])
    if fresh:
        meta = record._meta
        references = {field.name for field in meta.concrete_fields if field.is_relation}
        record.clean_fields(exclude={field.name for field in meta.fields if field.name not in fresh} | references)
        record.validate_constraints()
    return fresh


def save_put(record: models.Model, fields: dict[str, Any]) -> list[str]:
    """`put`, then save only what is new, so that nothing another person just wrote is undone."""
    fresh = put(record, fields)
    if fresh:
        record.save(update_fields=[*fresh, "updated_at"])
    return fresh
