"""`manage.py demo`: load the demo data, or take it away again."""

from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from crm.erasure import remove_sample_data
from crm.errors import BusinessError
from crm.periods import start_of_day, zone
from desk.demo.arrivals import FULL
from desk.demo.story import has_sample, load_demo


class Command(BaseCommand):
    help = "Loads demo data: eighteen months of an invented company, marked as sample data."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--today", type=date.fromisoformat,
            help="The story ends as this day begins (YYYY-MM-DD), always the same; without it, it ends now.",
        )  # fmt: skip
        parser.add_argument("--leads", type=int, default=FULL, help=f"About how many leads ({FULL}).")
        parser.add_argument("--remove", action="store_true", help="Takes all sample data away; real records stay.")

    def handle(self, *, today: date | None, leads: int, remove: bool, **_options: Any) -> None:
        now = timezone.now()
        if remove:
            removed = remove_sample_data(by=None, at=now, why="manage.py demo --remove")
            self.stdout.write(f"Removed {sum(removed.values())} rows of sample data.")
            return
        if has_sample():
            self.stdout.write("Demo data is loaded already.")
            return
        try:
            told = load_demo(ends_at=start_of_day(today, zone()) if today else now.replace(microsecond=0), leads=leads)
        except BusinessError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Loaded demo data with {told} leads.")
