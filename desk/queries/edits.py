"""Edits of a lead in words: which fields, from what to what, by whom."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaigns.models import Campaign
from crm.models import Team, User
from leads.models import Company, Contact, Lead
from leads.models.lead import TRACKED

RELATED: dict[str, Any] = {"company": Company, "contact": Contact, "owner": User, "team": Team, "campaign": Campaign}
LABELS = {
    "title": "Job title",
    "company_name": "Company name",
    "sourced_by": "Found by",
    "revisit_on": "Revisit on",
    "product_interest": "Interested in",
}


@dataclass(frozen=True)
class Edit:
    """One write of a lead. ``changes``: (field, before, after), all in words."""

    pk: int
    at: datetime
    by: User | None
    changes: list[tuple[str, str, str]]


def told_edits(lead: Lead, events: list[Any]) -> list[Edit]:
    """These events of ``lead``, newest first, in words.

    An event is the row as it was before; what it became is the next newer event, or the lead as it is now.
    """
    if not events:
        return []
    newer: Any = lead.events.filter(pgh_label="update", pk__gt=events[0].pk).order_by("pk").first() or lead  # type: ignore[attr-defined]
    pairs = []
    for event in events:
        pairs.append((event, changed_fields(event, newer)))
        newer = event
    names = names_of([change for _event, changes in pairs for change in changes])
    writers = User.objects.in_bulk({writer for event, _changes in pairs if (writer := writer_of(event))})
    return [
        Edit(
            event.pk,
            event.pgh_created_at,
            writers.get(writer_of(event) or 0),
            [in_words(*change, names) for change in changes],
        )
        for event, changes in pairs
        if changes
    ]


def in_words(name: str, old: Any, new: Any, names: dict[tuple[str, int], str]) -> tuple[str, str, str]:
    return label(name), shown(name, old, names), shown(name, new, names)


def changed_fields(old: Any, new: Any) -> list[tuple[str, Any, Any]]:
    """(field, before, after) of what differs between two states of the lead."""
    names = [f"{name}_id" if name in RELATED else name for name in TRACKED]
    pairs = ((name, getattr(old, name), getattr(new, name)) for name in names)
    return [(name, before, after) for name, before, after in pairs if before != after]


def names_of(changes: list[tuple[str, Any, Any]]) -> dict[tuple[str, int], str]:
    """What the records are called that changes point at, one query a kind."""
    names: dict[tuple[str, int], str] = {}
    for field_name, model in RELATED.items():
        ids = {pk for name, *values in changes if name == f"{field_name}_id" for pk in values if pk}
        names |= {(f"{field_name}_id", pk): str(row) for pk, row in model.objects.in_bulk(ids).items()} if ids else {}
    return names


def shown(name: str, value: Any, names: dict[tuple[str, int], str]) -> str:
    """A value in words; "–" for none."""
    if value in (None, "", {}):
        return "–"
    return names.get((name, value), str(value)) if name.endswith("_id") else str(value)


def label(name: str) -> str:
    plain = name.removesuffix("_id")
    return LABELS.get(plain, plain.replace("_", " ").capitalize())


def writer_of(event: Any) -> int | None:
    """Who made the edit, from the request it was made in; None for the system."""
    context = event.pgh_context
    return (context.metadata or {}).get("user") if context else None
