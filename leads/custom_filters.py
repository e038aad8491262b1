"""Conditions on values of fields of one's own, in the words of their indexes (leads/custom_upkeep.py).

A condition first asks for the right type: under the same name a record may hold what an import or a program wrote
before there was a field. That is also what the partial index of the field stands on, so that it is small, and what is
too long for an index is none of its rows.

Measured over a million leads, 300,000 of them with a value: one value in 2,000 is counted in 0.7 ms with the index, in
440 ms without; a narrow range in 3 ms instead of 600, a value that a third has in 12 ms instead of 90 (it stops at
10,000). Letters somewhere in a text are looked for in all that hold one: 380 ms. An index takes 14 MB and 2 s to build.
One GIN index over all of `custom` finds equal values as fast and costs an import less than three of these do (1.1 s
instead of 2.0 s for 100,000 rows that fill all three, 0.7 s with none), but it knows no ranges and no order, and takes
96 ms for the common value.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import BooleanField, F, Func, JSONField, Q, TextField, Value
from django.db.models.functions import Left
from django.db.models.lookups import Exact, GreaterThanOrEqual, In, LessThan, LessThanOrEqual

from leads.models import CustomField, CustomKind

# So much of a text stands in its index; longer ones are compared as a whole afterwards.
INDEXED_LENGTH = 200
NUMBERS = (CustomKind.NUMBER, CustomKind.MONEY)
COLUMN = "custom"


def stored(name: str, column: str = COLUMN) -> Func:
    """The value as jsonb."""
    return Func(F(column), Value(name), template="(%(expressions)s)", arg_joiner=" -> ", output_field=JSONField())


def as_text(name: str, column: str = COLUMN) -> Func:
    return Func(F(column), Value(name), template="(%(expressions)s)", arg_joiner=" ->> ", output_field=TextField())


def key_of(field: CustomField, column: str = COLUMN) -> Func:
    """What the field's index is in the order of."""
    return stored(field.name, column) if field.kind in NUMBERS else Left(as_text(field.name, column), INDEXED_LENGTH)


def is_held(field: CustomField, column: str = COLUMN) -> Q:
    """Records with a value of the field's type."""
    if field.kind == CustomKind.YES_NO:
        return Q(Exact(stored(field.name, column), Value(True, JSONField())))
    kind = "number" if field.kind in NUMBERS else "string"
    return Q(Exact(Func(stored(field.name, column), function="jsonb_typeof", output_field=TextField()), Value(kind)))


def is_one_of(field: CustomField, values: Iterable[Any], column: str = COLUMN) -> Q:
    """Records whose value, as `clean_value` gives it, is one of these."""
    values = list(values)
    if field.kind == CustomKind.YES_NO:
        yes = is_held(field, column)
        no = Q(Exact(stored(field.name, column), Value(False, JSONField())))
        return (yes if True in values else Q(pk__in=[])) | (no if False in values else Q(pk__in=[]))
    if field.kind in NUMBERS:
        return is_held(field, column) & Q(In(key_of(field, column), [Value(value, JSONField()) for value in values]))
    starts = [value[:INDEXED_LENGTH] for value in values]
    whole = Q(In(as_text(field.name, column), values)) if starts != values else Q()
    return is_held(field, column) & Q(In(key_of(field, column), starts)) & whole


def lies_between(field: CustomField, low: Any, high: Any, column: str = COLUMN, *, below: bool = False) -> Q:
    """Records whose value is from ``low`` to ``high``, both included; with ``below`` less than ``high``."""
    found, key = is_held(field, column), key_of(field, column)
    if low is not None:
        found &= Q(GreaterThanOrEqual(key, bound(field, low)))
    if high is not None:
        found &= Q((LessThan if below else LessThanOrEqual)(key, bound(field, high)))
    return found


def bound(field: CustomField, value: Any) -> Value:
    """An end of a span, comparable with the key. Days are texts that are in order."""
    if field.kind in NUMBERS:
        exact = Decimal(str(value))
        return Value(int(exact) if exact == exact.to_integral_value() else float(exact), JSONField())
    return Value(value.isoformat() if isinstance(value, date) else value)


def has_words(field: CustomField, text: str, column: str = COLUMN) -> Q:
    """Records whose text has ``text`` in it, in whatever case."""
    like = "%" + text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"
    test = Func(
        as_text(field.name, column),
        Value(like),
        template="(%(expressions)s)",
        arg_joiner=" ILIKE ",
        output_field=BooleanField(),
    )
    return is_held(field, column) & Q(test)
