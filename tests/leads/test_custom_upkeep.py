"""leads/custom_upkeep.py: indexes of fields of one's own, and the values of deleted ones."""

import pytest
from django.db import connection

from crm.locks import lock_key, session_lock
from leads import custom_upkeep
from leads.custom_filters import has_words, is_one_of, lies_between
from leads.custom_upkeep import PREFIX, keep_up_fields
from leads.models import Company, CustomField, Lead
from tests.factories import MONDAY, make_field, make_lead


@pytest.fixture
def kept(transactional_db):
    """Indexes are built outside transactions; none is left behind."""
    yield
    CustomField.objects.all().delete()
    keep_up_fields()


def indexes():
    with connection.cursor() as sql:
        sql.execute("SELECT indexname, indexdef FROM pg_indexes WHERE indexname LIKE %s", [f"{PREFIX}%"])
        return dict(sql.fetchall())


def test_every_field_in_use_has_an_index_and_no_other(kept):
    machines, tool = make_field(), make_field("Tool's 100 %", "choice", choices=["Whiteboard"])
    pilot = make_field("Pilot", "yes_no", record="opportunity")
    make_field("Old", "text", retired=True)

    keep_up_fields()

    assert set(indexes()) == {f"{PREFIX}{field.pk}" for field in (machines, tool, pilot)}
    CustomField.objects.filter(pk=tool.pk).update(kind="number")
    keep_up_fields()
    assert "'number'" in indexes()[f"{PREFIX}{tool.pk}"]
    CustomField.objects.filter(pk=tool.pk).update(retired=True)
    keep_up_fields()
    assert f"{PREFIX}{tool.pk}" not in indexes()


def test_an_index_takes_whatever_records_held_before_the_field(kept):
    for odd in ("x" * 40_000, 10**300, {"a": ["x" * 9_000]}, None, True, ["a"], ""):
        make_lead(custom={"note": odd, "machines": odd})
    make_field("Note", "text")
    make_field("Machines", "number")

    keep_up_fields()

    assert len(indexes()) == 2
    make_lead(custom={"note": "y" * 900, "machines": 5})


@pytest.mark.parametrize(
    ("kind", "value", "condition"),
    [
        ("number", 12, lambda field: is_one_of(field, [12, 13])),
        ("number", 12, lambda field: lies_between(field, 11, 12)),
        ("money", 12.5, lambda field: lies_between(field, 12, None)),
        ("date", "2026-03-14", lambda field: lies_between(field, MONDAY.date(), None)),
        ("choice", "Whiteboard", lambda field: is_one_of(field, ["Whiteboard"])),
        ("text", "x" * 300, lambda field: is_one_of(field, ["x" * 300])),
        ("text", "50 % of them", lambda field: has_words(field, "% OF")),
        ("yes_no", True, lambda field: is_one_of(field, [True])),
    ],
)
def test_a_condition_is_asked_of_the_index(kept, kind, value, condition):
    field = make_field("Asked", kind)
    found = make_lead(custom={"asked": value})
    for other in ("x" * 299 + "y", 99, None, {"a": 1}, False, "1999-01-01", "5", [], [12]):
        make_lead(custom={"asked": other} if other is not None else {})
    keep_up_fields()

    rows = Lead.objects.filter(condition(field))

    with connection.cursor() as sql:
        sql.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
        plan = rows.order_by().explain()
        sql.execute("RESET enable_seqscan; RESET enable_bitmapscan")
    assert f"{PREFIX}{field.pk}" in plan
    assert found in rows
    if kind == "number":
        assert list(rows) == [found]


def test_no_is_an_answer_of_its_own(db):
    field = make_field("Pilot", "yes_no")
    yes, no, _none = (make_lead(custom=custom) for custom in ({"pilot": True}, {"pilot": False}, {}))

    assert list(Lead.objects.filter(is_one_of(field, [True]))) == [yes]
    assert list(Lead.objects.filter(is_one_of(field, [False]))) == [no]
    assert set(Lead.objects.filter(is_one_of(field, [True, False]))) == {yes, no}


def test_the_values_of_a_deleted_field_are_taken_out_everywhere(kept, monkeypatch):
    monkeypatch.setattr(custom_upkeep, "CHUNK", 2)
    field = make_field("Sites", record="company", deleted_at=MONDAY, retired=True)
    companies = [Company.objects.create(name=f"C{n}", custom={"sites": n, "erp": "SAP"}) for n in range(5)]
    lead = make_lead(custom={"sites": 3})

    keep_up_fields()

    assert {row.custom.get("sites") for row in Company.objects.all()} == {None}
    assert {row.custom["erp"] for row in Company.objects.filter(pk__in=[c.pk for c in companies])} == {"SAP"}
    assert Lead.objects.get(pk=lead.pk).custom == {"sites": 3}
    assert not CustomField.objects.filter(pk=field.pk).exists()


def test_two_workers_do_not_do_it_twice(kept, monkeypatch):
    make_field()
    connection.ensure_connection()
    other = connection.copy()
    with other.cursor() as sql:
        sql.execute("SELECT pg_advisory_lock(%s)", [lock_key(custom_upkeep.LOCK)])
        keep_up_fields()
        assert indexes() == {}
    other.close()
    with session_lock(custom_upkeep.LOCK) as is_ours:
        assert is_ours
