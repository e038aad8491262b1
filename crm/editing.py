"""Plain writes of records: set what was sent, check it, know what is new and what somebody else wrote meanwhile.

A field is named as its column; "custom.sites" is one key of the JSON column `custom`, written without its neighbours.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any, TypeVar

from django.db import models
from django.utils import timezone

from crm.errors import StaleState
from crm.models import User

Record = TypeVar("Record", bound=models.Model)
# A longer value is compared by its digest, so that no page carries a long text twice.
LONGEST_TRACE = 120


@dataclass(frozen=True)
class Write:
    """Who wrote a record, and when; nobody when it was the system."""

    by: User | None
    at: datetime

    @property
    def name(self) -> str:
        return str(self.by) if self.by else "Somebody"


class StaleEdit(StaleState):
    """A field was written to something else since it was read.

    ``extra``: `by`, `by_name`, `at` of the ``write``, and `fields`: {name: {"yours", "theirs"}}.
    """

    def __init__(self, record: models.Model, clashing: dict[str, Any], *, write: Write | None, **facts: Any) -> None:
        name = write.name if write else "Somebody"
        when = f" on {timezone.localtime(write.at):%d %b at %H:%M}" if write else ""
        super().__init__(
            f"{name} changed this {record._meta.verbose_name}{when}; look at it again.",
            by=write.by.pk if write and write.by else None,
            by_name=name,
            at=write.at.isoformat() if write else None,
            fields={
                field: {"yours": plain(value), "theirs": plain(value_of(record, field))}
                for field, value in clashing.items()
            },
            **facts,
        )
        self.write = write


class Gone(StaleState):
    code = "gone"


def make(record: Record) -> Record:
    """Check this new record and save it. Raises ValidationError with the texts by field."""
    record.full_clean()
    record.save(force_insert=True)
    return record


def present(record: Record, *related: str) -> Record:
    """The row as it is now, held until the transaction ends. Raises Gone when somebody removed it."""
    rows = type(record)._default_manager.select_for_update(of=("self",))
    found: Record | None = (rows.select_related(*related) if related else rows).filter(pk=record.pk).first()
    if found is None:
        raise Gone(f"Somebody removed this {record._meta.verbose_name} meanwhile.")
    return found


def refuse_stale(record: models.Model, fields: dict[str, Any], seen: dict[str, Any] | None) -> None:
    """Raise StaleEdit if one of ``fields`` is no longer what the person ``seen`` it as, nor what they make of it.

    ``record`` is the row as it is now (`present`); ``seen`` holds values or their traces, and fields that it leaves
    out are written whatever they were.
    """
    clashing = {
        name: fields[name]
        for name, was in (seen or {}).items()
        if name in fields and trace(value_of(record, name)) not in (trace(was), trace(fields[name]))
    }
    if clashing:
        raise StaleEdit(record, clashing, write=last_write(record, *clashing))


def trace(value: Any) -> str:
    """A value as a text that a form can carry to tell later whether it changed; a trace is its own trace."""
    if value is None:
        return ""
    if isinstance(value, list):
        value = "\n".join(map(str, value))
    if isinstance(value, Decimal):
        value = f"{value.normalize():f}"
    text = str(getattr(value, "pk", value)).replace("\r\n", "\n")
    return text if len(text) <= LONGEST_TRACE else f"sha256:{sha256(text.encode()).hexdigest()}"


def value_of(record: models.Model, name: str) -> Any:
    """A field's present value; of a key that a JSON column lacks None."""
    column, _dot, key = name.partition(".")
    value = getattr(record, column)
    return value.get(key) if key else value


def set_value(record: models.Model, name: str, value: Any) -> None:
    """Set a field; a key of a JSON column is left out where it has no value."""
    column, _dot, key = name.partition(".")
    if key:
        others = {other: held for other, held in getattr(record, column).items() if other != key}
        value = others if value is None else {**others, key: value}
    setattr(record, column, value)


def put(record: models.Model, fields: dict[str, Any]) -> list[str]:
    """Set these fields and check them, references aside; gives the columns whose values are new.

    Raises ValidationError with the texts by field; references are records already read, so not looked up again.
    """
    changed = [name for name, value in fields.items() if value_of(record, name) != value]
    for name in changed:
        set_value(record, name, fields[name])
    fresh = list(dict.fromkeys(name.partition(".")[0] for name in changed))
    if fresh:
        meta = record._meta
        references = {field.name for field in meta.concrete_fields if field.is_relation}
        record.clean_fields(exclude={field.name for field in meta.fields if field.name not in fresh} | references)
        record.validate_constraints()
    return fresh


def save_put(record: models.Model, fields: dict[str, Any], *, seen: dict[str, Any] | None = None) -> list[str]:
    """`put`, then save only what is new, so that nothing another person just wrote is undone.

    With ``seen``, for a row held by `present`, raises StaleEdit as `refuse_stale` does.
    """
    refuse_stale(record, fields, seen)
    fresh = put(record, fields)
    if fresh:
        record.save(update_fields=[*fresh, "updated_at"])
    return fresh


def last_write(record: Any, *names: str) -> Write | None:
    """Who wrote a record last, or gave any of the fields ``names`` its present value; None: nobody since it was made,
    or records of its kind are not tracked.

    Each event holds the row as it was before a write, so the newest one with another value is the write that counts.
    """
    if not hasattr(record, "events"):
        return None
    events = record.events.filter(pgh_label="update").select_related("pgh_context").order_by("-pgh_id")
    if names:
        differs = models.Q()
        for name in names:
            differs |= ~now_stands(record, name)
        events = events.filter(differs)
    event = events.first()
    if event is None:
        return None
    person = writer_of(event)
    return Write(User.objects.filter(pk=person).first() if person else None, event.pgh_created_at)


def now_stands(record: models.Model, name: str) -> models.Q:
    """States of a record in which this field holds what it holds now."""
    column, _dot, key = name.partition(".")
    if not key:
        attribute = record._meta.get_field(name).attname  # type: ignore[union-attr]
        return models.Q(**{attribute: getattr(record, attribute)})
    value = value_of(record, name)
    if value is None:
        return ~models.Q(**{f"{column}__has_key": key})
    return models.Q(**{f"{column}__contains": {key: value}})


def writer_of(event: Any) -> int | None:
    """Who made the write that an event tells of, from the request it was made in; None for the system."""
    context = event.pgh_context
    return (context.metadata or {}).get("user") if context else None


def plain(value: Any) -> Any:
    """A value as a problem document shows it: ids for records, text for the rest."""
    return getattr(value, "pk", value) if hasattr(value, "pk") or isinstance(value, dict | int | list) else str(value)
