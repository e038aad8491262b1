"""Reading with SQL of one's own."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet

from crm.replica import reading_from


def fetch_rows(statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    """Every row, from where figures are read if they are what is read (crm/replica.py)."""
    with reading_cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()


def reading_cursor() -> Any:
    """A cursor on the database that is read at this moment."""
    return connections[reading_from()].cursor()


def statement_of(rows: QuerySet[Any, Any]) -> tuple[str, tuple[Any, ...]]:
    """The SQL of a queryset and what it takes, to stand within SQL of one's own; also where it can have no rows."""
    compiler = rows.query.get_compiler(DEFAULT_DB_ALIAS, elide_empty=False)
    statement, parameters = compiler.as_sql()
    return statement, tuple(parameters)
