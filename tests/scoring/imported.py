"""Leads that come from a file with what became of them, as `manage.py import_records` takes them in."""

import csv
import json
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import call_command

Row = dict[str, Any]


def import_leads(folder: Path, rows: Sequence[Row], *, captured: str = "") -> None:
    """``rows`` with `id`, `outcome` (won or lost) and `closed`; ``captured`` names the column that dates the lead.

    Every other column becomes an own field.
    """
    file = folder / "leads.csv"
    with file.open("w", newline="", encoding="utf-8") as target:
        writer = csv.DictWriter(target, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    own = rows[0].keys() - {"id", "outcome", "closed", captured}
    dated = {"captured_at": {"column": captured, "format": "iso"}} if captured else {}
    import_file(file, "leads", {**dated, **{f"custom.{name}": name for name in own}})
    closed = {"column": "closed", "format": "iso"}
    import_file(file, "opportunities", {"lead": "id", "outcome": "outcome", "closed_at": closed})


def import_file(file: Path, kind: str, fields: dict[str, Any]) -> None:
    mapping = file.with_suffix(f".{kind}.json")
    spec = {"kind": kind, "source_system": "file", "fields": {"external_id": "id", **fields}}
    mapping.write_text(json.dumps(spec), encoding="utf-8")
    call_command("import_records", kind, str(file), mapping=str(mapping), strict=True, stdout=StringIO())
