"""Which field a column probably means, by its header, for a person to confirm."""

import re
from difflib import SequenceMatcher

from leads.custom_fields import fields_of
from leads.importing.fields import FIELDS, OWN_RECORDS, Field
from leads.models import CustomField
from leads.models.imports import ImportKind

ALIKE = 0.86
# A column that becomes a field of its own.
OWN_FIELD, OWN_DEAL_FIELD = "own", "own_deal"
NEW_FIELDS: dict[str, list[tuple[str, str]]] = {
    ImportKind.LEADS: [(OWN_FIELD, "New field of your own")],
    ImportKind.OPPORTUNITIES: [
        (OWN_DEAL_FIELD, "New field of your own"),
        (OWN_FIELD, "New field of your own, of the lead"),
    ],
    ImportKind.COMPANIES: [(OWN_FIELD, "New field of your own")],
    ImportKind.CONTACTS: [],
    ImportKind.TOUCHES: [],
    ImportKind.SPENDS: [],
    ImportKind.ACTIVITIES: [],
    ImportKind.USERS: [],
}


def plain(text: str) -> str:
    """Small letters and digits only: “First Name” and first_name are the same."""
    return re.sub(r"[\W_]", "", text.lower())


def guess_fields(kind: str, header: list[str]) -> list[str]:
    """For each column the name of a field, or "". No field is given twice; exact names go before similar ones."""
    taken: dict[int, str] = {}
    own = {plain(known): name for name, field in own_choices(kind).items() for known in (name, field.label)}
    for likeness in (1.0, ALIKE):
        for position, name in enumerate(header):
            without = set(taken.values())
            found = best_match(kind, name, without=without, likeness=likeness) or own.get(plain(name), "")
            if position not in taken and found and found not in without:
                taken[position] = found
    return [taken.get(position, "") for position in range(len(header))]


def own_choices(kind: str) -> dict[str, CustomField]:
    """The fields of one's own that a file may fill, by the names mappings have for them."""
    records = OWN_RECORDS[ImportKind(kind)].items()
    return {f"{prefix}{own.name}": own for prefix, record in records for own in fields_of(record)}


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


def own_field(kind: str, header: str, chosen: str = OWN_FIELD) -> str:
    """The field that a column of one's own fills: of the lead, or of the opportunity itself."""
    prefix = "lead.custom." if kind == ImportKind.OPPORTUNITIES and chosen == OWN_FIELD else "custom."
    column = header.lower().removeprefix("lead.").removeprefix("custom.")
    return f"{prefix}{re.sub(r'[^a-z0-9]+', '_', column).strip('_') or 'column'}"


def choices(kind: str, *, makes_fields: bool) -> list[tuple[str, str]]:
    own = [(name, own_label(name, field)) for name, field in own_choices(kind).items()]
    fixed = [(field.name, field.label) for field in FIELDS[kind].values()]
    return [("", "Leave out"), *fixed, *own, *new_choices(ImportKind(kind), makes_fields)]


def new_choices(kind: ImportKind, makes_fields: bool) -> list[tuple[str, str]]:
    """Who may not make fields has a lead keep the column as it is; lists and rules have it once it is a field."""
    return NEW_FIELDS[kind] if makes_fields or kind != ImportKind.LEADS else [(OWN_FIELD, "Keep it on the lead")]


def own_label(name: str, field: CustomField) -> str:
    return f"Lead’s {field.label}" if name.startswith("lead.") else field.label
