"""Whose account a lead belongs to: who has an open opportunity, or won one, at its company."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.db.models.functions import Lower

from leads.identity import email_domain
from leads.models import Company, Opportunity, Outcome


@dataclass(frozen=True)
class Account:
    """An opportunity, open or won, at the company of a lead."""

    owner: int
    lead: int | None
    is_open: bool
    opened_at: datetime | None
    id: int

    def was_there(self, lead: int, before: datetime) -> bool:
        """Whether it was known then; without a date it counts unless it came of the lead itself."""
        return self.lead != lead if self.opened_at is None else self.opened_at < before

    def order(self) -> tuple[bool, int]:
        """An open opportunity before a won one, the newest of each first."""
        return self.is_open, self.id


def account_owners(facts: Mapping[int, Mapping[str, Any]]) -> dict[int, list[Account]]:
    """For each lead the opportunities, open or won, at its company."""
    companies = companies_of(facts)
    sought = {company for ids in companies.values() for company in ids}
    if not sought:
        return {}
    rows = Opportunity.objects.filter(company__in=sought, outcome__in=["", Outcome.WON], archived_at=None)
    # Of a large customer the newest of each owner tell enough.
    rows = rows.filter(owner__isnull=False).order_by("company", "owner", "outcome", "-id")
    rows = rows.distinct("company", "owner", "outcome")
    at_company: dict[int, list[Account]] = defaultdict(list)
    for company, owner, lead, outcome, opened_at, pk in rows.values_list(
        "company", "owner", "lead", "outcome", "opened_at", "id"
    ):
        at_company[company].append(Account(owner, lead, outcome == "", opened_at, pk))
    return {lead: [account for company in ids for account in at_company[company]] for lead, ids in companies.items()}


def companies_of(leads: Mapping[int, Mapping[str, Any]]) -> dict[int, list[int]]:
    """The companies each lead belongs to: as linked, else by its name or the domain of the e-mail."""
    found = {lead: [pk for pk in (row["company_id"], row["contact__company_id"]) if pk] for lead, row in leads.items()}
    keys = {lead: keys_of(leads[lead]) for lead, ids in found.items() if not ids}
    known = companies_known_by({key for own in keys.values() for key in own})
    return found | {lead: [pk for key in own for pk in known.get(key, ())] for lead, own in keys.items()}


def keys_of(lead: Mapping[str, Any]) -> set[str]:
    """By what its company is known: the name, the domain of the e-mail."""
    return {lead["company_name"].strip().lower(), email_domain(lead["email"])} - {""}


def companies_known_by(keys: set[str]) -> dict[str, list[int]]:
    """Companies in use by their names and domains in small letters."""
    known: dict[str, list[int]] = defaultdict(list)
    if keys:
        present = Company.objects.filter(archived_at=None).annotate(named=Lower("name"), at=Lower("domain"))
        same = present.filter(Q(named__in=keys) | Q(at__in=keys)).values_list("id", "named", "at")
        for pk, name, domain in same:
            for key in {name, domain} & keys:
                known[key].append(pk)
    return known
