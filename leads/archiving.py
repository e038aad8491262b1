"""Putting leads, contacts, companies, opportunities, campaigns and content away, and bringing them back."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q, QuerySet, Value

from campaigns.archiving import ASSET_RULE, CAMPAIGN_RULE
from campaigns.models import Asset, Campaign
from crm.archiving import Rule, archive_one, archive_rows, restore_one, restore_rows
from crm.deeds import Deed
from crm.models import User
from leads.access import may_edit_lead, may_work_opportunity
from leads.editing import NOT_YOUR_COMPANY, NOT_YOUR_CONTACT, NOT_YOURS
from leads.lifecycle import Stage
from leads.models import Company, Contact, Lead, Opportunity, OpportunityPerson
from leads.opportunities import NOT_YOURS as NOT_YOUR_OPPORTUNITY

OPEN_DEAL = "It has an open opportunity: close that first."
WAITS = "It waits for sales: withdraw it, or wait for the answer."
LEAD_WAITS = "One of its leads waits for sales: withdraw that, or wait for the answer."
STILL_OPEN = "It is open: close it as won or lost first."


def leads_for(user: User) -> QuerySet[Lead]:
    own = Opportunity.objects.filter(lead=OuterRef("pk"), outcome="")
    joined = OpportunityPerson.objects.filter(lead=OuterRef("pk"), opportunity__outcome="")
    return Lead.objects.annotate(has_open_deal=Exists(own) | Exists(joined))


def contacts_for(user: User) -> QuerySet[Contact]:
    joined = OpportunityPerson.objects.filter(contact=OuterRef("pk"), opportunity__outcome="")
    return people_for(user, Contact.objects.annotate(is_part_of_deal=Exists(joined)), "contact")


def companies_for(user: User) -> QuerySet[Company]:
    return people_for(user, Company.objects.annotate(is_part_of_deal=Value(value=False)), "company")


def people_for(user: User, rows: QuerySet[Any], name: str) -> QuerySet[Any]:
    """With what is open of each, and whether it is the person's (leads.access.may_edit_people for many)."""
    leads = Lead.objects.filter(**{name: OuterRef("pk")})
    deals = Opportunity.objects.filter(**{name: OuterRef("pk")})
    nobodys = ~Exists(leads) & ~Exists(deals)
    own = Exists(leads.filter(owner=user)) | Exists(deals.filter(owner=user)) | nobodys
    return rows.annotate(
        is_theirs=Q(own) if user.is_rep else Value(value=True),
        has_open_deal=Exists(deals.filter(outcome="")),
        has_waiting_lead=Exists(leads.filter(stage=Stage.OFFERED, merged_into__isnull=True)),
    )


def obstacle_of_lead(lead: Any) -> str:
    if lead.stage == Stage.OFFERED:
        return WAITS
    return OPEN_DEAL if lead.has_open_deal else ""


def obstacle_of_people(record: Any) -> str:
    if record.has_open_deal or record.is_part_of_deal:
        return OPEN_DEAL
    return LEAD_WAITS if record.has_waiting_lead else ""


def is_theirs(_user: User, record: Any) -> bool:
    return bool(record.is_theirs)


RULES: dict[type[Model], Rule] = {
    Lead: Rule(leads_for, may_edit_lead, NOT_YOURS, obstacle_of_lead),
    Contact: Rule(contacts_for, is_theirs, NOT_YOUR_CONTACT, obstacle_of_people),
    Company: Rule(companies_for, is_theirs, NOT_YOUR_COMPANY, obstacle_of_people),
    Opportunity: Rule(
        lambda _user: Opportunity.objects.all(),
        may_work_opportunity,
        NOT_YOUR_OPPORTUNITY,
        lambda opportunity: STILL_OPEN if opportunity.is_open else "",
    ),
    Campaign: CAMPAIGN_RULE,
    Asset: ASSET_RULE,
}


def archive(record: Model, *, by: User, at: datetime) -> None:
    """Put one record away; away already, nothing happens. Raises NotAllowed, and BusinessError while work is open."""
    archive_one(RULES[type(record)], record, by=by, at=at)


def restore(record: Model, *, by: User, at: datetime) -> None:
    """Bring one record back. Raises NotAllowed."""
    restore_one(RULES[type(record)], record, by=by, at=at)


def archive_many(model: type[Model], ids: Iterable[int], *, by: User, at: datetime) -> Deed:
    """Put many of one kind away, in two queries."""
    return archive_rows(RULES[model], ids, by=by, at=at)


def restore_many(model: type[Model], ids: Iterable[int], *, by: User, at: datetime) -> Deed:
    return restore_rows(RULES[model], ids, by=by, at=at)
