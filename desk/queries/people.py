"""What stands around a contact and a company: leads, opportunities, colleagues, sums."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet, Sum

from crm.keyset import count_up_to, count_words
from leads.models import Company, Contact, Outcome
from leads.opportunities import opportunities_with

SHOWN = 8


@dataclass(frozen=True)
class Some:
    """The first rows of something, and in words how many there are."""

    rows: list[Any]
    count: str

    @property
    def has_more(self) -> bool:
        return str(len(self.rows)) != self.count


def some(rows: QuerySet[Any]) -> Some:
    return Some(list(rows[:SHOWN]), count_words(count_up_to(rows)))


def leads_of(record: Contact | Company) -> Some:
    """Newest first, without those that were merged into another."""
    rows = record.leads.filter(merged_into__isnull=True, archived_at__isnull=True)
    return some(rows.select_related("owner", "company", "contact").order_by("-id"))


def opportunities_of(record: Contact | Company) -> Some:
    """Open ones first; of a contact also those in which the person has a part."""
    rows = opportunities_with(record) if isinstance(record, Contact) else record.opportunities.all()
    rows = rows.filter(archived_at__isnull=True)
    return some(rows.select_related("owner", "company").order_by("outcome", "-id"))


def people_of(company: Company | None, *, but: Contact | None = None) -> Some:
    """Who is known at a company, by name."""
    if company is None:
        return Some([], "0")
    rows = company.contacts.filter(archived_at__isnull=True).order_by("last_name", "first_name", "id")
    return some(rows.exclude(pk=but.pk) if but else rows)


@dataclass(frozen=True)
class Total:
    """Opportunities of one outcome in one currency."""

    outcome: str
    currency: str
    amount: Decimal
    count: int

    @property
    def tab(self) -> str:
        """Of the list of opportunities."""
        return self.outcome or "open"

    @property
    def label(self) -> str:
        return self.tab.capitalize()


def totals_of(company: Company) -> list[Total]:
    """Open, won and lost, each currency by itself."""
    rows = company.opportunities.filter(archived_at__isnull=True).order_by().values("outcome", "currency")
    sums = rows.annotate(amount=Sum("amount", default=Decimal()), count=Count("pk"))
    order = ["", Outcome.WON, Outcome.LOST]
    return sorted((Total(**row) for row in sums), key=lambda total: (order.index(total.outcome), total.currency))
