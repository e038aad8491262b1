"""What of this room is sample data (crm/erasure.py)."""

from crm.erasure import Counts, delete_samples, delete_where
from leads.models import Company, Contact, Lead, Opportunity, Touch, Transition


def remove() -> Counts:
    """Everything that hangs on a sample lead goes with it; a real opportunity made of one stays without it."""
    leads = list(Lead.objects.filter(is_sample=True).values_list("id", flat=True))
    Opportunity.objects.filter(lead__in=leads, is_sample=False).update(lead=None)
    return {
        "opportunities": delete_samples(Opportunity),
        "touches": delete_where(Touch, "lead_id", leads),
        "transitions": delete_where(Transition, "lead_id", leads),
        "leads": delete_samples(Lead),
        "contacts": delete_samples(Contact),
        "companies": delete_samples(Company),
    }
