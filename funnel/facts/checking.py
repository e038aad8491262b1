"""Whether the figures are true, row for row: facts against the log, cells against facts, leads against their log, and
credits against the touches they are for."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from crm.models import Organisation
from crm.outbox import drain
from funnel.attribution.checking import ledger_differences
from funnel.facts.sql import (
    ALL_LEADS,
    CELL_COLUMNS,
    CELL_KEY,
    CELL_TABLE,
    FACT_COLUMNS,
    FACT_TABLE,
    KEY_OF,
    LEADS_OF,
    day_cells,
    differences,
    facts,
    month_cells,
)

CONSUMER = "funnel"
PENDING_OF = "IN (SELECT object_id FROM pending WHERE topic = '{}')"
# Changes committed after the drain and before the snapshot: their leads' facts may rightly be behind.
PENDING = f"""
    pending AS (
        SELECT change.topic, change.object_id FROM crm_change change JOIN crm_cursor cursor
            ON cursor.consumer = '{CONSUMER}' AND (change.xid, change.id) > (cursor.xid, cursor.position)
    ),
    changed AS (
        SELECT object_id AS lead_id FROM pending WHERE topic = 'lead'
        {" ".join(f"UNION {leads_of.format(these=PENDING_OF.format(topic))}" for topic, leads_of in LEADS_OF.items())}
    ),
    waiting AS (
        SELECT lead_id FROM changed
        UNION SELECT lead.merged_into_id FROM changed JOIN leads_lead lead ON lead.id = changed.lead_id
    )"""
NOT_WAITING = """
    AND coalesce(wanted.lead_id, stands.lead_id) NOT IN (SELECT lead_id FROM waiting WHERE lead_id IS NOT NULL)"""
FACTS_DIFFER = f"""
    WITH {facts(ALL_LEADS)}, {PENDING}
    {differences("fact", FACT_TABLE, ("lead_id", "episode"), FACT_COLUMNS, NOT_WAITING)}
"""
CELLS_DIFFER = f"""
    WITH days AS ({" UNION ALL ".join(day_cells(dimension, FACT_TABLE) for dimension in KEY_OF)}),
    cell AS (SELECT * FROM days UNION ALL {month_cells("days")})
    {differences("cell", CELL_TABLE, CELL_KEY, CELL_COLUMNS)}
"""
# Where each lead stands by its log, and by its own row. `seq` counts undone rows and undo rows too.
LEADS_DIFFER = f"""
    WITH standing AS (
        SELECT DISTINCT ON (t.lead_id) t.lead_id, t.to_stage AS stage, t.episode, t.at AS stage_since,
        max(t.seq) OVER (PARTITION BY t.lead_id) AS seq
        FROM leads_transition t LEFT JOIN leads_transition undo ON undo.undoes_id = t.id
        ORDER BY t.lead_id, t.kind = 'undo' OR undo.id IS NOT NULL, t.seq DESC
    ),
    lead AS (SELECT id AS lead_id, stage, episode, stage_since, seq FROM leads_lead)
    {differences("standing", "lead", ("lead_id",), ("lead_id", "stage", "episode", "stage_since", "seq"))}
"""
COUNTS = f"""
    SELECT (SELECT count(*) FROM leads_lead), (SELECT count(*) FROM leads_transition),
        (SELECT count(*) FROM {FACT_TABLE}), (SELECT count(*) FROM {CELL_TABLE})
"""
COUNT_WAITING = f"WITH {PENDING} SELECT count(lead_id) FROM waiting"
KEYS = {"lead": ("lead_id",), "fact": ("lead_id", "episode"), "cell": CELL_KEY, "credit": ("opportunity",)}
COMPARISONS = (("lead", LEADS_DIFFER), ("fact", FACTS_DIFFER), ("cell", CELLS_DIFFER))


@dataclass(frozen=True)
class Difference:
    """A row that is not as it should be; ``wanted`` or ``stands`` is None where there should be, or is, no row."""

    kind: str  # lead, fact, cell, credit
    wanted: dict[str, Any] | None
    stands: dict[str, Any] | None

    def __str__(self) -> str:
        if self.wanted is None or self.stands is None:
            missing = "missing" if self.stands is None else "too much"
            return f"{self.kind} {missing}: {json.dumps(self.wanted or self.stands)}"
        changed = [name for name in self.wanted if self.wanted[name] != self.stands.get(name)]
        told = ", ".join(f"{name} is {self.stands.get(name)!r}, should be {self.wanted[name]!r}" for name in changed)
        key = {name: self.wanted[name] for name in KEYS[self.kind]}
        return f"{self.kind} {key}: {told}"


@dataclass(frozen=True)
class Check:
    """What was compared in one snapshot, and every difference (up to the limit of each kind)."""

    leads: int
    transitions: int
    facts: int
    cells: int
    waiting: int
    differences: list[Difference] = field(default_factory=list)


def check_metrics(*, limit: int = 1_000) -> Check:
    """Drain what is committed, then compare everything in one snapshot.

    Leads that changed between the drain and the snapshot are left out of the comparison of facts (``waiting`` says
    how many); cells are compared with the facts that stand, whatever waits.
    """
    for consumer in (CONSUMER, "attribution"):
        while drain(consumer):
            pass
    with transaction.atomic(), connection.cursor() as sql:
        sql.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # Locks come before the snapshot, or a rebuild could swap a table in between and it would look empty.
        sql.execute(f"LOCK TABLE {FACT_TABLE}, {CELL_TABLE} IN ACCESS SHARE MODE")
        sql.execute(COUNTS)
        [(leads, transitions, facts, cells)] = sql.fetchall()
        sql.execute(COUNT_WAITING)
        [(waiting,)] = sql.fetchall()
        zone = Organisation.get().time_zone
        differing = list(compare(sql, zone=zone, limit=limit))
        differing += [Difference("credit", *pair) for pair in ledger_differences(limit=limit)]
        return Check(leads, transitions, facts, cells, waiting, differing)


def compare(sql: Any, *, zone: str, limit: int) -> Iterator[Difference]:
    for kind, statement in COMPARISONS:
        sql.execute(statement, {"zone": zone, "limit": limit})
        for wanted, stands in sql.fetchall():
            yield Difference(kind, *(row and json.loads(row) for row in (wanted, stands)))
