"""Giving many records to one person, and taking that back: two queries for any number of records."""

from collections.abc import Callable, Collection, Iterable
from typing import Any

from django.db import connection, models
from django.utils import timezone
from psycopg2 import sql

from crm.deeds import Deed
from crm.errors import BusinessError
from crm.models import User

# What a record says of who has it. A table without teams has the first alone.
OWNERSHIP = ("owner", "team")
# Many may get work at once, so that a shared lock is enough.
HERE = "SELECT id FROM crm_user WHERE id = ANY(%s) AND is_active ORDER BY id FOR SHARE"
PUT = """
    UPDATE {table} SET owner_id = fresh.owner {team} {version}, updated_at = clock_timestamp()
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS fresh (id, owner, team) WHERE {table}.id = fresh.id
"""


def people_here(ids: Collection[int]) -> set[int]:
    """Those of these people who work here, none of whom leaves before the transaction ends.

    Call it before the rows are held that they are to get: who leaves is held before what they have, too.
    """
    with connection.cursor() as cursor:
        cursor.execute(HERE, [list(ids)])
        return {pk for (pk,) in cursor.fetchall()}


def is_here(person: User) -> bool:
    """`people_here` for one."""
    return bool(people_here([person.pk]))


def require_here(person: User) -> None:
    """Nobody gets work who has left."""
    if not is_here(person):
        raise BusinessError(f"{person} is no longer here.", code="no_recipient")


def hold(rows: models.QuerySet[Any], ids: Iterable[int]) -> list[Any]:
    """These rows in one order, nobody else changing them until the transaction ends."""
    return list(rows.filter(pk__in=ids).select_for_update(of=("self",)).order_by("pk"))


def assign(rows: models.QuerySet[Any], ids: Iterable[int], *, to: User, why_not: Callable[[Any], str]) -> Deed:
    """Give these rows to ``to``, whose team comes along. ``why_not`` says why one stays with whom it is; "": it goes.

    Call it in the transaction of the deed.
    """
    deed = Deed()
    has_team = has_field(rows.model, "team")
    for row in hold(rows, ids):
        if why := why_not(row):
            deed.refuse(row.pk, why)
        elif row.owner_id == to.pk:
            deed.refuse(row.pk, f"{to} has it already.")
        else:
            team = {"team": [row.team_id, to.team_id]} if has_team else {}
            deed.change(row.pk, owner=[row.owner_id, to.pk], **team)
    put_owners(rows.model, [(row["id"], to.pk, to.team_id) for row in deed.changed])
    return deed


def take_back(rows: models.QuerySet[Any], deed: Deed) -> Deed:
    """Give what `assign` gave away to who had it before, where nobody has given it to somebody else since."""
    undone, before = Deed(), {row["id"]: row for row in deed.changed}
    here = people_here({row["owner"][0] for row in deed.changed if row["owner"][0]})
    for row in hold(rows.select_related("owner"), before):
        was = before[row.pk]
        now = {name: getattr(row, f"{name}_id") for name in OWNERSHIP if name in was}
        if any(was[name][1] != value for name, value in now.items()):
            undone.refuse(row.pk, f"It is {row.owner or 'nobody'}’s since.")
        elif was["owner"][0] and was["owner"][0] not in here:
            undone.refuse(row.pk, "Who had it before is no longer here.")
        else:
            undone.change(row.pk, **{name: [value, was[name][0]] for name, value in now.items()})
    put_owners(rows.model, [(row["id"], row["owner"][1], row.get("team", [None, None])[1]) for row in undone.changed])
    return undone


def put_owners(model: type[models.Model], fresh: list[tuple[int, int | None, int | None]]) -> None:
    """Write (id, owner, team) into each row."""
    if not fresh:
        return
    with connection.cursor() as cursor:
        statement = sql.SQL(PUT).format(
            table=sql.Identifier(model._meta.db_table),
            team=sql.SQL(", team_id = fresh.team" if has_field(model, "team") else ""),
            version=sql.SQL(", version = version + 1" if has_field(model, "version") else ""),
        )
        cursor.execute(statement.as_string(cursor.cursor), [list(column) for column in zip(*fresh, strict=True)])


def has_field(model: type[models.Model], name: str) -> bool:
    return any(field.name == name for field in model._meta.concrete_fields)


def give_all(rows: models.QuerySet[Any], *, to: User | None) -> list[int]:
    """Give all these rows to ``to``, whose team comes along, or to nobody; gives their ids.

    Call it in the transaction of the deed: nobody else changes them until it ends.
    """
    ids = list(rows.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
    fresh: dict[str, Any] = {"owner": to, "updated_at": timezone.now()}
    if to is not None and has_field(rows.model, "team"):
        fresh["team"] = to.team
    if has_field(rows.model, "version"):
        fresh["version"] = models.F("version") + 1
    rows.model._default_manager.filter(pk__in=ids).update(**fresh)
    return ids
