"""What a field of one's own may hold: from what people, files and programs give to the value that records keep."""

import json
import math
import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.formats import date_format

from crm.words import money, number
from leads.models import CustomField, CustomKind

LONGEST_TEXT = 1_000
# Beyond these nobody means it: a slip of the finger, an infinity, an identifier taken for a figure.
MOST_NUMBER, MOST_MONEY = Decimal(10) ** 15, Decimal(10) ** 12
DECIMALS = {CustomKind.NUMBER: 6, CustomKind.MONEY: 2}
YES, NO = {"yes", "y", "true", "t", "1", "on", "x"}, {"no", "n", "false", "f", "0", "off"}
# What is not stored, and no text can be: NUL, half a character.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")

Value = str | int | float | bool


def clean_value(field: CustomField, raw: Any) -> Value | None:
    """The value that a record keeps under the field's name; None for nothing.

    Takes what JSON holds, and the texts of forms and files. Raises ValidationError with a text that says what to do.
    """
    if raw is None or (isinstance(raw, str) and not raw.strip()):
        return None
    if isinstance(raw, str):
        raw = raw.strip()
    if isinstance(raw, str) and UNSTORABLE.search(raw):
        raise ValidationError("This holds a character that cannot be stored.")
    return CLEANERS[CustomKind(field.kind)](field, raw)


def clean_values(
    fields: Mapping[str, CustomField], given: Mapping[str, Any], present: Mapping[str, Any]
) -> dict[str, Any]:
    """Values by name, cleaned where ``fields`` know the name, without the empty ones.

    What a record has already stays as it is: a choice that was taken away, a value older than its field. Raises
    ValidationError with the texts by name.
    """
    cleaned, errors = {}, {}
    for name, raw in given.items():
        if name not in fields or (name in present and same(present[name], raw)):
            cleaned[name] = raw
            continue
        try:
            value = clean_value(fields[name], raw)
        except ValidationError as error:
            errors[name] = error.messages
        else:
            if value is not None:
                cleaned[name] = value
    if errors:
        raise ValidationError(errors)
    return cleaned


def same(one: Any, other: Any) -> bool:
    """In Python true is 1; a record that holds one of them does not hold the other."""
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def said(field: CustomField, value: Any) -> str:
    """A value in words; "" for none. What was there before the field may be anything, and is said as it stands."""
    if value in (None, "", [], {}):
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int | float):
        return said_number(field, value)
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if field.kind == CustomKind.DATE and (day := as_day(value)):
        return date_format(day, "j M Y")
    return value


def said_number(field: CustomField, value: float) -> str:
    if field.kind == CustomKind.MONEY and field.currency and math.isfinite(value):
        return money(Decimal(str(value)), field.currency)
    return number(value) if isinstance(value, int) else f"{value:,}"


def clean_text(field: CustomField, raw: Any) -> str:
    text = raw if isinstance(raw, str) else plain(raw)
    if len(text) > LONGEST_TEXT:
        raise ValidationError(f"This has {len(text):,} characters; at most {LONGEST_TEXT:,} fit.")
    return text


def plain(raw: Any) -> str:
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal):
        raise ValidationError("Give a text.")
    return f"{raw}"


def clean_number(field: CustomField, raw: Any) -> int | float:
    kind = CustomKind(field.kind)
    found = as_decimal(raw)
    if found is None:
        raise ValidationError(f"{quoted(raw)} is not a number; write it like 1250 or 12.5.")
    return rounded(found, raw, most=MOST_MONEY if kind == CustomKind.MONEY else MOST_NUMBER, kind=kind)


def rounded(found: Decimal, raw: Any, *, most: Decimal, kind: CustomKind) -> int | float:
    if not found.is_finite() or abs(found) >= most:
        raise ValidationError(f"{quoted(raw)} is too large; at most {len(str(int(most))) - 1} digits fit.")
    if kind == CustomKind.MONEY and found < 0:
        raise ValidationError(f"{quoted(raw)} is below zero.")
    value = round(found, DECIMALS[kind])
    return int(value) if value == value.to_integral_value() else float(value)


def as_decimal(raw: Any) -> Decimal | None:
    """A number as JSON has it, or as people write it: "1250", "12.5", "1,250.50", "1 250"."""
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal | str):
        return None
    if isinstance(raw, str):
        raw = re.sub(r"[\s\u00a0\u202f'’]", "", raw)
        if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", raw, re.ASCII):
            raw = raw.replace(",", "")
        if not re.fullmatch(
            r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?|[+-]?(inf|infinity)", raw, re.ASCII | re.IGNORECASE
        ):
            return None
    try:
        found = Decimal(str(raw))
    except (InvalidOperation, ValueError):
        return None
    return None if found.is_nan() else found


def clean_date(field: CustomField, raw: Any) -> str:
    day = raw.date() if isinstance(raw, datetime) else raw if isinstance(raw, date) else as_day(raw)
    if day is None:
        raise ValidationError(f"{quoted(raw)} is not a date; write it like 2026-03-14.")
    if not 1900 <= day.year <= 2200:
        raise ValidationError(f"{quoted(raw)} is too far away: years from 1900 to 2200 fit.")
    return day.isoformat()


def as_day(raw: Any) -> date | None:
    if not isinstance(raw, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", raw, re.ASCII):
        return None
    try:
        return date.fromisoformat(raw)
    except ValueError:
        return None


def clean_choice(field: CustomField, raw: Any) -> str:
    """As the field writes it, whatever the capitals."""
    known = {choice.casefold(): choice for choice in field.choices}
    if (found := known.get(str(raw).casefold())) is None:
        raise ValidationError(f"{quoted(raw)} is none of: {listed(field.choices)}.")
    return found


def listed(choices: list[str], most: int = 12) -> str:
    shown = ", ".join(choices[:most])
    return f"{shown} and {len(choices) - most} more" if len(choices) > most else shown


def clean_yes_no(field: CustomField, raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    word = str(raw).casefold()
    if word not in YES | NO:
        raise ValidationError(f"{quoted(raw)} is neither yes nor no.")
    return word in YES


def quoted(raw: Any) -> str:
    text = str(raw)
    return f"“{text if len(text) <= 60 else f'{text[:57]}…'}”"


CLEANERS = {
    CustomKind.TEXT: clean_text,
    CustomKind.NUMBER: clean_number,
    CustomKind.MONEY: clean_number,
    CustomKind.DATE: clean_date,
    CustomKind.CHOICE: clean_choice,
    CustomKind.YES_NO: clean_yes_no,
}
