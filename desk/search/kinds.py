"""The kinds of records that a search finds, in the order they are shown."""

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from campaigns.models import Asset, Campaign
from leads.models import Company, Contact, Lead, Opportunity
from leads.united import survivor_of

IS_EMAIL = "(lower(email) = %(text)s AND NOT email = '')"
IS_PHONE = "(phone_e164 = %(e164)s AND NOT phone_e164 = '')"
IS_PERSON = "(lower(last_name) = %(last)s AND lower(first_name) = %(first)s)"
IS_COMPANY = "(lower(name) = %(text)s OR lower(domain) = %(text)s)"


@dataclass(frozen=True)
class Kind:
    """What a search needs to know of a kind.

    ``noun``: the name of its page. ``related``: what a row of the results shows. ``present``: rows a search may find.
    ``same_…``: whether a row is just what was typed; each has an index, or is absent.
    """

    key: str
    label: str
    noun: str
    icon: str
    model: Any
    related: tuple[str, ...] = ()
    present: str = "archived_at IS NULL"
    same_email: str = ""
    same_phone: str = ""
    same_name: str = ""

    def shown(self, record: Any) -> Any:
        """The record that the page of this one leads to: of a lead that was merged the one that stays."""
        return survivor_of(record) if isinstance(record, Lead) else record

    @property
    def rows(self) -> QuerySet[Any]:
        rows = self.model.objects.defer("search")
        return rows.select_related(*self.related) if self.related else rows

    @property
    def table(self) -> str:
        return str(self.model._meta.db_table)


LEAD = Kind(
    "leads", "Leads", "Lead", "users", Lead, ("company", "merged_into__company"),
    same_email=IS_EMAIL, same_phone=IS_PHONE, same_name=IS_PERSON,
)  # fmt: skip
CONTACT = Kind(
    "contacts", "Contacts", "Contact", "address-book", Contact, ("company",),
    same_email=IS_EMAIL, same_phone=IS_PHONE, same_name=IS_PERSON,
)  # fmt: skip
COMPANY = Kind("companies", "Companies", "Company", "building", Company, same_name=IS_COMPANY)
OPPORTUNITY = Kind("opportunities", "Opportunities", "Opportunity", "briefcase", Opportunity, ("company", "owner"))
CAMPAIGN = Kind("campaigns", "Campaigns", "Campaign", "speakerphone", Campaign)
CONTENT = Kind("content", "Content", "Asset", "files", Asset)

KINDS = (LEAD, CONTACT, COMPANY, OPPORTUNITY, CAMPAIGN, CONTENT)
KIND_OF = {kind.key: kind for kind in KINDS}
