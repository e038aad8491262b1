from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from crm.backups import BackupFailed, restore_backup


class Command(BaseCommand):
    help = "Replace all data by those of a backup and rebuild the figures. Stop web and workers first."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--yes", action="store_true", help="Really: what is in the database now is lost.")

    def handle(self, *, file: Path, yes: bool, **options: Any) -> None:
        if not yes:
            raise CommandError(
                f"This replaces everything in the database “{connection.settings_dict['NAME']}”: add --yes."
            )
        try:
            restore_backup(file)
        except BackupFailed as error:
            raise CommandError(f"Nothing was changed: {error}") from error
        self.stdout.write(f"Restored {file}.")
