"""What a worker does for fields of one's own: an index for each, and the values of deleted ones taken out.

Nothing here is needed for a page to be right, only for it to be quick; it looks at what there is and makes it what it
should be, so it may be cut off anywhere and run again.
"""

import logging

from django.db import connection, transaction
from psycopg2 import sql

from crm.locks import session_lock
from leads.custom_fields import MODELS
from leads.custom_filters import INDEXED_LENGTH, NUMBERS
from leads.models import CustomField, CustomKind, CustomRecord

log = logging.getLogger(__name__)

LOCK = "own fields"
CHUNK = 5_000
PREFIX = "own_field_"
# Indexes of fields: their names, and whether they can be used; one whose building was cut off cannot.
PRESENT = """
    SELECT class.relname, pg_index.indisvalid, obj_description(class.oid)
    FROM pg_index JOIN pg_class class ON class.oid = pg_index.indexrelid
    WHERE class.relname LIKE 'own\\_field\\_%%' AND class.relnamespace = 'public'::regnamespace
"""
# Taken out of so many records at once; records whose history is kept remember what they held.
TAKE_OUT = """
    UPDATE {table} SET custom = custom - %(name)s
    WHERE id IN (SELECT id FROM {table} WHERE custom ? %(name)s AND id > %(after)s ORDER BY id LIMIT %(most)s)
    RETURNING id
"""


def keep_up_fields() -> None:
    """Bring indexes and values into step with the fields; another worker that is at it goes on alone."""
    with session_lock(LOCK) as is_ours:
        if is_ours:
            for field in CustomField.objects.filter(deleted_at__isnull=False):
                remove_field(field)
            keep_indexes()


def remove_field(field: CustomField) -> None:
    """Take a deleted field's values out of all records, then the field itself; a name is free again only then."""
    table = sql.Identifier(MODELS[CustomRecord(field.record)]._meta.db_table)
    statement = sql.SQL(TAKE_OUT).format(table=table)
    last = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, {"name": field.name, "after": last, "most": CHUNK})
            done = [pk for (pk,) in cursor.fetchall()]
        if not done:
            break
        last = max(done)
    field.delete()


def keep_indexes() -> None:
    """An index for every field that is in use, and none besides. Built and dropped beside everybody's work."""
    wanted = {f"{PREFIX}{field.pk}": field for field in CustomField.objects.filter(retired=False)}
    with connection.cursor() as cursor:
        cursor.execute(PRESENT)
        present = {name: (is_valid, made_for) for name, is_valid, made_for in cursor.fetchall()}
        for name, (is_valid, made_for) in present.items():
            if not is_valid or name not in wanted or made_for != told(wanted[name]):
                cursor.execute(sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}").format(sql.Identifier(name)))
                present[name] = (False, "")
        for name, field in wanted.items():
            if not present.get(name, (False, ""))[0]:
                build_index(name, field)


def build_index(name: str, field: CustomField) -> None:
    table = sql.Identifier(MODELS[CustomRecord(field.record)]._meta.db_table)
    index = sql.Identifier(name)
    key, condition = index_of(field)
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("CREATE INDEX CONCURRENTLY {index} ON {table} ({key}id DESC) WHERE {condition}").format(
                index=index, table=table, key=key, condition=condition
            )
        )
        cursor.execute(sql.SQL("COMMENT ON INDEX {} IS {}").format(index, sql.Literal(told(field))))
        # The planner learns how the values are spread.
        cursor.execute(sql.SQL("ANALYZE {}").format(table))
    log.info("field %s of %s has an index", field.name, field.record)


def told(field: CustomField) -> str:
    """What an index is for: of another kind it is another index."""
    form = "yes" if field.kind == CustomKind.YES_NO else "number" if field.kind in NUMBERS else "text"
    return f"{field.record} {form} {field.name}"


def index_of(field: CustomField) -> tuple[sql.Composable, sql.Composable]:
    """The key and the condition of a field's index, as leads/custom_filters.py asks for them."""
    name = sql.Literal(field.name)
    value = sql.SQL("(custom -> {})").format(name)
    if field.kind == CustomKind.YES_NO:
        return sql.SQL(""), sql.SQL("{} = 'true'::jsonb").format(value)
    if field.kind in NUMBERS:
        return sql.SQL("{}, ").format(value), sql.SQL("jsonb_typeof({}) = 'number'").format(value)
    text = sql.SQL('"left"((custom ->> {}), {}), ').format(name, sql.Literal(INDEXED_LENGTH))
    return text, sql.SQL("jsonb_typeof({}) = 'string'").format(value)
