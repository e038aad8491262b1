"""Telephone numbers of records that are there already: told in chunks, while people work."""

from django.db import connection, transaction
from django.db.models import F
from psycopg2 import sql

from crm.models import Organisation
from leads.identity import e164
from leads.models import Contact, Lead

CHUNK = 5_000
# Where a number without a country of its own is at home.
COUNTRIES: dict[type[Lead | Contact], str] = {Lead: "country", Contact: "company__country"}
# A number that somebody changed meanwhile was told then.
TELL = """
    UPDATE {table} SET phone_e164 = told.number
    FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS told(id, phone, number)
    WHERE {table}.id = told.id AND {table}.phone = told.phone AND {table}.phone_e164 <> told.number
"""


def tell_numbers(*, anew: bool = False) -> int:
    """Give leads and contacts the E.164 they lack, or, ``anew``, the one that is right today; gives how many changed.

    Records written before numbers were told, or in a region the organisation did not name then.
    """
    region = Organisation.get().phone_region
    return sum(tell_numbers_of(model, region=region, anew=anew) for model in COUNTRIES)


def tell_numbers_of(model: type[Lead | Contact], *, region: str, anew: bool) -> int:
    numbers = model._default_manager.exclude(phone="")
    if not anew:
        numbers = numbers.filter(phone_e164="")
    rows = numbers.order_by("pk").values_list("pk", "phone", F(COUNTRIES[model]))
    told, last = 0, 0
    while chunk := list(rows.filter(pk__gt=last)[:CHUNK]):
        last = chunk[-1][0]
        told += write(
            model, [(pk, phone, e164(phone, country=country or "", region=region)) for pk, phone, country in chunk]
        )
    return told


@transaction.atomic
def write(model: type[Lead | Contact], told: list[tuple[int, str, str]]) -> int:
    statement = sql.SQL(TELL).format(table=sql.Identifier(model._meta.db_table))
    with connection.cursor() as cursor:
        cursor.execute(statement.as_string(cursor.cursor), [list(column) for column in zip(*told, strict=True)])
        return cursor.rowcount
