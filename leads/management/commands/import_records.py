import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from crm.errors import BusinessError
from leads.importing.mapping import load_spec
from leads.importing.refused import as_csv, refused_rows
from leads.importing.running import run_import
from leads.importing.starting import receive_file
from leads.importing.storing import forget_file
from leads.models import Import
from leads.models.imports import ImportKind, ImportStatus

BLOCK_BYTES = 1024 * 1024
SHOWN_REFUSALS = 10
FINDINGS = {"out_of_order": "dated before the move they follow: taken as they are, and marked"}


class Command(BaseCommand):
    help = (
        "Import a CSV or Excel file. Ends with 0 when done (refused rows are counted and their file named), "
        "with 1 when nothing was imported."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=ImportKind.values)
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", required=True, help="Name of a saved or shipped mapping, or a .json file.")
        parser.add_argument("--dry-run", action="store_true", help="Write nothing, say what would happen.")
        parser.add_argument("--strict", action="store_true", help="All rows or none.")

    def handle(self, *, kind: str, file: Path, mapping: str, dry_run: bool, strict: bool, **options: Any) -> None:
        try:
            found = self.receive(kind, file, mapping)
        except BusinessError as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        found.strict, found.dry_run = strict, dry_run
        found.status = ImportStatus.CHECKING if dry_run else ImportStatus.RUNNING
        found.save()
        try:
            carry_out(found)
            self.report(found)
        finally:
            if dry_run:
                found.delete()
                forget_file(found.path)

    def receive(self, kind: str, file: Path, mapping: str) -> Import:
        spec = load_spec(mapping, kind=kind)
        with file.open("rb") as source:
            blocks = iter(lambda: source.read(BLOCK_BYTES), b"")
            return receive_file(blocks, name=file.name, kind=kind, by=None, spec=spec, mapping_name=Path(mapping).stem)

    def report(self, found: Import) -> None:
        self.show_refusals(found)
        if found.status in (ImportStatus.FAILED, ImportStatus.DRAFT):
            raise CommandError(found.error or "Nothing was imported.")
        would = "would be " if found.dry_run else ""
        self.stdout.write(
            f"{found.file_name}: {found.created:,} {would}created, {found.updated:,} {would}updated, "
            f"{found.unchanged:,} unchanged, {found.refused:,} refused."
        )
        for finding, count in found.findings.items():
            self.stdout.write(f"{count:,} {FINDINGS.get(finding, finding)}.")
        if not found.dry_run and not found.taken:
            raise CommandError("Nothing was imported: every row was refused.")

    def show_refusals(self, found: Import) -> None:
        if not (count := found.refusals.count()):
            return
        for refusal in found.refusals.all()[:SHOWN_REFUSALS]:
            self.stdout.write(f"row {refusal.row}: {refusal.reason}")
        if count > SHOWN_REFUSALS:
            self.stdout.write(f"… and {count - SHOWN_REFUSALS:,} more")
        if not found.dry_run:
            self.stdout.write(f"Refused rows: {write_refused(found)}")


def carry_out(found: Import) -> None:
    """Do it here, unless the sweep of a running server was faster; then wait for it."""
    while run_import(found.pk) is None:
        found.refresh_from_db()
        if not found.is_at_work:
            break
        time.sleep(0.5)
    found.refresh_from_db()


def write_refused(found: Import) -> Path:
    path = Path(settings.MEDIA_ROOT) / "imports" / f"refused-{found.pk}.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        file.writelines(as_csv(refused_rows(found)))
    return path
