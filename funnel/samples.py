"""What of this room is sample data (crm/erasure.py)."""

from crm.erasure import Counts
from funnel.models import Attribution
from leads.models import Opportunity


def remove() -> Counts:
    """The credits of sample opportunities go before these do; facts are counted anew."""
    of_samples = Attribution.objects.filter(opportunity__in=Opportunity.objects.filter(is_sample=True).values("pk"))
    return {"attribution": of_samples.delete()[0]}
