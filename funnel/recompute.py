"""Keeps facts and cells true: a batch of changes at a time, or everything anew.

Both are called by crm/outbox.py under the lock of the consumer `funnel`, so nobody else writes these tables.
"""

from collections.abc import Iterator
from typing import Any

from django.db import connection, transaction

from crm.models import Organisation
from crm.outbox import Changes
from funnel.counting import copy_day_cells
from funnel.sql import (
    APPLY_CHANGES,
    CELL_TABLE,
    FACT_TABLE,
    INSERT_FACTS,
    LEADS_OF,
    REMOVE_EMPTY_CELLS,
    SURVIVORS_OF,
    insert_cells,
    month_cells,
)
from funnel.swapping import Replacement

# Leads a statement of a rebuild: well under the five seconds that others may have to wait for it.
LEADS_AT_A_TIME = 50_000


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
        sql.execute(APPLY_CHANGES, {"ids": sorted(leads), "zone": Organisation.get().time_zone})
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
        zone = Organisation.get().time_zone
        for low, high in lead_ranges(sql):
            sql.execute(INSERT_FACTS.format(table=facts.name), {"low": low, "high": high, "zone": zone})
        facts.finish(sql)
        copy_day_cells(sql, source=facts.name, table=cells.name)
        sql.execute(insert_cells(month_cells(cells.name), cells.name))
        cells.finish(sql)
        with transaction.atomic():
            facts.take_over(sql)
            cells.take_over(sql)


def lead_ranges(sql: Any) -> Iterator[tuple[int, int]]:
    """Ids from .. to, together every lead there is."""
    sql.execute("SELECT coalesce(min(id), 0), coalesce(max(id), -1) FROM leads_lead")
    [(lowest, highest)] = sql.fetchall()
    for low in range(lowest, highest + 1, LEADS_AT_A_TIME):
        yield low, low + LEADS_AT_A_TIME - 1
