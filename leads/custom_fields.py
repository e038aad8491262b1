"""Fields of one's own on leads, companies and opportunities: which there are, and what admins do with them.

A field is a row of CustomField; its values stand in the records' `custom` under its name. The name is made from the
first label and never changes, so that rules, addresses and programs go on working; the label is free.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from importlib import import_module
from itertools import chain, count
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.text import slugify

from crm.access import require
from crm.editing import Gone, make, put
from crm.errors import BusinessError
from crm.memo import forget_kept, once_a_request
from crm.models import Organisation, User
from crm.positions import last_position, move
from crm.words import listed
from leads.access import may_write_fields
from leads.models import Company, CustomField, CustomKind, CustomRecord, Lead, Opportunity

REFUSED = "Only admins change the fields."
MODELS: dict[CustomRecord, type[Lead] | type[Company] | type[Opportunity]] = {
    CustomRecord.LEAD: Lead,
    CustomRecord.COMPANY: Company,
    CustomRecord.OPPORTUNITY: Opportunity,
}
# A form or a list with more asks too much of everybody.
MOST = 100
MOST_CHOICES, LONGEST_CHOICE = 200, 120
LONGEST_NAME = 60
# Of two people who add a field at once the second waits, and finds the name taken.
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(7416304)"


class FieldInUse(BusinessError):
    """``extra["uses"]``: what uses the field, in words."""

    code = "field_in_use"


# Reading


@once_a_request
def every_field() -> list[CustomField]:
    """All there are in order, retired ones included, without those that are being deleted."""
    return list(CustomField.objects.filter(deleted_at__isnull=True))


def fields_of(record: str) -> list[CustomField]:
    """The fields of a kind of record that are asked for, in order."""
    return [field for field in every_field() if field.record == record and not field.retired]


def known_fields(record: str) -> dict[str, CustomField]:
    """By name, retired ones included: what they hold stays."""
    return {field.name: field for field in every_field() if field.record == record}


# What admins do


@transaction.atomic
def add_field(
    *,
    by: User,
    record: str,
    label: str,
    kind: str,
    choices: Collection[str] = (),
    currency: str = "",
    help: str = "",  # noqa: A002
) -> CustomField:
    """A new field at the end of its record's. Raises ValidationError, NotAllowed; BusinessError when there are many."""
    require(may_write_fields(by), REFUSED)
    return found_field(record=record, label=label, kind=kind, choices=choices, currency=currency, help=help)


@transaction.atomic
def found_field(*, record: str, label: str, kind: str, name: str = "", **facts: Any) -> CustomField:
    """Make a field; ``name``: as values have it already, else it is made from the label."""
    lock_fields()
    rows = CustomField.objects.filter(record=record)
    if rows.filter(retired=False).count() >= MOST:
        raise BusinessError(f"There are {MOST} fields already: retire or delete some first.", code="too_many_fields")
    label = one_line(label)
    refuse_label(label, rows)
    field = CustomField(record=record, name=name or free_name(label, rows), label=label, position=last_position(rows))
    put(field, of_kind(kind, {"choices": (), "currency": "", **facts}))
    make(field)
    keep_up()
    return field


@transaction.atomic
def edit_field(field: CustomField, *, by: User, **facts: Any) -> CustomField:
    """Change label, help, choices, currency, ``retired``; the kind only while nothing holds a value or counts on it.

    Raises ValidationError, FieldInUse; BusinessError `kind_is_fixed`.
    """
    require(may_write_fields(by), REFUSED)
    lock_fields()
    field = present(field)
    if "label" in facts:
        facts["label"] = one_line(facts["label"])
        refuse_label(facts["label"], CustomField.objects.filter(record=field.record).exclude(pk=field.pk))
    kind = facts.pop("kind", field.kind)
    if kind != field.kind:
        refuse_other_kind(field)
    kept = {"choices": field.choices, "currency": field.currency}
    fresh = put(field, of_kind(kind, {**kept, **facts}))
    if fresh:
        field.save(update_fields=[*fresh, "updated_at"])
    keep_up()
    return field


@transaction.atomic
def move_field(field: CustomField, *, by: User, step: int) -> None:
    """One place up (-1) or down (1) among the fields of its record."""
    require(may_write_fields(by), REFUSED)
    move(CustomField.objects.filter(record=field.record, deleted_at__isnull=True), field.pk, step=step)
    forget_kept()


@transaction.atomic
def delete_field(field: CustomField, *, by: User, at: datetime) -> None:
    """Take the field away from everybody at once, and its values from the records in the background.

    Raises FieldInUse while something counts on it: to retire it keeps what records hold.
    """
    require(may_write_fields(by), REFUSED)
    lock_fields()
    field = present(field)
    if uses := uses_of(field):
        raise FieldInUse(
            f"“{field}” is used by {listed(uses)}. Take it out there first, or retire the field.", uses=uses
        )
    field.retired, field.deleted_at = True, at
    field.save(update_fields=["retired", "deleted_at", "updated_at"])
    keep_up()


# What stands against it


def uses_of(field: CustomField) -> list[str]:
    """What counts on a field, in words: "definition v3, proposed". The rooms above know (settings.FIELD_USES)."""
    return [use for name in settings.FIELD_USES for use in import_module(name).uses_of_field(field.record, field.name)]


def is_held(field: CustomField) -> bool:
    """Whether any record holds a value of it; archived and merged ones count."""
    return MODELS[CustomRecord(field.record)]._default_manager.filter(custom__has_key=field.name).exists()


def refuse_other_kind(field: CustomField) -> None:
    if is_held(field):
        raise BusinessError(
            "Records hold values of this field, so its kind stays. Make a new field beside it.", code="kind_is_fixed"
        )
    if uses := uses_of(field):
        raise FieldInUse(f"{listed(uses)} counts on what this field holds, so its kind stays.", uses=uses)


def refuse_label(label: str, others: QuerySet[CustomField]) -> None:
    """Two fields of one name would be told apart by nobody."""
    if others.filter(label__iexact=label, deleted_at__isnull=True).exists():
        raise ValidationError({"label": f"There is a field “{label}” already."})


# How a field is written


def of_kind(kind: str, facts: dict[str, Any]) -> dict[str, Any]:
    """``facts`` as a field of this kind has them: choices only to choose from, a currency only for money."""
    choices = clean_choices(facts["choices"]) if kind == CustomKind.CHOICE else []
    currency = (facts["currency"] or Organisation.get().currency) if kind == CustomKind.MONEY else ""
    return {**facts, "kind": kind, "choices": choices, "currency": currency}


def clean_choices(given: Iterable[str]) -> list[str]:
    """Each once, whatever its capitals, in their order. Raises ValidationError."""
    found: dict[str, str] = {}
    for choice in map(one_line, given):
        if len(choice) > LONGEST_CHOICE:
            raise ValidationError(
                {"choices": f"“{choice[:40]}…” is too long: at most {LONGEST_CHOICE} characters fit."}
            )
        if choice:
            found.setdefault(choice.casefold(), choice)
    if not found:
        raise ValidationError({"choices": "Write at least one choice, each on a line of its own."})
    if len(found) > MOST_CHOICES:
        raise ValidationError({"choices": f"These are {len(found)} choices; at most {MOST_CHOICES} fit."})
    return list(found.values())


def free_name(label: str, others: QuerySet[CustomField]) -> str:
    """ "Machines to plan" is machines_to_plan, the second of that name machines_to_plan_2. It begins with a letter."""
    plain = slugify(label).replace("-", "_").strip("_")[:LONGEST_NAME].strip("_")
    name = plain if plain[:1].isalpha() else f"field_{plain}".strip("_")
    taken = set(others.filter(name__startswith=name).values_list("name", flat=True))
    return next(free for free in chain([name], (f"{name}_{n}" for n in count(2))) if free not in taken)


def one_line(text: str) -> str:
    return " ".join(text.replace("\0", "").split())


def present(field: CustomField) -> CustomField:
    """The field as it is now, held. Raises Gone for one that somebody deleted."""
    found = CustomField.objects.select_for_update().filter(pk=field.pk, deleted_at__isnull=True).first()
    if found is None:
        raise Gone("Somebody deleted this field meanwhile.")
    return found


def lock_fields() -> None:
    with connection.cursor() as sql:
        sql.execute(ONE_AT_A_TIME)


def keep_up() -> None:
    """This request reads the fields anew, and a worker brings indexes and values into step."""
    forget_kept()
    transaction.on_commit(wake_worker, robust=True)


def wake_worker() -> None:
    """Now, when the broker is there; else the sweep of beat finds it."""
    from leads.tasks import keep_up_fields

    keep_up_fields.apply_async(retry=False)
