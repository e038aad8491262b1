"""Bulk inserts: COPY keeps the dates of the story, which `auto_now_add` would replace by today's."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from io import StringIO
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from psycopg2 import sql

ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
BLOCK = 2_000


class Ids:
    """Primary keys from the tables' own sequences, so that rows can point at each other before they are written."""

    def __init__(self) -> None:
        self._taken: dict[type[models.Model], Iterator[int]] = defaultdict(lambda: iter(()))

    def next(self, model: type[models.Model]) -> int:
        found = next(self._taken[model], None)
        if found is None:
            self._taken[model] = iter(self._reserve(model))
            found = next(self._taken[model])
        return found

    def _reserve(self, model: type[models.Model]) -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
                [model._meta.db_table, model._meta.pk.column, BLOCK],
            )
            return [pk for (pk,) in cursor.fetchall()]


def copy_rows(model: type[models.Model], rows: Iterable[models.Model]) -> None:
    """Insert ``rows`` with every column as it stands on the object."""
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    lines = StringIO()
    for row in rows:
        lines.write("\t".join([cell(getattr(row, field.attname), field) for field in fields]))
        lines.write("\n")
    lines.seek(0)
    with connection.cursor() as cursor:
        statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
            sql.Identifier(model._meta.db_table), sql.SQL(", ").join(sql.Identifier(str(f.column)) for f in fields)
        )
        cursor.copy_expert(statement.as_string(cursor.cursor), lines)


def cell(value: Any, field: Any) -> str:
    """One value in the text format of COPY."""
    if value is None:
        return "\\N"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(field, ArrayField):
        value = "{" + ",".join(json.dumps(item, ensure_ascii=False) for item in value) + "}"
    if isinstance(value, dict | list):
        return json.dumps(value).translate(ESCAPES)
    return str(value).translate(ESCAPES)
