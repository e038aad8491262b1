"""Keeps facts and cells true: a batch of changes at a time, or everything anew.

Both are called by crm/outbox.py under the lock of the consumer `funnel`, so nobody else writes these tables.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import numpy as np
from django.db import connection, transaction

from crm.models import Organisation
from crm.outbox import Changes
from funnel.facts.binary import Column, write_rows
from funnel.facts.counting import copy_cells
from funnel.facts.differing import differences
from funnel.facts.episodes import copy_told, read_logs
from funnel.facts.sql import (
    ADD_TO_CELLS,
    CELL_TABLE,
    CREATE_DIFFERENCES,
    CREATE_TOLD,
    DIFFERENCES_TABLE,
    FACT_TABLE,
    INSERT_FACTS,
    INSERT_TOLD,
    LEADS_OF,
    NOT_PLAIN,
    REMOVE_EMPTY_CELLS,
    SURVIVORS_OF,
    TOLD_TABLE,
    WRITE_FACTS,
)
from funnel.facts.swapping import Replacement

Read = TypeVar("Read")

# Leads a statement of a rebuild: well under the five seconds that others may have to wait for it.
LEADS_AT_A_TIME = 100_000
LEADS_BY_SQL = 20_000


def apply_changes(changes: Changes) -> None:
    """Recompute the facts of the leads concerned and add the difference to the cells, in the present transaction."""
    leads = set(changes.get("lead", ()))
    with connection.cursor() as sql:
        for topic, leads_of in LEADS_OF.items():
            if ids := changes.get(topic):
                sql.execute(leads_of.format(these="= ANY(%s)"), [list(ids)])
                leads |= {lead for (lead,) in sql.fetchall()}
        if not leads:
            return
        sql.execute(SURVIVORS_OF, [list(leads)])
        leads |= {lead for (lead,) in sql.fetchall()}
        sql.execute(WRITE_FACTS, {"ids": sorted(leads), "zone": Organisation.get().time_zone})
        if facts := sql.fetchall():
            add_to_cells(sql, *differences(facts))


def add_to_cells(sql: Any, cells: dict[str, Column], keys: list[str]) -> None:
    """Cells that come to nothing are removed."""
    sql.execute(CREATE_DIFFERENCES)
    sql.execute(f"DELETE FROM {DIFFERENCES_TABLE}")
    write_rows(sql, DIFFERENCES_TABLE, cells)
    sql.execute(ADD_TO_CELLS, {"keys": keys})
    if empty := sql.fetchall():
        sql.execute(REMOVE_EMPTY_CELLS, [list(column) for column in zip(*empty, strict=True)])


def rebuild() -> None:
    """All facts and cells from nothing, beside those in use, which stand until the last moment.

    Many short transactions, then one that swaps the tables: a rebuild that is killed leaves the old figures standing,
    and the next one begins anew. Leads that changed meanwhile are in the outbox, behind the cursor.
    """
    facts, cells = Replacement(FACT_TABLE), Replacement(CELL_TABLE)
    with connection.cursor() as sql:
        facts.create(sql)
        cells.create(sql)
        tell_facts(sql, facts.name, zone=Organisation.get().time_zone)
        facts.finish(sql)
        copy_cells(sql, source=facts.name, table=cells.name)
        cells.finish(sql)
        with transaction.atomic():
            facts.take_over(sql)
            cells.take_over(sql)


def tell_facts(sql: Any, table: str, *, zone: str) -> None:
    """The facts of every lead into ``table``: plain logs told in memory, those with undone rows or merges by SQL."""
    sql.execute(NOT_PLAIN)
    by_sql = np.array([lead for (lead,) in sql.fetchall()], dtype=np.int64)
    sql.execute(f"DROP TABLE IF EXISTS {TOLD_TABLE}")
    sql.execute(CREATE_TOLD)
    for logs in one_ahead(partial(read_logs, low, high, but_not=by_sql) for low, high in lead_ranges(sql)):
        if logs:
            sql.execute(f"TRUNCATE {TOLD_TABLE}")
            copy_told(sql, logs, zone=zone)
            sql.execute(INSERT_TOLD.format(table=table), logs.leads)
    sql.execute(f"DROP TABLE {TOLD_TABLE}")
    for start in range(0, len(by_sql), LEADS_BY_SQL):
        some = by_sql[start : start + LEADS_BY_SQL].tolist()
        sql.execute(INSERT_FACTS.format(table=table), {"ids": some, "zone": zone})


def one_ahead(reads: Iterable[Callable[[], Read]]) -> Iterator[Read]:
    """What each gives; a thread with a connection of its own carries out the next while one is being used.

    Within a transaction, which no other connection looks into, one after the other.
    """
    if connection.in_atomic_block:
        yield from (read() for read in reads)
        return
    with ThreadPoolExecutor(1) as thread:
        try:
            results: deque[Future[Read]] = deque()
            for read in reads:
                results.append(thread.submit(read))
                if len(results) > 1:
                    yield results.popleft().result()
            yield from (result.result() for result in results)
        finally:
            thread.submit(connection.close)


def lead_ranges(sql: Any) -> list[tuple[int, int]]:
    """Ids from .. to, together every lead there is."""
    sql.execute("SELECT coalesce(min(id), 0), coalesce(max(id), -1) FROM leads_lead")
    [(lowest, highest)] = sql.fetchall()
    return [(low, low + LEADS_AT_A_TIME - 1) for low in range(lowest, highest + 1, LEADS_AT_A_TIME)]
