"""`manage.py rebuild_metrics`: every fact and cell anew from the log, and what the attribution ledger lacks."""

from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand

from crm.outbox import drain, rebuild
from funnel.models import LeadFact, StageMetric


class Command(BaseCommand):
    help = "Recomputes every figure from the log of moves, beside the figures in use, which stand until it is done."

    def handle(self, *args: Any, **options: Any) -> None:
        began = monotonic()
        rebuild("funnel")
        while drain("funnel"):
            pass
        rebuild("attribution")
        while drain("attribution"):
            pass
        counts = f"{LeadFact.objects.count():,} facts and {StageMetric.objects.count():,} cells"
        self.stdout.write(f"Rebuilt {counts} in {monotonic() - began:.1f} s.")
