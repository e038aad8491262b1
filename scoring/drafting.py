"""Versions of the definition before anybody signs: drafted, edited, thrown away; what is odd about one.

Only a draft changes. What is proposed is withdrawn first (scoring/proposing.py); what is or was in force is copied.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from crm.access import require
from crm.editing import Write, present
from crm.errors import StaleState
from crm.models import User
from feedback.access import may_propose
from feedback.agreements import NotOpen, digest
from feedback.models import SignedStatus
from leads.list_queries import present_leads
from scoring.contradictions import contradictions, impossible
from scoring.definitions import CONTENT, checked_card
from scoring.engine import standings_at
from scoring.models import Definition
from scoring.rules import Card, InvalidDefinition, Problem
from scoring.words import RECORDS, Names, conditions_of, record_names, records_of

# What people write into a draft.
WRITTEN = ("name", "why", *CONTENT)
# A definition from nothing: a raised hand qualifies, whoever asked to be left alone and our own people never do.
BEGINNING: dict[str, Any] = {
    "name": "A qualified lead",
    "hand_raises": [{"field": "raised_hand", "operator": "is", "value": True}],
    "exclusions": [
        {"field": "do_not_mail", "operator": "is", "value": True},
        {"field": "own_staff", "operator": "is", "value": True},
    ],
}
NOT_YOURS = "Only managers of marketing or sales and admins change the definition."
# So many of the newest leads are scored to see whether a draft makes sense; of a few nothing can be said.
SAMPLE, FEW = 500, 20
# Held while the number of a new version is found.
NUMBERING = 0x7EDEF


class NotADraft(NotOpen):
    """The same of a version of the definition."""


class ChangedMeanwhile(StaleState):
    code = "changed_meanwhile"

    def __init__(self, definition: Definition) -> None:
        write = Write(definition.written_by, definition.updated_at)
        super().__init__(
            f"{write.name} changed this definition since you opened it. Look at it again, then make your change.",
            by=definition.written_by_id, by_name=write.name, at=write.at.isoformat(), mark=mark_of(definition),
        )  # fmt: skip


@transaction.atomic
def draft_definition(*, by: User, at: datetime, copy_of: Definition | None = None, **fields: Any) -> Definition:
    """Begin the next version, from a copy or from nothing; ``fields`` replace some of it.

    Raises NotAllowed, InvalidDefinition, ValidationError. What a copied version holds is checked as it was signed: a
    field that was retired since is named when somebody edits or proposes the copy.
    """
    require(may_propose(by), NOT_YOURS)
    draft = Definition(version=next_version(), written_by=by, based_on=copy_of.version if copy_of else None)
    begun = {name: getattr(copy_of, name) for name in ("name", *CONTENT)} if copy_of else BEGINNING
    write(draft, {**begun, **fields})
    if copy_of is None or set(fields) & set(CONTENT):
        checked_card(draft)
    draft.save(force_insert=True)
    return draft


def next_version() -> int:
    """One more than the newest; whoever asks at the same time waits until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [NUMBERING])
    return (Definition.objects.aggregate(Max("version"))["version__max"] or 0) + 1


@transaction.atomic
def edit_definition(definition: Definition, *, by: User, at: datetime, seen: str = "", **fields: Any) -> Definition:
    """Change a draft. ``seen``: the `mark_of` the draft as the person saw it.

    Raises NotAllowed, NotADraft, ChangedMeanwhile, InvalidDefinition, ValidationError, Gone.
    """
    require(may_propose(by), NOT_YOURS)
    draft = present(definition)
    require_draft(draft)
    fresh = [name for name, value in fields.items() if getattr(draft, name) != value]
    if not fresh:
        return draft
    if seen and seen != mark_of(draft):
        raise ChangedMeanwhile(draft)
    write(draft, fields)
    checked_card(draft)
    draft.written_by = by
    draft.save(update_fields=[*fresh, "written_by", "updated_at"])
    return draft


def require_draft(definition: Definition) -> None:
    if definition.status == SignedStatus.PROPOSED:
        raise NotADraft(definition, "take the proposal back to change it")
    if definition.status != SignedStatus.DRAFT:
        raise NotADraft(definition, "copy it to change it")


def write(draft: Definition, fields: dict[str, Any]) -> None:
    """Set these fields and check name and why; the rest is checked together, by scoring/rules.py."""
    unknown = set(fields) - set(WRITTEN)
    if unknown:
        raise TypeError(f"not written by people: {', '.join(sorted(unknown))}")
    for name, value in fields.items():
        setattr(draft, name, value.strip() if name == "name" and isinstance(value, str) else value)
    draft.clean_fields(exclude={field.name for field in draft._meta.fields} - {"name", "why"})


def mark_of(definition: Definition) -> str:
    """Carried by a form or a program to tell whether what it was made from has changed meanwhile."""
    return digest({name: getattr(definition, name) for name in WRITTEN})[:16]


def fingerprint_of(definition: Definition) -> str:
    """The sha256 of what a definition counts by; its name and its reason are no part of it."""
    return digest({name: getattr(definition, name) for name in CONTENT})


def problems_of(definition: Definition) -> list[Problem]:
    """What keeps a version from being proposed as it stands."""
    try:
        return impossible(checked_card(definition))
    except InvalidDefinition as invalid:
        return [Problem(**problem) for problem in invalid.extra["problems"]]


def warnings_of(definition: Definition, *, at: datetime | None = None) -> list[Problem]:
    """What is odd about a version without being wrong; nothing for one that cannot be read.

    With ``at`` also whether nobody, or everybody, of the newest leads would qualify then.
    """
    try:
        card = checked_card(definition)
    except InvalidDefinition:
        return []
    names = record_names(card)
    return [*gone_records(card, names), *contradictions(card, names), *(lopsided(card, at=at) if at else ())]


def gone_records(card: Card, names: Names) -> Iterator[Problem]:
    for place, condition in conditions_of(card):
        for pk in (pk for field in RECORDS for pk in records_of(condition, field)):
            if (condition.field, pk) not in names:
                yield Problem(f"{place}.value", f"there is no {condition.column.label.lower()} with the id {pk}")


def lopsided(card: Card, *, at: datetime) -> Iterator[Problem]:
    """Whether nobody, or everybody, of the newest leads qualifies: by the engine, on as many as a page can wait for."""
    newest = present_leads().filter(archived_at=None).order_by("-pk").values_list("pk", flat=True)[:SAMPLE]
    qualified = [standing.qualifies for standing in standings_at(((pk, at) for pk in newest), card=card)]
    if len(qualified) < FEW:
        return
    if not any(qualified):
        yield Problem("thresholds", f"none of the {len(qualified)} newest leads would qualify")
    elif all(qualified):
        yield Problem("thresholds", f"each of the {len(qualified)} newest leads would qualify")
