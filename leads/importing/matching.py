"""Which field a column probably means, by its header, for a person to confirm."""

import re
from difflib import SequenceMatcher

from leads.importing.fields import CUSTOM_PREFIX, FIELDS, Field
from leads.models.imports import ImportKind

ALIKE = 0.86
OWN_FIELD = "own"


def plain(text: str) -> str:
    """Small letters and digits only: “First Name” and first_name are the same."""
    return re.sub(r"[\W_]", "", text.lower())


def guess_fields(kind: str, header: list[str]) -> list[str]:
    """For each column the name of a field, or "". No field is given twice; exact names go before similar ones."""
    taken: dict[int, str] = {}
    for likeness in (1.0, ALIKE):
        for position, name in enumerate(header):
            found = best_match(kind, name, without=set(taken.values()), likeness=likeness)
            if position not in taken and found:
                taken[position] = found
    return [taken.get(position, "") for position in range(len(header))]


def best_match(kind: str, header: str, *, without: set[str], likeness: float) -> str:
    wanted = plain(header)
    if not wanted:
        return ""
    fields = [field for field in FIELDS[kind].values() if field.name not in without]
    scored = [(likeness_of(wanted, field), field.name) for field in fields]
    score, name = max(scored, default=(0.0, ""), key=lambda pair: pair[0])
    return name if score >= likeness else ""


def likeness_of(wanted: str, field: Field) -> float:
    names = (plain(field.name), plain(field.label), *field.aliases)
    return max(SequenceMatcher(None, wanted, name).ratio() for name in names)


def own_field(kind: str, header: str) -> str:
    """The custom field a column of one's own fills."""
    prefix = CUSTOM_PREFIX[ImportKind(kind)]
    return f"{prefix}{re.sub(r'[^a-z0-9]+', '_', header.lower()).strip('_') or 'column'}"


def choices(kind: str) -> list[tuple[str, str]]:
    own = [(OWN_FIELD, "Own field of the lead")] if ImportKind(kind) in CUSTOM_PREFIX else []
    return [("", "Leave out"), *((field.name, field.label) for field in FIELDS[kind].values()), *own]
