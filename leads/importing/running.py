"""One import from its file to the records, in chunks that survive whatever kills the worker.

Every run reads the whole file into a temporary staging table; that needs no memory and leaves no trace. Then chunks
are classified and written, each in one transaction that also moves ``rows_done``: a run that was cut off begins after
the last chunk that was committed. Identity (source system and external id, else the e-mail) makes a repeated file
change nothing.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from time import monotonic
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from crm.errors import BusinessError
from crm.locks import session_lock
from crm.models import User
from crm.outbox import kick
from leads.access import may_import, may_make_fields
from leads.importing.activity_writer import ActivityWriter
from leads.importing.cleaning import Cleaner, References
from leads.importing.company_writer import CompanyWriter
from leads.importing.contact_writer import ContactWriter
from leads.importing.errors import BadMapping, RowRefused, Undecided
from leads.importing.lead_writer import LeadWriter
from leads.importing.mapping import FileMapping, read_mapping
from leads.importing.opportunity_writer import OpportunityWriter
from leads.importing.own_fields import make_fields
from leads.importing.reading import Row, read_rows
from leads.importing.spend_writer import SpendWriter
from leads.importing.sql import execute, query
from leads.importing.staging import STAGED, copy_rows, drop_staging, make_staging
from leads.importing.storing import stored
from leads.importing.surveying import Survey, header_of, survey_file
from leads.importing.touch_writer import TouchWriter
from leads.importing.user_writer import UserWriter
from leads.importing.writers import Result, Writer
from leads.lifecycle import Stage
from leads.models import Import, KnownRow, Refusal
from leads.models.imports import ImportKind, ImportStatus
from leads.models.lead import SourcedBy

log = logging.getLogger(__name__)

WRITERS: dict[str, type[Writer]] = {
    ImportKind.LEADS: LeadWriter,
    ImportKind.OPPORTUNITIES: OpportunityWriter,
    ImportKind.COMPANIES: CompanyWriter,
    ImportKind.CONTACTS: ContactWriter,
    ImportKind.TOUCHES: TouchWriter,
    ImportKind.SPENDS: SpendWriter,
    ImportKind.ACTIVITIES: ActivityWriter,
    ImportKind.USERS: UserWriter,
}
# Rows a transaction: a longer one would hold up every reader of the change outbox.
CHUNK_ROWS = 10_000
STAGE_ROWS = 5_000
HEARD_EVERY_SECONDS = 2
# So many new rows make the statistics of a table wrong.
NOTICEABLE_ROWS = 2_000
# The advisory lock with which one chunk is written at a time.
WRITE_LOCK = 7_416_302
WRITE_ATTEMPTS = 3

REFUSE_DOUBLES = f"""
    WITH doubles AS ({{doubles}}), gone AS (
        DELETE FROM {STAGED} s USING doubles d WHERE s.row = d.row RETURNING s.row, d.first
    )
    INSERT INTO leads_refusal (file_id, row, reason)
    SELECT %(file)s, row, 'The same record as in row ' || first || ' of this file.' FROM gone
    ON CONFLICT DO NOTHING
"""


def run_import(import_id: int) -> Import | None:
    """Check or carry out an import, from where it stopped; None when another process is at it or it is over."""
    with run_lock(import_id) as is_ours:
        found = Import.objects.filter(pk=import_id).first() if is_ours else None
        if found is None or not found.is_at_work:
            return None
        try:
            Run(found).carry_out()
        except OperationalError:
            raise  # the database went away: the import is taken up again where it stopped
        except Undecided as question:
            ask(found, str(question))
        except BusinessError as error:
            fail(found, str(error))
        except Exception:
            log.exception("import %s failed", import_id)
            fail(found, "Something unexpected went wrong; the log of the server says what.")
        return found


def resume_imports() -> list[int]:
    """Take up every import whose worker died; one that is being worked on is held by its lock. Gives their ids."""
    at_work = (ImportStatus.CHECKING, ImportStatus.RUNNING)
    ids = Import.objects.filter(status__in=at_work).order_by("id").values_list("id", flat=True)
    return [import_id for import_id in list(ids) if run_import(import_id)]


def ask(found: Import, question: str) -> None:
    """A column can be read in two ways: nothing was written, and a person must say."""
    found.status, found.error = ImportStatus.DRAFT, question
    found.save(update_fields=["status", "error", "updated_at"])


def fail(found: Import, text: str) -> None:
    found.status, found.error, found.finished_at = ImportStatus.FAILED, text, timezone.now()
    found.save(update_fields=["status", "error", "finished_at", "updated_at"])


class Run:
    """One run of one import."""

    def __init__(self, found: Import) -> None:
        self.file = found
        self.by: User | None = found.by
        self.at: datetime = found.started_at or timezone.now()
        self.path = stored(found.path)
        self.heard = monotonic()

    def carry_out(self) -> None:
        self.begin()
        try:
            survey = self.survey()
            self.mapping = read_mapping(self.file.spec)
            if self.file.status == ImportStatus.RUNNING and may_make_fields(self.by):
                make_fields(self.file.kind, self.file.spec, survey.header)
            self.stage(survey)
            if self.file.status == ImportStatus.CHECKING:
                self.foresee(survey.last_row)
                self.finish(ImportStatus.CHECKED)
                return
            if self.file.strict and not self.file.rows_done:
                self.demand_spotless(survey.last_row)
            self.write(survey.last_row)
            self.finish(ImportStatus.DONE)
        finally:
            if not connection.needs_rollback and connection.is_usable():
                drop_staging()

    def begin(self) -> None:
        """A run from the start forgets what an earlier check counted; one taken up goes on from its counts."""
        if self.by and not may_import(self.by, self.file.kind):
            raise BadMapping(f"{self.by} may not import {self.file.get_kind_display().lower()}.")
        self.file.started_at, self.file.heard_at, self.file.error = self.at, timezone.now(), ""
        if not self.file.rows_done:
            forget_counts(self.file)
        self.file.save()
        Refusal.objects.filter(file=self.file, row__gt=self.file.rows_done + 1).delete()
        KnownRow.objects.filter(file=self.file).delete()

    def survey(self) -> Survey:
        survey = survey_file(self.path, read_mapping(self.file.spec))
        self.file.rows_total = survey.last_row - 1
        self.file.notations = [asdict(notation) for notation in survey.notations]
        self.file.spec = survey.decide(self.file.spec)
        self.file.save(update_fields=["spec", "rows_total", "notations", "updated_at"])
        survey.demand_decided()
        return survey

    # Staging

    def stage(self, survey: Survey) -> None:
        """Every clean row into the staging table, every other one among the refusals."""
        mapping = narrowed(self.mapping, self.by)
        cleaner = Cleaner(mapping, survey.header, References.load(mapping.source_system), at=self.at)
        make_staging(cleaner.columns)
        names = ["row", *(column.name for column in cleaner.columns)]
        rows = read_rows(self.path, survey.dialect)
        header_of(rows)
        for batch in batches(rows, STAGE_ROWS):
            clean, refusals = sorted_out(batch, cleaner)
            copy_rows(STAGED, names, clean)
            self.refuse(refusals)
            self.be_heard()
        filled = frozenset(column.name for column in cleaner.columns)
        writer = WRITERS[self.file.kind]
        for doubles in writer.doubles(filled):
            execute(REFUSE_DOUBLES.format(doubles=doubles), {"file": self.file.pk})
        execute(f"ANALYZE {STAGED}")
        self.writer = writer(mapping, filled, self.by, self.at, f"import {self.file.pk}", self.file.pk)

    def refuse(self, refusals: Iterable[tuple[int, str]]) -> None:
        rows = [Refusal(file=self.file, row=row, reason=reason) for row, reason in refusals]
        Refusal.objects.bulk_create(rows, ignore_conflicts=True)

    # Foreseeing

    def foresee(self, last_row: int) -> None:
        """Count what the import would do."""
        for first, last in chunks(2, last_row):
            with transaction.atomic():
                result = self.writer.survey(first, last)
                self.refuse(result.refusals)
            self.count(result)
            self.be_heard()

    def demand_spotless(self, last_row: int) -> None:
        """All or nothing: refuse the file before the first row is written."""
        self.foresee(last_row)
        refused = self.file.refusals.count()
        if refused:
            self.finish(ImportStatus.FAILED)
            rows = "row was" if refused == 1 else "rows were"
            raise BusinessError(f"{refused:,} {rows} refused, so nothing was imported.", code="refused_rows")
        forget_counts(self.file)

    # Writing

    def write(self, last_row: int) -> None:
        for number, (first, last) in enumerate(chunks(self.file.rows_done + 2, last_row)):
            self.write_chunk(first, last)
            if number == 0 and self.file.created >= NOTICEABLE_ROWS:
                refresh_statistics(self.writer.tables)

    def write_chunk(self, first: int, last: int) -> None:
        """One chunk and the note that it is done, together or not at all."""
        for attempt in range(1, WRITE_ATTEMPTS + 1):
            try:
                with transaction.atomic():
                    query("SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": WRITE_LOCK})
                    # A crash of the database may take back the last chunks, always with the note that they are done.
                    execute("SET LOCAL synchronous_commit = off")
                    result = self.writer.take(first, last)
                    self.refuse(result.refusals)
                    self.count(result)
                    self.file.rows_done = last - 1
                    self.file.heard_at = timezone.now()
                    self.file.save()
                    transaction.on_commit(kick, robust=True)
            except IntegrityError:
                # Somebody made the same record between looking and writing: look again.
                if attempt == WRITE_ATTEMPTS:
                    raise
                self.file.refresh_from_db()
            else:
                return

    def count(self, result: Result) -> None:
        self.file.created += result.counts["created"]
        self.file.updated += result.counts["updated"]
        self.file.unchanged += result.counts["unchanged"]
        self.file.findings = dict(Counter(self.file.findings) + result.findings)

    def finish(self, status: ImportStatus) -> None:
        self.file.status, self.file.finished_at = status, timezone.now()
        self.file.refused = self.file.refusals.count()
        self.file.save()

    def be_heard(self) -> None:
        """Note now and then that somebody is at it."""
        if monotonic() - self.heard > HEARD_EVERY_SECONDS:
            Import.objects.filter(pk=self.file.pk).update(heard_at=timezone.now())
            self.heard = monotonic()


def narrowed(mapping: FileMapping, by: User | None) -> FileMapping:
    """What a rep imports is the rep's own; only managers bring leads in beyond MQL."""
    if by is None or by.is_admin or by.is_manager:
        return mapping
    if by.is_rep:
        if mapping.stages != (Stage.INQUIRY,):
            raise BadMapping("Your own leads come in as inquiries; choose a mapping with that stage only.")
        own = {"owner": by.email or by.external_id, "sourced_by": SourcedBy.SALES.value}
        return mapping.with_constants(own | ({"team": by.team.name} if by.team else {}))
    if not set(mapping.stages) <= {Stage.INQUIRY, Stage.MQL}:
        raise BadMapping("Only managers may import leads beyond the stage MQL.")
    if any(source.create for source in mapping.sources.values()):
        raise BadMapping("Only managers may import files that make new people.")
    return mapping


def sorted_out(batch: Iterable[Row], cleaner: Cleaner) -> tuple[list[list[Any]], list[tuple[int, str]]]:
    """Clean rows with their number in front, and refusals."""
    clean, refusals = [], []
    for row in batch:
        try:
            clean.append([row.number, *cleaner.clean(row.cells)])
        except RowRefused as refusal:
            refusals.append((row.number, str(refusal)))
    return clean, refusals


def forget_counts(found: Import) -> None:
    found.created = found.updated = found.unchanged = found.refused = 0
    found.findings = {}


def batches(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    while batch := list(islice(rows, size)):
        yield batch


def chunks(first: int, last: int) -> Iterator[tuple[int, int]]:
    """Ranges of row numbers, both ends included."""
    for start in range(first, last + 1, CHUNK_ROWS):
        yield start, min(start + CHUNK_ROWS - 1, last)


def refresh_statistics(tables: Iterable[str]) -> None:
    """After the first chunk: until the planner knows that a table has grown it reads all of it for every chunk."""
    for table in tables:
        execute(f"ANALYZE {table}")


def run_lock(import_id: int) -> AbstractContextManager[bool]:
    """Whether this process has the import to itself."""
    return session_lock(f"import:{import_id}")
