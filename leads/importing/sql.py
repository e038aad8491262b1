"""Set-based writing: INSERT … SELECT from the staged rows, with every column of the model filled."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import connection, models

from crm.models import User
from leads.importing.staging import STAGED

CHUNK = "import_chunk"
# The record that a staged row names. LATERAL with OFFSET 0 has the planner look each one up by its index: left to join
# as it likes, it takes the table for small while statistics lag behind, and compares every row with every other.
BY_KEY = """
    LEFT JOIN LATERAL (
        SELECT * FROM {table} WHERE source_system = %(system)s AND external_id = {key} AND external_id <> '' OFFSET 0
    ) {name} ON true
"""
BY_ID = " LEFT JOIN LATERAL (SELECT * FROM {table} WHERE id = {id} OFFSET 0) {name} ON true "
# The newest lead with an e-mail. `+ 0` keeps the planner from walking the primary key in search of the maximum.
LEAD_BY_EMAIL = """
    LEFT JOIN LATERAL (
        SELECT max(id + 0) AS id FROM leads_lead
        WHERE lower(email) = lower({email}) AND email <> '' AND merged_into_id IS NULL
    ) {name} ON true
"""


def insert_select(
    model: type[models.Model], values: Mapping[str, str], *, source: str, at: datetime, suffix: str = ""
) -> tuple[str, dict[str, Any]]:
    """A statement that makes rows of ``model`` from ``source``, and its parameters.

    ``values``: SQL for columns; a column left out gets the default of the model, its time stamps ``at``.
    """
    names, expressions, parameters = [], [], {}
    for field in model._meta.concrete_fields:
        column = str(field.column)
        if column in values:
            expression = values[column]
        elif field.primary_key or field.generated or field.has_db_default():
            continue
        else:
            parameters[f"default_{column}"] = stored_default(field, at)
            expression = f"%(default_{column})s"
        names.append(f'"{column}"')
        expressions.append(expression)
    statement = (
        f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) SELECT {', '.join(expressions)} {source} {suffix}"
    )
    return statement, parameters


def stored_default(field: "models.Field[Any, Any]", at: datetime) -> Any:
    if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False):
        return at
    return field.get_db_prep_save(field.get_default(), connection)


def execute(statement: str, parameters: Mapping[str, Any] | None = None) -> int:
    """Run it and give the number of rows it touched."""
    with connection.cursor() as sql:
        sql.execute(statement, parameters or {})
        return sql.rowcount


def query(statement: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as sql:
        sql.execute(statement, parameters or {})
        return sql.fetchall()


def make_table(name: str, select: str, parameters: Mapping[str, Any], *, is_joined: bool = True) -> None:
    """A temporary table for the present chunk, in place of the one before. Joined ones need statistics."""
    execute(f"DROP TABLE IF EXISTS {name}")
    execute(f"CREATE TEMP TABLE {name} AS {select}", parameters)
    if is_joined:
        execute(f"ANALYZE {name}")


def probe_indexes() -> None:
    """Until the transaction ends, find rows by index: else whole tables are read for every chunk, by triggers too."""
    execute("; ".join(f"SET LOCAL enable_{way} = off" for way in ("hashjoin", "mergejoin", "seqscan", "material")))


def differs(columns: Iterable[str], *, new: str, old: str) -> str:
    """SQL: whether the file says something else about one of ``columns``; an empty cell says nothing."""
    tests = [f'({new}."{name}" IS NOT NULL AND {new}."{name}" IS DISTINCT FROM {old}."{name}")' for name in columns]
    return " OR ".join(tests) or "false"


def taken_over(columns: Iterable[str], *, new: str, old: str) -> str:
    """SQL for SET: what the file says, else what was there."""
    return ", ".join(f'"{name}" = coalesce({new}."{name}", {old}."{name}")' for name in columns)


def make_people(key_column: str, role: str, *, source_system: str, rows: Mapping[str, int], at: datetime) -> int:
    """People that staged rows name by an external id and nobody knows yet; they have no e-mail and cannot log in."""
    source = f"""
        FROM (SELECT DISTINCT {key_column} AS key FROM {STAGED}
              WHERE row BETWEEN %(first)s AND %(last)s AND {key_column} IS NOT NULL ORDER BY 1) AS named
        WHERE NOT EXISTS (SELECT 1 FROM crm_user u WHERE u.source_system = %(system)s AND u.external_id = named.key)
    """
    values = {
        "external_id": "key", "source_system": "%(system)s", "role": "%(role)s", "password": "%(password)s",
        # A key of several words is a name.
        "first_name": r"left(coalesce(substring(key FROM '^(\S.*)\s+\S+$'), ''), 80)",
        "last_name": r"left(coalesce(substring(key FROM '\s(\S+)$'), ''), 80)",
    }  # fmt: skip
    statement, parameters = insert_select(User, values, source=source, at=at, suffix="ON CONFLICT DO NOTHING")
    own = {"system": source_system, "role": role, "password": make_password(None), **rows}
    return execute(statement, {**parameters, **own})
