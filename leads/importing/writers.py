"""What every kind of import does with a chunk of staged rows: tell what each row means, then write."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from crm.models import User
from leads.importing.mapping import FileMapping
from leads.importing.sql import CHUNK, probe_indexes, query
from leads.importing.staging import STAGED

CREATED, UPDATED, UNCHANGED, REFUSED = "created", "updated", "unchanged", "refused"

# A row without an external id is the same as any other with its e-mail; the second of the same is refused.
DOUBLES = f"""
    WITH same_id AS (
        SELECT row, min(row) OVER (PARTITION BY external_id) AS first FROM {STAGED} WHERE external_id IS NOT NULL
    )
    SELECT row, first FROM same_id WHERE row > first
"""
DOUBLES_BY_EMAIL = f"""
    WITH same_email AS (
        SELECT row, external_id,
            first_value(row) OVER (PARTITION BY lower(email) ORDER BY external_id IS NULL, row) AS first
        FROM {STAGED} WHERE email IS NOT NULL
    )
    SELECT row, first FROM same_email WHERE external_id IS NULL AND row <> first
"""


@dataclass
class Result:
    """What became of the rows of one chunk, or would."""

    counts: Counter[str]
    refusals: list[tuple[int, str]]
    findings: Counter[str]


@dataclass
class Writer:
    """``columns``: those of the staging table. ``by``: None on the command line."""

    mapping: FileMapping
    columns: frozenset[str]
    by: User | None
    at: datetime
    source: str
    file_id: int

    tables: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def doubles(cls, columns: frozenset[str]) -> list[str]:
        """SELECTs of the rows (and the `first` of each) that are about the same record as another of the file."""
        return [DOUBLES, *([DOUBLES_BY_EMAIL] if "email" in columns else [])]

    def prepare(self, rows: dict[str, int]) -> None:
        """Make what the rows only name: people, content."""

    def classify(self, rows: dict[str, int]) -> None:
        """Fill the table of the chunk: each staged row with ``verdict`` (and ``reason`` where it is refused)."""
        raise NotImplementedError

    def write(self, counts: Counter[str]) -> Counter[str]:
        """Write the classified chunk, in which something is to be created or updated; gives the findings."""
        if counts[CREATED]:
            self.create()
        if counts[UPDATED]:
            self.update()
        return Counter()

    def create(self) -> None:
        """Write what is new in the chunk."""
        raise NotImplementedError

    def update(self) -> None:
        """Write what the chunk says about records that are there."""
        raise NotImplementedError

    def survey(self, first: int, last: int) -> Result:
        """What importing these rows would do; nothing is written."""
        probe_indexes()
        self.classify({"first": first, "last": last})
        return Result(*self.verdicts(), self.foreseen())

    def take(self, first: int, last: int) -> Result:
        """Import these rows, in the present transaction."""
        rows = {"first": first, "last": last}
        probe_indexes()
        self.prepare(rows)
        self.classify(rows)
        counts, refusals = self.verdicts()
        findings = self.write(counts) if counts[CREATED] or counts[UPDATED] else Counter()
        return Result(counts, refusals, findings)

    def foreseen(self) -> Counter[str]:
        """The findings that writing the chunk would give."""
        return Counter()

    def verdicts(self) -> tuple[Counter[str], list[tuple[int, str]]]:
        counts = query(f"SELECT verdict, count(*) FROM {CHUNK} GROUP BY 1")
        refusals = query(f"SELECT row, reason FROM {CHUNK} WHERE verdict = 'refused' ORDER BY row")
        return Counter(dict(counts)), [(row, reason) for row, reason in refusals]

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            "system": self.mapping.source_system,
            "by": self.by.pk if self.by else None,
            "at": self.at,
            "source": self.source,
        }

    def has(self, *names: str) -> list[str]:
        """Those of these staging columns that the file fills."""
        return [name for name in names if name in self.columns]

    def value(self, name: str, *, of: str = "s", default: str = "NULL") -> str:
        """SQL for a staged value, or ``default`` where it is empty or the file does not fill it."""
        if name not in self.columns:
            return default
        return f"{of}.{name}" if default == "NULL" else f"coalesce({of}.{name}, {default})"
