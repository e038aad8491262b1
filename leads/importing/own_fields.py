"""Columns for which there is no field yet: what they hold, and the field that the import makes of each."""

import re
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.text import capfirst

from leads.custom_fields import found_field, known_fields, lock_fields
from leads.custom_values import NO, YES
from leads.importing.fields import own_name
from leads.importing.notations import (
    COMMA_SURE,
    EITHER,
    POINT_SURE,
    YEAR_FIRST,
    YEAR_LAST,
    AmountEvidence,
    DateEvidence,
    bare,
)
from leads.models import CustomField, CustomKind

# So few different values, each so often, are choices.
MOST_CHOICES, LONGEST_CHOICE, SEEN_EACH = 12, 60, 3
LONGEST_LABEL = 110
PLAIN_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})", re.ASCII)
YES_OR_NO = (YES | NO) - {"1", "0"}


@dataclass
class OwnEvidence:
    """What the values of one column say about its kind. Numbers with leading zeros are codes, not numbers."""

    count: int = 0
    is_number: bool = True
    is_date: bool = True
    is_yes_no: bool = True
    values: dict[str, str] = field(default_factory=dict)
    amounts: AmountEvidence = field(default_factory=AmountEvidence)
    dates: DateEvidence = field(default_factory=DateEvidence)

    def see(self, value: str) -> None:
        self.count += 1
        if len(self.values) <= MOST_CHOICES:
            self.values.setdefault(value.casefold(), value)
        if self.is_yes_no:
            self.is_yes_no = value.casefold() in YES_OR_NO
        if self.is_date:
            self.is_date = bool(YEAR_FIRST.fullmatch(value) or YEAR_LAST.fullmatch(value))
            self.dates.see(value)
        if self.is_number:
            self.is_number = is_number(value)
            self.amounts.see(value)

    @property
    def kind(self) -> CustomKind:
        if not self.count:
            return CustomKind.TEXT
        if self.is_yes_no:
            return CustomKind.YES_NO
        if self.is_date:
            return CustomKind.DATE
        if self.is_number:
            return CustomKind.NUMBER
        return CustomKind.CHOICE if self.choices else CustomKind.TEXT

    @property
    def choices(self) -> list[str]:
        """The different values as first written, in order; none where they are many, long or each but once."""
        few = len(self.values) <= MOST_CHOICES and len(self.values) * SEEN_EACH <= self.count
        short = all(len(value) <= LONGEST_CHOICE for value in self.values)
        return sorted(self.values.values(), key=str.casefold) if few and short else []

    @property
    def notation(self) -> AmountEvidence | DateEvidence | None:
        """How it is written, where it could be read in several ways."""
        if self.kind == CustomKind.DATE and self.dates.examples:
            return self.dates
        return self.amounts if self.kind == CustomKind.NUMBER and self.amounts.examples else None


def is_number(value: str) -> bool:
    number = bare(value)
    if PLAIN_NUMBER.fullmatch(number):
        return True
    is_written_so = POINT_SURE.fullmatch(number) or COMMA_SURE.fullmatch(number) or EITHER.fullmatch(number)
    return bool(is_written_so) and len(number) <= 20 and not re.match(r"-?0\d", number)


def described(kind: str, name: str, options: dict[str, Any]) -> CustomField | None:
    """The field that a mapping's "kind" and "choices" describe; None where they say nothing."""
    found = own_name(kind, name)
    if found is None or not options.get("kind"):
        return None
    _prefix, record, key = found
    choices = options.get("choices", [])
    label = options.get("label") or label_of(key)
    return CustomField(record=record, name=key, label=label, kind=options["kind"], choices=choices)


def own_described(kind: str, spec: dict[str, Any]) -> list[CustomField]:
    """The fields that a mapping describes besides those that were there, labelled as it or else the column says."""
    found = []
    for name, source in spec.get("fields", {}).items():
        options = source if isinstance(source, dict) else {}
        if own := described(kind, name, options):
            own.label = options.get("label") or label_of(options.get("column") or own.name)
            found.append(own)
    return found


@transaction.atomic
def make_fields(kind: str, spec: dict[str, Any], header: list[str]) -> None:
    """Make those that are not there, in the order of the file. Two imports at once make one of each."""
    lock_fields()
    places = {label_of(column): place for place, column in enumerate(header)}
    for own in sorted(own_described(kind, spec), key=lambda own: places.get(own.label, -1)):
        if own.name not in known_fields(own.record):
            make_field(own)


def make_field(own: CustomField) -> CustomField:
    taken = {field.label.casefold() for field in known_fields(own.record).values()}
    label = own.label if own.label.casefold() not in taken else f"{own.label} ({own.name})"
    facts = {"choices": own.choices} if own.kind == CustomKind.CHOICE else {}
    return found_field(record=own.record, name=own.name, label=label[:120], kind=own.kind, **facts)


def label_of(column: str) -> str:
    """ "custom.lead_quality" and "lead_quality" are "Lead quality"; what has blanks or capitals is left as it is."""
    plain = re.sub(r"^(lead\.)?custom\.", "", column).strip()
    worded = plain if re.search(r"[\sA-Z]", plain) else plain.replace("_", " ")
    return str(capfirst(worded))[:LONGEST_LABEL] or "Field"
