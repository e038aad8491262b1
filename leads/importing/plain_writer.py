"""Records without a life cycle of their own, from staged rows: made, or changed in what is plain."""

from typing import ClassVar

from django.db.models import Model

from leads.importing.sql import BY_ID, BY_KEY, CHUNK, differs, execute, insert_select, make_table, taken_over
from leads.importing.staging import STAGED
from leads.importing.writers import Writer

CLASSIFY = """
    SELECT found.*, CASE WHEN reason IS NOT NULL THEN 'refused' WHEN record IS NULL THEN 'created'
            WHEN is_changed THEN 'updated' ELSE 'unchanged' END AS verdict
    FROM (
        SELECT s.*, {named}, r.id AS record, ({reason})::text AS reason, coalesce({changed}, false) AS is_changed
        FROM {staged} s {joins}
        WHERE s.row BETWEEN %(first)s AND %(last)s
    ) found
"""
# The second of two rows without an external id that say the same of what tells records apart.
DOUBLES = f"""
    SELECT row, first FROM (
        SELECT row, min(row) OVER (PARTITION BY {{alike}}) AS first FROM {STAGED} WHERE external_id IS NULL
    ) same WHERE row > first
"""


class PlainWriter(Writer):
    """``plain``: columns that a later import may change. ``alike``: the staged columns that tell a record without an
    external id from another. ``topic``: that of the outbox, where ``told_of``, a column of the record, is named."""

    model: ClassVar[type[Model]]
    topic: ClassVar[str]
    told_of: ClassVar[str] = "id"
    plain: ClassVar[tuple[str, ...]] = ()
    alike: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def doubles(cls, columns: frozenset[str]) -> list[str]:
        told = [f'"{name}"' for name in cls.alike if name in columns]
        return [*super().doubles(columns), *([DOUBLES.format(alike=", ".join(told))] if told else [])]

    def classify(self, rows: dict[str, int]) -> None:
        named = ", ".join(f"{expression} AS {name}" for name, expression in self.named().items())
        statement = CLASSIFY.format(
            named=named, reason=self.reason, changed=self.changed, staged=STAGED, joins=self.all_joins
        )
        make_table(CHUNK, statement, {**self.parameters, **rows})

    def named(self) -> dict[str, str]:
        """SQL for the ids of what the row names, by the columns of the chunk that keep them."""
        raise NotImplementedError

    @property
    def joins(self) -> str:
        """What the rows name."""
        return ""

    @property
    def found_alike(self) -> str:
        """SQL that selects the `id` of the record that a row without an external id is about."""
        raise NotImplementedError

    @property
    def all_joins(self) -> str:
        by_key = BY_KEY.format(table=self.table, key="s.external_id", name="same_key")
        alike = f"""
            LEFT JOIN LATERAL (
                SELECT id FROM ({self.found_alike}) alike WHERE s.external_id IS NULL LIMIT 1
            ) same_facts ON true
        """
        record = BY_ID.format(table=self.table, id="coalesce(same_key.id, same_facts.id)", name="r")
        return f"{self.joins} {by_key} {alike} {record}"

    @property
    def table(self) -> str:
        return self.model._meta.db_table

    @property
    def reason(self) -> str:
        """SQL: why the row stays out; NULL where it does not."""
        return "NULL"

    @property
    def changed(self) -> str:
        return differs(self.has(*self.plain), new="s", old="r")

    # Writing

    def create(self) -> None:
        source = f"FROM {CHUNK} s WHERE verdict = 'created' ORDER BY row"
        statement, defaults = insert_select(self.model, self.values(), source=source, at=self.at)
        execute(self.told(f"{statement} RETURNING *"), {**defaults, **self.parameters})

    def values(self) -> dict[str, str]:
        """SQL for the columns of a new record."""
        return {"source_system": "%(system)s", "external_id": "coalesce(s.external_id, '')"}

    def update(self) -> None:
        statement = f"""
            UPDATE {self.table} r SET {", ".join(self.sets())}, updated_at = %(at)s
            FROM {CHUNK} s WHERE r.id = s.record AND s.verdict = 'updated' RETURNING r.*
        """
        execute(self.told(statement), self.parameters)

    def sets(self) -> list[str]:
        own = taken_over(self.has(*self.plain), new="s", old="r")
        return [own] if own else []

    def told(self, statement: str) -> str:
        """The statement, with a row in the outbox for what it wrote."""
        return f"""
            WITH written AS ({statement})
            INSERT INTO crm_change (topic, object_id) SELECT DISTINCT '{self.topic}', {self.told_of} FROM written
        """

    def words(self, *names: str) -> dict[str, str]:
        """SQL for these columns of text, "" where the row says nothing."""
        return {name: self.value(name, default="''") for name in self.has(*names)}
