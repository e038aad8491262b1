"""Reading with SQL of one's own."""

from typing import Any

from django.db import connection


def fetch_rows(statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall()
