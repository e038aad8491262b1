"""The one exception to “nothing is edited”: removing what must go, with an audit row that says who and why.

Each room knows what of its own is sample data: `<room>/samples.py` with ``remove()``. They are called in the order of
INSTALLED_APPS, which runs downhill, so that what points at a row goes before the row.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import connection, models, transaction
from django.db.models.fields.reverse_related import ForeignObjectRel
from django.utils.module_loading import module_has_submodule
from pghistory.models import Event, Events
from psycopg2 import sql

from crm.models import AuditEntry, CurrencyRate, HolidayCalendar, Notification, Team, User
from crm.outbox import kick, lock_key, want_rebuild

Counts = dict[str, int]


@contextmanager
def rewriting(*, by: User | None, at: datetime, deed: str, why: str) -> Iterator[Counts]:
    """A transaction in which the append-only tables let rows go; what the caller counts is kept in its audit row."""
    counts: Counts = {}
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL tandem.rewrite = 'erase'")
        yield counts
        AuditEntry.objects.create(by=by, at=at, deed=deed, why=why, detail=counts)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL tandem.rewrite = ''")


def remove_sample_data(*, by: User | None, at: datetime, why: str = "") -> Counts:
    """Remove all demo data and have every figure computed again; gives the number of rows by table.

    A sample record that a real one points at stays and is real from then on; a sample person who stays can no longer
    log in. Only ``by`` keeps the key to the house.
    """
    with rewriting(by=by, at=at, deed="remove sample data", why=why) as counts:
        hold_off_consumers()
        for room in apps.get_app_configs():
            if module_has_submodule(room.module, "samples"):
                counts |= import_module(f"{room.name}.samples").remove()
        counts |= remove_people(keep=by)
        counts["holiday calendars"] = HolidayCalendar.objects.filter(is_sample=True).delete()[0]
        counts["currency rates"] = CurrencyRate.objects.filter(is_sample=True).delete()[0]
        for consumer in settings.OUTBOX_CONSUMERS:
            want_rebuild(consumer)
        transaction.on_commit(kick, robust=True)
    return counts


def hold_off_consumers() -> None:
    """Until the transaction ends nobody writes a score or a fact of a lead that is about to go."""
    for consumer in settings.OUTBOX_CONSUMERS:
        execute(sql.SQL("SELECT pg_advisory_xact_lock(%s)"), [lock_key(consumer)])


def remove_people(*, keep: User | None) -> Counts:
    """Teams and people of the demo that nothing real points at; the others stay, but cannot log in.

    What the bell told any of them was about sample data.
    """
    Notification.objects.filter(user__is_sample=True).delete()
    if keep is not None:
        User.objects.filter(pk=keep.pk).update(is_sample=False)
    Team.objects.filter(is_sample=True, manager__is_sample=True).update(manager=None)
    counts = {"people": delete_samples(User, and_mark=False)}
    User.objects.filter(is_sample=True).update(is_sample=False, is_active=False, password=make_password(None))
    return counts | {"teams": delete_samples(Team)}


def delete_samples(model: type[models.Model], *, and_mark: bool = True) -> int:
    """Delete the sample rows of ``model`` that no other row points at; the rest become real unless ``and_mark`` is off.

    Rows that belong to a deleted one (CASCADE) and its change history go with it.
    """
    table = sql.Identifier(model._meta.db_table)
    parts, pointers = relations(model)
    free = sql.SQL("{table}.is_sample AND {nothing}").format(
        table=table,
        nothing=sql.SQL(" AND ").join([sql.SQL("true"), *(not_pointed_at(table, pointer) for pointer in pointers)]),
    )
    ids = [pk for (pk,) in rows(sql.SQL("SELECT id FROM {0} WHERE {1}").format(table, free))]
    for part in parts:
        delete_where(part.model, part.column, ids)
    deleted = delete_where(model, "id", ids)
    forget_history(model, ids)
    if and_mark:
        model._default_manager.filter(is_sample=True).update(is_sample=False)
    return deleted


def relations(model: type[models.Model]) -> tuple[list[Any], list[Any]]:
    """Foreign keys to ``model`` from rows that are part of it, and from rows that merely point at it."""
    keys = [key for key in keys_to(model) if not issubclass(key.model, Event | Events)]
    parts = [key for key in keys if key.remote_field.on_delete is models.CASCADE]
    return parts, [key for key in keys if key not in parts]


def keys_to(model: type[models.Model]) -> list[Any]:
    """Every foreign key to ``model``, those without a name for the way back included."""
    backwards = [field for field in model._meta.get_fields(include_hidden=True) if isinstance(field, ForeignObjectRel)]
    return [relation.field for relation in backwards if relation.one_to_many or relation.one_to_one]


def not_pointed_at(table: sql.Identifier, key: Any) -> sql.Composable:
    return sql.SQL("NOT EXISTS (SELECT 1 FROM {other} AS pointing WHERE pointing.{column} = {table}.id)").format(
        other=sql.Identifier(key.model._meta.db_table), column=sql.Identifier(key.column), table=table
    )


def delete_where(model: type[models.Model], column: str, ids: list[int]) -> int:
    """Delete the rows of ``model`` whose ``column`` is one of ``ids``, without asking Django's PROTECT."""
    statement = sql.SQL("DELETE FROM {} WHERE {} = ANY(%s)").format(
        sql.Identifier(model._meta.db_table), sql.Identifier(column)
    )
    return execute(statement, [ids])


def forget_history(model: type[models.Model], ids: list[int]) -> None:
    """Remove what the history tables kept of these rows, their deletion included."""
    for key in keys_to(model):
        if issubclass(key.model, Event) and key.name == "pgh_obj":
            delete_where(key.model, key.column, ids)


def execute(statement: sql.Composable, parameters: Any = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string(cursor.cursor), parameters)
        return cursor.rowcount


def rows(statement: sql.Composable) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string(cursor.cursor))
        return cursor.fetchall()
