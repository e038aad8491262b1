"""`manage.py check_metrics`: whether every figure equals what the log says; 1 when one does not."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from funnel.facts.checking import check_metrics


class Command(BaseCommand):
    help = "Compares leads and facts with the log of moves and cells with facts, row for row; exits 1 on a difference."

    def handle(self, *args: Any, **options: Any) -> None:
        check = check_metrics()
        for difference in check.differences:
            self.stdout.write(str(difference))
        self.stdout.write(
            f"Compared {check.leads:,} leads and {check.facts:,} facts with {check.transitions:,} transitions, "
            f"and {check.cells:,} cells with the facts."
        )
        if check.waiting:
            self.stdout.write(f"{check.waiting:,} leads changed just now and were left out.")
        if check.differences:
            self.stdout.write(f"{len(check.differences):,} differences; `manage.py rebuild_metrics` mends them.")
            sys.exit(1)
