"""What of this room is sample data (crm/erasure.py)."""

from crm.erasure import Counts
from desk.demo.money import forget_money
from desk.models import BulkDeed, SavedView


def remove() -> Counts:
    """What sample people set up and did goes with them."""
    forget_money()
    return {
        "saved views": SavedView.objects.filter(owner__is_sample=True).delete()[0],
        "deeds": BulkDeed.objects.filter(by__is_sample=True).delete()[0],
    }
