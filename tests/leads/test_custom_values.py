"""leads/custom_values.py: what a field of one's own may hold."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from leads.custom_values import MOST_NUMBER, clean_value, clean_values, said
from leads.models import CustomField

TEXT, NUMBER, DATE, YES_NO = (CustomField(label=kind, kind=kind) for kind in ("text", "number", "date", "yes_no"))
MONEY = CustomField(label="Pays", kind="money", currency="EUR")
TOOL = CustomField(label="Tool", kind="choice", choices=["Whiteboard", "Spreadsheets"])


@pytest.mark.parametrize(
    ("field", "raw", "kept"),
    [
        (TEXT, "  Acme  ", "Acme"), (TEXT, 12, "12"), (TEXT, " ", None), (TEXT, None, None),
        (NUMBER, "1,250.50", 1250.5), (NUMBER, "1 250", 1250), (NUMBER, 12.0, 12), (NUMBER, "-3", -3),
        (NUMBER, "1e3", 1000), (NUMBER, 0, 0), (NUMBER, "0.1234567", 0.123457),
        (MONEY, "12.345", 12.34), (MONEY, Decimal("100.00"), 100),
        (DATE, "2026-03-14", "2026-03-14"), (DATE, date(2026, 3, 14), "2026-03-14"),
        (TOOL, "whiteBOARD", "Whiteboard"),
        (YES_NO, "Yes", True), (YES_NO, "no", False), (YES_NO, False, False), (YES_NO, 1, True), (YES_NO, "", None),
    ],
)  # fmt: skip
def test_a_value_is_kept_as_its_kind_has_it(field, raw, kept):
    value = clean_value(field, raw)

    assert (value, type(value)) == (kept, type(kept))


@pytest.mark.parametrize(
    ("field", "raw", "says"),
    [
        (TEXT, "x" * 1001, "at most 1,000 fit"), (TEXT, "a\0b", "cannot be stored"),
        (TEXT, "\ud800", "cannot be stored"), (TEXT, ["a"], "Give a text"),
        (NUMBER, "many", "write it like 1250"), (NUMBER, True, "is not a number"),
        (NUMBER, "1,25", "is not a number"), (NUMBER, float("inf"), "too large"), (NUMBER, "Infinity", "too large"),
        (NUMBER, float("nan"), "is not a number"), (NUMBER, 10**15, "too large"), (NUMBER, "1e999", "too large"),
        (NUMBER, {"a": 1}, "is not a number"), (MONEY, -1, "below zero"), (MONEY, 10**12, "too large"),
        (DATE, "14.3.2026", "write it like 2026-03-14"), (DATE, "2026-02-30", "is not a date"),
        (DATE, 20260314, "is not a date"),
        (DATE, "9999-01-01", "too far away"), (TOOL, "Slide rule", "none of: Whiteboard, Spreadsheets"),
        (YES_NO, "perhaps", "neither yes nor no"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused_in_words(field, raw, says):
    with pytest.raises(ValidationError) as refused:
        clean_value(field, raw)

    assert says in refused.value.messages[0]


@given(st.one_of(st.integers(), st.floats(), st.decimals(), st.text(max_size=30)))
def test_a_number_is_finite_and_within_bounds_or_refused(raw):
    try:
        value = clean_value(NUMBER, raw)
    except ValidationError:
        return
    assert value is None or abs(Decimal(str(value))) <= MOST_NUMBER
    assert clean_value(NUMBER, value) == value


def test_values_are_cleaned_together_and_what_was_there_stays():
    fields = {"tool": TOOL, "machines": NUMBER}
    present = {"tool": "Slide rule", "old": {"a": 1}}

    cleaned = clean_values(fields, {"tool": "Slide rule", "machines": "12", "old": {"a": 1}, "note": "x"}, present)

    assert cleaned == {"tool": "Slide rule", "machines": 12, "old": {"a": 1}, "note": "x"}
    assert clean_values(fields, {"machines": ""}, present) == {}
    with pytest.raises(ValidationError) as refused:
        clean_values(fields, {"tool": "Hammer", "machines": "x"}, present)
    assert set(refused.value.message_dict) == {"tool", "machines"}


def test_values_in_words():
    assert [
        said(TEXT, "Acme"), said(NUMBER, 1250), said(NUMBER, 12.5), said(MONEY, 1250.5), said(DATE, "2026-03-14"),
        said(YES_NO, True), said(YES_NO, False), said(TOOL, None), said(NUMBER, {"a": 1}), said(DATE, "soon"),
    ] == ["Acme", "1,250", "12.5", "€1,250.50", "14 Mar 2026", "Yes", "No", "", '{"a": 1}', "soon"]  # fmt: skip
