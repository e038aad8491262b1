"""What was known of a lead, its contact and its company at a moment.

The history of a row (crm/records.py: `tracked`) keeps what stood in it before each change. So what stood there at a
moment is in the first entry later than it; without one, the row itself still says it. A row written after the moment,
as by an import with dates of long ago, counts with what was first written.

Everything here is the text of common table expressions over `asked (lead_id, at)`, each pair once:

    WITH asked AS (…), {lead_then}, {company_then} SELECT … FROM asked
        JOIN lead_then AS lead USING (lead_id, at) LEFT JOIN company_then AS company USING (lead_id, at)
"""

from collections.abc import Iterable

from django.db import models
from psycopg2 import sql

from leads.models import Company, Contact, Lead

# Never changed once it is written, and so kept by no history.
CONSTANT = frozenset({"id", "captured_at", "created_at", "source_system", "external_id", "is_sample"})

# Looked up by key, one at a time: a join would read a whole table for every few thousand moments.
THEN = sql.SQL("""
    {name} AS (
        SELECT known.lead_id, known.at{columns}
        FROM {known} AS known
        CROSS JOIN LATERAL (SELECT * FROM {table} WHERE id = known.{key} OFFSET 0) AS present
        LEFT JOIN LATERAL (
            SELECT * FROM {history} AS entry WHERE entry.pgh_obj_id = known.{key} AND entry.pgh_created_at > known.at
            ORDER BY entry.pgh_created_at, entry.pgh_id LIMIT 1
        ) AS before ON true
    )
""")
KEPT = sql.SQL(", CASE WHEN before.pgh_id IS NULL THEN present.{column} ELSE before.{column} END AS {column}")
ALWAYS = sql.SQL(", present.{column}")


def lead_then(columns: Iterable[str]) -> sql.Composable:
    """`lead_then (lead_id, at, <columns>)`: one row for every pair asked for whose lead is there."""
    return _then("lead_then", Lead, columns, known="asked", key="lead_id")


def company_then(columns: Iterable[str]) -> sql.Composable:
    """`company_then (lead_id, at, <columns>)`: the company that the lead named then, where it named one.

    Needs `company_id` among the columns of `lead_then`.
    """
    return _then("company_then", Company, columns, known="lead_then", key="company_id")


def contact_then(columns: Iterable[str]) -> sql.Composable:
    """`contact_then (lead_id, at, <columns>)`: the person the lead was linked to then, where there was one.

    Needs `contact_id` among the columns of `lead_then`.
    """
    return _then("contact_then", Contact, columns, known="lead_then", key="contact_id")


def kept(record: type[models.Model]) -> frozenset[str]:
    """The columns whose past values are known."""
    history = record._meta.get_field("events").related_model
    own = {str(field.column) for field in record._meta.concrete_fields}
    return frozenset(own & {field.column for field in history._meta.concrete_fields})  # type: ignore[union-attr]


def _then(name: str, record: type[models.Model], columns: Iterable[str], *, known: str, key: str) -> sql.Composable:
    """Raises ValueError for a column whose past nobody kept: its present value would tell what came later."""
    wanted, remembered = list(dict.fromkeys(columns)), kept(record)
    if forgotten := sorted(set(wanted) - remembered - CONSTANT):
        raise ValueError(f"Nobody kept what {', '.join(forgotten)} of a {record.__name__} was.")
    history = record._meta.get_field("events").related_model
    return THEN.format(
        name=sql.Identifier(name),
        columns=sql.Composed(
            (ALWAYS if column in CONSTANT else KEPT).format(column=sql.Identifier(column)) for column in wanted
        ),
        known=sql.Identifier(known),
        key=sql.Identifier(key),
        table=sql.Identifier(record._meta.db_table),
        history=sql.Identifier(history._meta.db_table),  # type: ignore[union-attr]
    )
