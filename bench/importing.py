"""How fast files come in, beside raw COPY into the same indexed tables in the same run.

    .venv/bin/python -m bench.importing [ROWS]

Uses a PostgreSQL of its own in a temporary folder, gone afterwards.
"""

import csv
import json
import sys
import time
from pathlib import Path
from typing import Any

from bench.database import prepare

ROUNDS = 3
TABLES = ("leads_lead", "leads_transition", "leads_touch", "crm_change")
OLIST = Path(__file__).resolve().parents[2] / "shared/data/olist"
SPEC = {
    "kind": "leads",
    "source_system": "bench",
    "stages": ["inquiry", "mql"],
    "fields": {
        "external_id": "id", "email": "email", "first_name": "first", "last_name": "last", "company_name": "company",
        "country": "country", "source": "origin", "asset": "page",
        "captured_at": {"column": "created", "format": "iso"},
    },
}  # fmt: skip


def main(rows: int = 100_000) -> None:
    folder = prepare()
    measure_olist()
    measure_rows(folder, rows)


def measure_olist() -> None:
    if not OLIST.is_dir():
        print("Olist: the files are not here")
        return
    for _round in range(ROUNDS):
        empty()
        leads = timed_import("leads", OLIST / "olist_marketing_qualified_leads_dataset.csv", named("olist-leads"))
        deals = timed_import("opportunities", OLIST / "olist_closed_deals_dataset.csv", named("olist-opportunities"))
        again = timed_import("leads", OLIST / "olist_marketing_qualified_leads_dataset.csv", named("olist-leads"))
        print(
            f"Olist: 8,000 leads {leads:.2f} s, 842 deals {deals:.2f} s, together {leads + deals:.2f} s; "
            f"the leads again {again:.2f} s"
        )


def measure_rows(folder: Path, rows: int) -> None:
    path = folder / "many.csv"
    write_rows(path, rows)
    for _round in range(ROUNDS):
        empty()
        first = timed_import("leads", path, SPEC)
        again = timed_import("leads", path, SPEC)
        guarded, bare = timed_copies(folder)
        print(
            f"{rows:,} rows: import {first:.1f} s ({rows / first:,.0f}/s), again {again:.1f} s; "
            f"raw COPY with keys and triggers {guarded:.1f} s (share {guarded / first:.2f}), "
            f"with indexes only {bare:.1f} s (share {bare / first:.2f})"
        )


def write_rows(path: Path, rows: int) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "email", "first", "last", "company", "country", "origin", "created", "page"])
        for n in range(rows):
            created = f"{2022 + n % 3}-{n % 12 + 1:02}-{n % 28 + 1:02} {n % 24:02}:{n % 60:02}:00"
            page = f"page-{n % 500}"
            writer.writerow(
                [
                    f"id-{n}",
                    f"person{n}@example.com",
                    "Pat",
                    f"Person {n}",
                    f"Company {n % 9000}",
                    "BR",
                    f"origin{n % 9}",
                    created,
                    page,
                ]
            )


def named(name: str) -> dict[str, Any]:
    from leads.importing.mapping import named_spec

    return named_spec(name)


def timed_import(kind: str, path: Path, spec: dict[str, Any]) -> float:
    """Seconds of worker time: reading, staging, classifying, writing."""
    from leads.importing.running import run_import
    from leads.importing.starting import receive_file
    from leads.models.imports import ImportStatus

    found = receive_file([path.read_bytes()], name=path.name, kind=kind, by=None, spec=json.loads(json.dumps(spec)))
    found.status = ImportStatus.RUNNING
    found.save()
    start = time.perf_counter()
    done = run_import(found.pk)
    seconds = time.perf_counter() - start
    assert done, "another process is at it"
    assert (done.status, done.refused) == (ImportStatus.DONE, 0), done.error
    return seconds


def timed_copies(folder: Path) -> tuple[float, float]:
    """Seconds to COPY the same rows into the emptied tables, and into tables with indexes and checks only."""
    from django.db import connection

    files = {table: folder / f"{table}.copy" for table in TABLES}
    with connection.cursor() as sql:
        for table, path in files.items():
            with path.open("w", encoding="utf-8") as file:
                sql.copy_expert(f"COPY {table} TO STDOUT", file)
            sql.execute(f"DROP TABLE IF EXISTS bare_{table}; CREATE TABLE bare_{table} (LIKE {table} INCLUDING ALL)")
    bare = timed_copy({f"bare_{table}": path for table, path in files.items()})
    empty(*TABLES)
    return timed_copy(files), bare


def timed_copy(files: dict[str, Path]) -> float:
    from django.db import connection, transaction

    from leads.importing.sql import probe_indexes

    start = time.perf_counter()
    with transaction.atomic(), connection.cursor() as sql:
        # As an import does: else the triggers, planned for an empty table, may take minutes.
        probe_indexes()
        for table, path in files.items():
            with path.open(encoding="utf-8") as file:
                sql.copy_expert(f"COPY {table} FROM STDIN", file)
    return time.perf_counter() - start


def empty(*tables: str) -> None:
    from django.db import connection

    names = ", ".join(tables or (*TABLES, "leads_opportunity", "leads_import", "campaigns_asset"))
    with connection.cursor() as sql:
        sql.execute("SET tandem.rewrite = 'test'")
        sql.execute(f"TRUNCATE {names} CASCADE")
        sql.execute("RESET tandem.rewrite")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
