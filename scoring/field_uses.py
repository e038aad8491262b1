"""Which definitions count on a field of one's own (leads/custom_fields.py asks before one is deleted)."""

from collections.abc import Iterator
from typing import Any

from feedback.models import SignedStatus
from leads.models import CustomRecord
from scoring.fields import PREFIX
from scoring.models import Definition

# A retired definition never counts again.
LIVING = (SignedStatus.DRAFT, SignedStatus.PROPOSED, SignedStatus.ACTIVE)


def uses_of_field(record: str, name: str) -> list[str]:
    """ "score v3 (proposed)", the newest first."""
    if record not in PREFIX:
        return []
    named = PREFIX[CustomRecord(record)] + name
    definitions = Definition.objects.filter(status__in=LIVING).order_by("-version")
    return [
        f"score v{definition.version} ({SignedStatus(definition.status).label.lower()})"
        for definition in definitions
        if named in set(fields_named(definition))
    ]


def fields_named(definition: Definition) -> Iterator[Any]:
    """The names that stand in its rules and conditions, those of a draft that makes no sense yet included."""
    for conditions in (definition.rules, definition.hand_raises, definition.exclusions):
        for condition in conditions if isinstance(conditions, list) else []:
            if isinstance(condition, dict):
                yield condition.get("field")
