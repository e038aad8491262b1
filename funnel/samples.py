"""What of this room is sample data (crm/erasure.py)."""

from crm.erasure import Counts, delete_samples
from funnel.models import Attribution, ForecastSnapshot, Quota
from leads.models import Opportunity


def remove() -> Counts:
    """The credits of sample opportunities go before these do; facts are counted anew."""
    of_samples = Attribution.objects.filter(opportunity__in=Opportunity.objects.filter(is_sample=True).values("pk"))
    return {
        "attribution": of_samples.delete()[0],
        "quotas": delete_samples(Quota),
        "forecasts kept": ForecastSnapshot.objects.filter(is_sample=True).delete()[0],
    }
