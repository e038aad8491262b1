"""Edits of leads, contacts, companies and opportunities in words: which fields, from what to what, by whom.

An event is the row as it was before; what it became is the next newer event of that row, or the row as it is now.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db.models import Model, Q
from django.utils import timezone
from django.utils.text import capfirst

from crm.editing import writer_of
from crm.models import User
from desk.queries.timeline.deals import address
from desk.queries.timeline.entry import Entry
from desk.queries.timeline.scope import Record, Scope
from desk.queries.timeline.whose import named
from leads.custom_fields import known_fields
from leads.custom_values import said as said_of_own
from leads.models import CustomField, CustomKind, Lead, Opportunity
from leads.pipeline import pipeline

LABELS = {
    "title": "Job title",
    "company_name": "Company name",
    "sourced_by": "Found by",
    "revisit_on": "Look again on",
    "product_interest": "Interested in",
    "do_not_call": "Do not call",
    "do_not_mail": "Do not e-mail",
}
# A stage brings these along; its own line says it.
OF_A_STAGE = {"stage", "probability", "forecast_category"}
OF_A_CLOSE = {*OF_A_STAGE, "outcome", "closed_at", "reason_id", "note"}

# Holds the fields of one's own, by their names.
OWN = "custom"

Change = tuple[str, Any, Any]


def told_edits(of: type[Record], pks: list[int], scope: Scope) -> dict[int, Entry]:
    """These events of rows of ``of``, each with what it changed."""
    events = of.events.rel.related_model.objects  # type: ignore[union-attr]
    rows = list(events.filter(pk__in=pks).select_related("pgh_context").order_by("pgh_obj_id", "-pk"))
    present = of._default_manager.in_bulk({row.pgh_obj_id for row in rows})
    changes = {row.pk: differences(row, after) for row, after in with_what_followed(rows, present)}
    names = names_of(of, [change for found in changes.values() for change in found])
    if of is Opportunity:
        names |= {("stage", code): stage.label for code, stage in pipeline().items()}
    writers = User.objects.in_bulk({writer for row in rows if (writer := writer_of(row))})
    entries: dict[int, tuple[Entry, int | None]] = {}
    for row in rows:
        record = present.get(row.pgh_obj_id)
        entry = told_edit(row, record, changes[row.pk], names) if record and changes.get(row.pk) else None
        if entry:
            entry.by = writers.get(writer_of(row) or 0)
            entries[row.pk] = (entry, row.pgh_obj_id if of is Lead else None)
    return named(entries, scope)


def with_what_followed(rows: list[Any], present: Mapping[int, Record]) -> Iterable[tuple[Any, Any]]:
    """Each event with the state after it. ``rows`` come newest first within a row."""
    followers = newer_events([row for row, before in zip(rows, [None, *rows], strict=False) if is_newest(row, before)])
    newer: Any = None
    for row in rows:
        if newer is None or newer.pgh_obj_id != row.pgh_obj_id:
            newer = followers.get(row.pgh_obj_id) or present.get(row.pgh_obj_id)
        if newer is not None:
            yield row, newer
        newer = row


def is_newest(row: Any, before: Any) -> bool:
    return before is None or before.pgh_obj_id != row.pgh_obj_id


def newer_events(newest: list[Any]) -> dict[int, Any]:
    """The event that followed each of these, by the row it is of; none where it was the last."""
    behind = Q(pk__in=[])
    for row in newest:
        behind |= Q(pgh_obj=row.pgh_obj_id, pk__gt=row.pk)
    if not newest:
        return {}
    found = type(newest[0]).objects.filter(behind, pgh_label="update").order_by("pgh_obj_id", "pk")
    return {row.pgh_obj_id: row for row in found.distinct("pgh_obj_id")}


def told_edit(row: Any, record: Record, found: list[Change], names: dict[tuple[str, Any], str]) -> Entry | None:
    """An edit in words; None for a close, which is told where opportunities are."""
    after = {name: new for name, _old, new in found}
    title, icon, said = special_title(record, after, names)
    if title is None:
        return None
    changes = [in_words(row, change, names) for change in found if change[0] not in said]
    entry = Entry(row.pgh_created_at, icon, title or title_of(record, changes), changes=changes)
    if isinstance(record, Opportunity):
        entry.side, entry.href = "sales", address(record)
    return entry


def special_title(
    record: Record, after: dict[str, Any], names: dict[tuple[str, Any], str]
) -> tuple[str | None, str, set[str]]:
    """What an edit was, where it was more than a changed field: title, icon, and the fields the title speaks of.

    "" for an ordinary edit, None for one that is told elsewhere.
    """
    if "outcome" in after:
        if not after["outcome"]:
            return f"Reopened {record}", "arrow-back-up", OF_A_CLOSE
        told = after.get("closed_at") == getattr(record, "closed_at", None)
        return None if told else f"Closed as {after['outcome']}", "flag-off", OF_A_CLOSE
    if "stage" in after:
        return f"Moved to {names['stage', after['stage']]}", "arrow-right", OF_A_STAGE
    if "archived_at" in after:
        return ("Archived" if after["archived_at"] else "Brought back from the archive"), "archive", {"archived_at"}
    return "", "pencil", set()


def title_of(record: Record, changes: list[tuple[str, str, str]]) -> str:
    """ "Phone changed", "3 fields changed"; of another record than a lead with its name."""
    what = f"{changes[0][0]} changed" if len(changes) == 1 else f"{len(changes)} fields changed"
    return what if isinstance(record, Lead) else f"{record}: {what[0].lower()}{what[1:]}"


def differences(old: Any, new: Any) -> list[Change]:
    """(field, before, after) of what differs between two states; of `custom` each of its keys."""
    names = [field.attname for field in tracked_fields(old)]
    pairs = ((name, getattr(old, name), getattr(new, name)) for name in names)
    found = [(name, before, after) for name, before, after in pairs if before != after]
    return [part for change in found for part in (own_differences(*change) if change[0] == OWN else [change])]


def own_differences(_column: str, before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    pairs = ((name, before.get(name), after.get(name)) for name in dict.fromkeys([*before, *after]))
    return [(f"{OWN}.{name}", old, new) for name, old, new in pairs if old != new]


def tracked_fields(event: Any) -> list[Any]:
    return [field for field in event._meta.concrete_fields if field.name != "id" and not field.name.startswith("pgh_")]


def names_of(of: type[Record], changes: list[Change]) -> dict[tuple[str, Any], str]:
    """What the records are called that changes point at, one query a kind."""
    pointed: dict[type[Model], set[tuple[str, int]]] = {}
    for name, *values in changes:
        if name.startswith(f"{OWN}."):
            continue
        field = of._meta.get_field(name.removesuffix("_id"))
        if field.is_relation and field.related_model:
            pointed.setdefault(field.related_model, set()).update((name, pk) for pk in values if pk)
    names: dict[tuple[str, Any], str] = {}
    for model, ids in pointed.items():
        rows = model._default_manager.in_bulk({pk for _name, pk in ids})
        names |= {(name, pk): str(rows[pk]) for name, pk in ids if pk in rows}
    return names


def in_words(row: Any, change: Change, names: dict[tuple[str, Any], str]) -> tuple[str, str, str]:
    name, old, new = change
    if name.startswith(f"{OWN}."):
        return own_in_words(row, name.removeprefix(f"{OWN}."), old, new)
    return label(name), shown(row, name, old, names), shown(row, name, new, names)


def own_in_words(row: Any, name: str, old: Any, new: Any) -> tuple[str, str, str]:
    """A field of one's own by its label; one that was deleted since by its name."""
    known = known_fields(row._meta.get_field("pgh_obj").related_model._meta.model_name)
    own = known.get(name) or CustomField(label=name.replace("_", " "), kind=CustomKind.TEXT)
    return own.label, said_of_own(own, old) or "–", said_of_own(own, new) or "–"


def label(name: str) -> str:
    plain = name.removesuffix("_id")
    return LABELS.get(plain, capfirst(plain.replace("_", " ")))


def shown(row: Any, name: str, value: Any, names: dict[tuple[str, Any], str]) -> str:
    """A value in words; "–" for none."""
    if value in (None, "", {}, []):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        value = timezone.localtime(value)
    if isinstance(value, date):
        return f"{value.day} {value:%b %Y}"
    if isinstance(value, list):
        return ", ".join(value)
    field = row._meta.get_field(name.removesuffix("_id"))
    choices = dict(field.flatchoices)
    return str(choices.get(value, names.get((name, value), value)))
