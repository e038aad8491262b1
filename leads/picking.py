"""Companies, contacts and leads, chosen by typing."""

from crm.picking import Source
from crm.search import matches
from leads.models import Company, Contact, Lead

COMPANIES = Source(
    "companies",
    lambda: Company.objects.filter(archived_at__isnull=True),
    matches,
    lambda company: ", ".join(filter(None, [company.domain, company.country])),
)
CONTACTS = Source(
    "contacts",
    lambda: Contact.objects.filter(archived_at__isnull=True).select_related("company"),
    matches,
    lambda contact: ", ".join(filter(None, [contact.title, str(contact.company or ""), contact.email])),
)
LEADS = Source(
    "leads",
    lambda: Lead.objects.filter(archived_at__isnull=True, merged_into__isnull=True).select_related("company"),
    matches,
    lambda lead: ", ".join(filter(None, [lead.company_label, lead.get_stage_display(), lead.email])),
)
