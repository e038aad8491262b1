"""What of this room is sample data (crm/erasure.py)."""

from campaigns.models import Asset, Campaign, Spend
from crm.erasure import Counts, delete_samples


def remove() -> Counts:
    """Money booked on a sample campaign goes with it, whoever booked it."""
    Spend.objects.filter(campaign__is_sample=True).update(is_sample=True)
    return {
        "spends": delete_samples(Spend),
        "campaigns": delete_samples(Campaign),
        "content": delete_samples(Asset),
    }
