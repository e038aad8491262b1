"""What of this room is sample data (crm/erasure.py)."""

from crm.erasure import Counts, delete_where
from feedback.models import Agreement, Handoff
from leads.models import Lead


def remove() -> Counts:
    leads = list(Lead.objects.filter(is_sample=True).values_list("id", flat=True))
    agreements = Agreement.objects.filter(is_sample=True).delete()[0]
    return {"hand-offs": delete_where(Handoff, "lead_id", leads), "agreements": agreements}
