"""`manage.py escalate`: pass on all that is late now; beat does it by itself only so late as the agreement says."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from feedback.escalating import escalate_overdue


class Command(BaseCommand):
    help = "Pass on the leads that nobody in sales answered in time."

    def handle(self, *args: Any, **options: Any) -> None:
        done = escalate_overdue(at=timezone.now(), stuck_for=timedelta(0))
        self.stdout.write(f"{done} {'lead' if done == 1 else 'leads'} passed on to somebody else.")
