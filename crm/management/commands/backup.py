from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from crm.backups import BackupFailed, write_backup


class Command(BaseCommand):
    help = "Write all data to one file, while the product runs. `restore FILE` brings it back."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            size = write_backup(file)
        except (BackupFailed, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Wrote {file} ({size / 1e6:.1f} MB).")
