"""The staging table: every clean row of the file, in a temporary table of this session."""

from collections.abc import Iterable
from datetime import datetime
from io import StringIO
from typing import Any

from django.db import connection

from leads.importing.cleaning import Column

STAGED = "import_staged"
# In the text format of COPY these characters have meanings of their own.
ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def make_staging(columns: Iterable[Column]) -> None:
    described = ", ".join(f'"{column.name}" {column.sql_type}' for column in columns)
    with connection.cursor() as sql:
        sql.execute(f"DROP TABLE IF EXISTS {STAGED}")
        sql.execute(f"CREATE TEMP TABLE {STAGED} (row integer PRIMARY KEY, {described})")


def copy_rows(table: str, columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """COPY ``rows`` into ``table``, in a transaction of its own unless one is open."""
    text = StringIO()
    for row in rows:
        text.write("\t".join([copied(value) for value in row]))
        text.write("\n")
    text.seek(0)
    names = ", ".join(f'"{name}"' for name in columns)
    with connection.cursor() as sql:
        sql.copy_expert(f"COPY {table} ({names}) FROM STDIN", text)


def copied(value: Any) -> str:
    if value is None:
        return r"\N"
    if isinstance(value, str):
        return value.translate(ESCAPES)
    return value.isoformat() if isinstance(value, datetime) else str(value)


def drop_staging() -> None:
    with connection.cursor() as sql:
        sql.execute(f"DROP TABLE IF EXISTS {STAGED}, import_chunk, import_fresh, import_moves")
