"""Which records a text means: one statement for all kinds, at a cost that hardly grows with their number.

Sorting every match would not do: "an" begins a word of every tenth lead. A common word is among the newest rows
already; a word that is not is rare, so that the index gives its few rows quickly. Each step of OF_KIND runs only while
the steps before it have not found enough.
"""

from typing import Any

from django.db import connection

from crm.search import phone_digits, rare_terms, tsquery, whole_words
from desk.search.kinds import KINDS, Kind

# Rows looked through before the index is asked, and rows taken from the index to choose the newest of.
NEWEST = 2_000
FROM_INDEX = 200

# 1 what is just the same, 2 the newest rows, 3 older rows with these words, 4 older rows with words that begin so.
OF_KIND = """
    SELECT '{kind}' AS kind, id, step FROM (
        (SELECT id, 1 AS step FROM (
            SELECT id FROM {table} WHERE {same} AND {present} LIMIT {from_index}
        ) same ORDER BY id DESC LIMIT %(limit)s)
        UNION ALL
        (SELECT id, 2 FROM (
            SELECT id, search FROM {table} WHERE NOT {is_older} AND {present} AND ({same}) IS NOT TRUE
            ORDER BY id DESC LIMIT {newest}
        ) newest WHERE search @@ {words} ORDER BY id DESC LIMIT %(limit)s)
        UNION ALL
        (SELECT id, 3 FROM (
            SELECT id FROM {table}
            WHERE search @@ {whole} AND {is_older} AND {present} AND ({same}) IS NOT TRUE LIMIT {from_index}
        ) older ORDER BY id DESC LIMIT %(limit)s)
        UNION ALL
        (SELECT id, 4 FROM (
            SELECT id FROM {table}
            WHERE search @@ {rare} AND (search @@ {words}) IS TRUE AND (search @@ {whole}) IS NOT TRUE
                AND {is_older} AND {present} AND ({same}) IS NOT TRUE LIMIT {from_index}
        ) older ORDER BY id DESC LIMIT %(limit)s)
        LIMIT %(limit)s
    ) {kind}
"""
IS_OLDER = "(id <= (SELECT max(id) - {newest} FROM {table}))"
# The tests with IS TRUE are made on the rows: the index takes no part in them.
QUERY = "to_tsquery('simple', %({name})s)"


def find(text: str, *, limit: int, words: str = "") -> dict[str, list[int]]:
    """Ids of the records that ``text`` means, by kind, at most ``limit`` of each.

    Those that are just what was typed come first (the same e-mail, telephone, name), then the newest.
    ``words``: what to look for instead of the words of ``text``, as to_tsquery takes it.
    """
    found: dict[str, list[int]] = {kind.key: [] for kind in KINDS}
    if not (words or tsquery(text)):
        return found
    with connection.cursor() as sql:
        sql.execute(statement_for(text), parameters(text, words=words) | {"limit": limit})
        for kind, pk, _step in sql.fetchall():
            found[kind].append(pk)
    return found


def statement_for(text: str) -> str:
    parts = (part_for(kind, text) for kind in KINDS)
    return f"{' UNION ALL '.join(f'({part})' for part in parts)} ORDER BY kind, step, id DESC"


def part_for(kind: Kind, text: str) -> str:
    return OF_KIND.format(
        kind=kind.key,
        table=kind.table,
        present=kind.present,
        same=sameness(kind, text),
        is_older=IS_OLDER.format(table=kind.table, newest=NEWEST),
        newest=NEWEST,
        from_index=FROM_INDEX,
        **{name: QUERY.format(name=name) for name in ("words", "whole", "rare")},
    )


def sameness(kind: Kind, text: str) -> str:
    """The condition that a row is just what was typed; "false" where no index could answer it."""
    if "@" in text:
        return kind.same_email or "false"
    return (kind.same_phone if phone_digits(text) else kind.same_name) or "false"


def parameters(text: str, *, words: str = "") -> dict[str, Any]:
    """``first``, ``last``: the text as somebody's whole name; None, which no row has, for a single word."""
    first, _space, last = text.strip().lower().rpartition(" ")
    return {
        "text": text.strip().lower(),
        "e164": f"+{phone_digits(text)}",
        "first": first.strip() or None,
        "last": last,
        "words": words or tsquery(text),
        "whole": words or whole_words(text),
        "rare": words or rare_terms(text),
    }
