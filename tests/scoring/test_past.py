"""scoring/past.py: what was known of a lead and its company at a moment."""

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from psycopg2 import sql

from leads.models import Company, Contact, Lead
from scoring.past import company_then, contact_then, lead_then
from tests.factories import DAY, HOUR, MONDAY, make_lead

pytestmark = pytest.mark.django_db


def then(*pairs: tuple[Lead, datetime]) -> list[tuple[Any, ...]]:
    """Segment, machines, employees of the company and title of the contact, as they were."""
    statement = sql.SQL("""
        WITH asked AS (SELECT * FROM unnest(%s::bigint[], %s::timestamptz[]) AS asked (lead_id, at)),
            {lead}, {company}, {contact}
        SELECT lead.segment, (lead.custom->>'machines')::int, company.employees, contact.title
        FROM asked JOIN lead_then lead USING (lead_id, at)
        LEFT JOIN company_then company USING (lead_id, at) LEFT JOIN contact_then contact USING (lead_id, at)
        ORDER BY lead_id, at
    """).format(
        lead=lead_then(["segment", "custom", "company_id", "contact_id", "captured_at"]),
        company=company_then(["employees"]),
        contact=contact_then(["title"]),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string(cursor.cursor), [[lead.pk for lead, _ in pairs], [at for _, at in pairs]])
        return cursor.fetchall()


def write(record: Lead | Company | Contact, *, at: datetime, **values: Any) -> None:
    """Change the record as if it was ``at``."""
    for name, value in values.items():
        setattr(record, name, value)
    record.save(update_fields=list(values))
    history = record._meta.get_field("events").related_model
    newest = history.objects.filter(pgh_obj=record).latest("pgh_id")  # type: ignore[union-attr]
    history.objects.filter(pk=newest.pk).update(pgh_created_at=at)  # type: ignore[union-attr]


def test_a_value_counts_from_the_moment_it_was_written():
    lead = make_lead(segment="Small", custom={"machines": 1})
    write(lead, at=MONDAY + DAY, segment="Large")
    write(lead, at=MONDAY + 2 * DAY, custom={"machines": 9})

    moments = [MONDAY, MONDAY + DAY, MONDAY + DAY + HOUR, MONDAY + 3 * DAY]
    assert then(*((lead, at) for at in moments)) == [
        ("Small", 1, None, None),
        ("Large", 1, None, None),
        ("Large", 1, None, None),
        ("Large", 9, None, None),
    ]


def test_changes_of_one_moment_count_in_their_order():
    lead = make_lead(segment="Small")
    write(lead, at=MONDAY + DAY, segment="Medium")
    write(lead, at=MONDAY + DAY, segment="Large")

    assert [row[0] for row in then((lead, MONDAY), (lead, MONDAY + DAY))] == ["Small", "Large"]


def test_what_was_written_after_the_moment_counts_with_its_first_values():
    lead = make_lead(at=MONDAY, segment="Small")  # imported today, with a date of long ago
    Lead.objects.filter(pk=lead.pk).update(segment="Large")

    assert then((lead, MONDAY)) == [("Small", None, None, None)]


def test_company_and_contact_are_those_of_then_as_they_were_then():
    small, large = (
        Company.objects.create(name="Small", employees=5),
        Company.objects.create(name="Large", employees=900),
    )
    ann = Contact.objects.create(last_name="Ann", title="Buyer")
    lead = make_lead(company=small, contact=ann)
    write(small, at=MONDAY + DAY, employees=6)
    write(ann, at=MONDAY + DAY, title="Head of buying")
    write(lead, at=MONDAY + 2 * DAY, company=large)

    assert then((lead, MONDAY), (lead, MONDAY + DAY), (lead, MONDAY + 2 * DAY)) == [
        ("", None, 5, "Buyer"),
        ("", None, 6, "Head of buying"),
        ("", None, 900, "Head of buying"),
    ]


def test_each_lead_has_its_own_past():
    one, two = make_lead(segment="One"), make_lead(segment="Two")
    write(one, at=MONDAY + DAY, segment="Changed")

    assert [row[0] for row in then((one, MONDAY), (two, MONDAY))] == ["One", "Two"]


def test_a_column_whose_past_nobody_kept_is_refused():
    with pytest.raises(ValueError, match="stage"):
        lead_then(["segment", "stage"])
