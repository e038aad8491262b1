"""Filling a table anew beside the one in use, then putting it in its place in an instant."""

from typing import Any

# Each index with its definition for another table and another index name; a primary key is an index with a constraint.
INDEXES = """
    SELECT i.relname, pg_get_indexdef(i.oid), c.contype = 'p', pg_get_constraintdef(c.oid)
    FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid LEFT JOIN pg_constraint c ON c.conindid = i.oid
    WHERE x.indrelid = %s::regclass ORDER BY i.relname
"""
STORAGE = "SELECT array_to_string(reloptions, ', ') FROM pg_class WHERE oid = %s::regclass"
WAIT_FOR_READERS = "10s"


class Replacement:
    """A table like ``table``, without its indexes until it is filled.

    Renaming is instant where emptying and refilling the real table would lock readers out and hold up every consumer
    for as long as the copy takes. Once it has taken over, table, constraints and indexes have the names that
    migrations gave them. Made of constants of funnel/facts/sql.py only, never of anybody's input.
    """

    def __init__(self, table: str) -> None:
        self.table = table
        self.name = f"{table}_next"

    def create(self, sql: Any) -> None:
        """An empty one; what a killed rebuild left behind goes."""
        sql.execute(f"DROP TABLE IF EXISTS {self.name}")
        sql.execute(f"CREATE TABLE {self.name} (LIKE {self.table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
        sql.execute(STORAGE, [self.table])
        if storage := sql.fetchone()[0]:
            sql.execute(f"ALTER TABLE {self.name} SET ({storage})")

    def finish(self, sql: Any) -> None:
        """Index it like the real one, and let the planner know what is in it."""
        for index, definition, is_key, constraint in self._indexes(sql):
            if is_key:
                sql.execute(f"ALTER TABLE {self.name} ADD CONSTRAINT {_next(index)} {constraint}")
            else:
                of_this = definition.replace(f" {index} ON ", f" {_next(index)} ON ", 1)
                sql.execute(_replace_table(of_this, self.table, self.name))
        sql.execute(f"ANALYZE {self.name}")

    def take_over(self, sql: Any) -> None:
        """Put it in the real one's place; rather fail and keep the old figures than queue up behind a long reader."""
        indexes = self._indexes(sql)
        sql.execute("SELECT set_config('lock_timeout', %s, true)", [WAIT_FOR_READERS])
        sql.execute(f"DROP TABLE {self.table}")
        sql.execute(f"ALTER TABLE {self.name} RENAME TO {self.table}")
        for index, *_definition in indexes:
            sql.execute(f'ALTER INDEX "{_next(index)}" RENAME TO "{index}"')

    def _indexes(self, sql: Any) -> list[tuple[str, str, bool, str]]:
        sql.execute(INDEXES, [self.table])
        return list(sql.fetchall())


def _next(index: str) -> str:
    """The index's name while it waits; names are cut at 63 bytes."""
    return f"next_{index}"[:63]


def _replace_table(definition: str, table: str, name: str) -> str:
    head, on, rest = definition.partition(" ON ")
    return f"{head}{on}{rest.replace(table, name, 1)}"
