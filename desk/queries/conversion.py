"""What a conversion finds: the company and contact that are known, what may be joined, and what moves along."""

from dataclasses import dataclass

from crm.words import number
from leads.converting import joinable_opportunities
from leads.known import company_named, contact_with
from leads.models import Activity, ActivityKind, Company, Contact, Lead, Opportunity, Touch
from leads.united import united_ids

JOINABLE = 5


@dataclass(frozen=True)
class ConversionFacts:
    """``joinable``: open opportunities of the company, the most valuable first."""

    company: Company | None
    contact: Contact | None
    joinable: list[Opportunity]
    touches: int
    calls: int
    other_activities: int

    @property
    def along(self) -> str:
        """ "9 touchpoints, 4 calls and 2 other entries"."""
        *first, last = [
            counted(self.touches, "touchpoint", "touchpoints"),
            counted(self.calls, "call", "calls"),
            *([counted(self.other_activities, "other entry", "other entries")] if self.other_activities else []),
        ]
        return f"{', '.join(first)} and {last}"


def counted(count: int, one: str, many: str) -> str:
    return f"{number(count)} {one if count == 1 else many}"


def conversion_facts(lead: Lead) -> ConversionFacts:
    family = united_ids(lead)
    kinds = list(Activity.objects.filter(lead__in=family).order_by().values_list("kind", flat=True))
    calls = kinds.count(ActivityKind.CALL)
    return ConversionFacts(
        company=lead.company or company_named(lead.company_name),
        contact=lead.contact or contact_with(lead.email),
        joinable=list(joinable_opportunities(lead)[:JOINABLE]),
        touches=Touch.objects.effective().filter(lead__in=family).count(),
        calls=calls,
        other_activities=len(kinds) - calls,
    )
