"""Which words there are: each word of a name once, for the search that forgives a slip of the finger.

A consumer of the change outbox (crm/outbox.py). Words of names that changed stay until the next rebuild, as do words
that only a removed record had; removing data asks for that rebuild, so that no removed person's name stays.
"""

from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction

from crm.outbox import Changes
from crm.records import SearchText
from funnel.facts.swapping import Replacement

TABLE = "desk_searchword"
# For each topic of the outbox: where its names stand.
NAMES = {
    "lead": ("leads_lead", ("first_name", "last_name", "company_name")),
    "contact": ("leads_contact", ("first_name", "last_name")),
    "company": ("leads_company", ("name",)),
    "opportunity": ("leads_opportunity", ("name",)),
    "campaign": ("campaigns_campaign", ("name",)),
    "asset": ("campaigns_asset", ("name",)),
}
# Shorter ones are found by their beginning or not at all; a number has no spelling.
ADD_WORDS = """
    INSERT INTO {target} (word)
    SELECT DISTINCT word FROM {source}, unnest(tsvector_to_array({words})) AS word
    WHERE {which} AND length(word) BETWEEN 3 AND 60 AND word !~ '^[0-9]+$'
    ON CONFLICT DO NOTHING
"""
# Rows a statement of a rebuild: no transaction is open for longer than a moment.
ROWS_AT_A_TIME = 50_000


def apply_changes(changes: Changes) -> None:
    """Add the words of what changed, in the present transaction."""
    with connection.cursor() as sql:
        for topic in NAMES.keys() & changes.keys():
            sql.execute(add_words(topic, which="id = ANY(%(ids)s)"), {"ids": sorted(changes[topic])})


def rebuild() -> None:
    """All words from nothing, beside those in use, which stand until the last moment."""
    fresh = Replacement(TABLE)
    with connection.cursor() as sql:
        fresh.create(sql)
        fresh.finish(sql)
        for topic, (table, _columns) in NAMES.items():
            statement = add_words(topic, which="id BETWEEN %(low)s AND %(high)s", target=fresh.name)
            for low, high in ranges(sql, table):
                sql.execute(statement, {"low": low, "high": high})
        sql.execute(f"ANALYZE {fresh.name}")
        with transaction.atomic():
            fresh.take_over(sql)


def add_words(topic: str, *, which: str, target: str = TABLE) -> str:
    source, columns = NAMES[topic]
    words = SearchText.template % {"expressions": " || ' ' || ".join(columns)}
    return ADD_WORDS.format(target=target, source=source, words=words, which=which)


def ranges(sql: Any, table: str) -> Iterator[tuple[int, int]]:
    """Ids from .. to, together every row of ``table``."""
    sql.execute(f"SELECT coalesce(min(id), 0), coalesce(max(id), -1) FROM {table}")
    [(lowest, highest)] = sql.fetchall()
    for low in range(lowest, highest + 1, ROWS_AT_A_TIME):
        yield low, low + ROWS_AT_A_TIME - 1
