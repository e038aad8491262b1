"""The people of an opportunity: whom it is opened with, who decides, who helps, who is against it."""

from datetime import datetime
from typing import Any

from django.db import transaction

from crm.errors import BusinessError
from crm.models import User
from crm.outbox import record_change
from leads.editing import create_company, create_contact
from leads.known import company_named, contact_with
from leads.models import BuyingRole, Company, Contact, Opportunity, OpportunityPerson
from leads.opportunities import create_opportunity, locked


@transaction.atomic
def add_person(
    opportunity: Opportunity, contact: Contact, *, by: User, at: datetime, role: str = BuyingRole.OTHER
) -> tuple[OpportunityPerson, bool]:
    """The contact's part in the opportunity, and whether it is new; who is there already keeps the role.

    Raises NotAllowed, BusinessError.
    """
    opportunity = locked(opportunity, by=by)
    check_role(role)
    if contact.is_archived:
        raise BusinessError(f"{contact} is archived; bring the contact back first.", code="archived")
    part, is_new = OpportunityPerson.objects.get_or_create(
        opportunity=opportunity, contact=contact, defaults={"role": role}
    )
    if is_new:
        record_change("opportunity", [opportunity.pk])
    return part, is_new


@transaction.atomic
def change_role(part: OpportunityPerson, role: str, *, by: User, at: datetime) -> OpportunityPerson:
    """Raises NotAllowed, BusinessError."""
    opportunity = locked(part.opportunity, by=by)
    check_role(role)
    if part.role != role:
        part.role = role
        part.save(update_fields=["role"])
        record_change("opportunity", [opportunity.pk])
    return part


@transaction.atomic
def remove_person(part: OpportunityPerson, *, by: User, at: datetime) -> None:
    """Take the person out of the opportunity; the contact stays. Refused for whom a lead brought in."""
    opportunity = locked(part.opportunity, by=by)
    if part.lead_id:
        raise BusinessError(
            f"{part.contact} came with a lead that closes with this opportunity, and stays.", code="came_with_lead"
        )
    part.delete()
    record_change("opportunity", [opportunity.pk])


@transaction.atomic
def open_opportunity(
    *,
    by: User,
    at: datetime,
    company: Company | str | None = None,
    contact: Contact | str | None = None,
    email: str = "",
    **fields: Any,
) -> Opportunity:
    """As `create_opportunity`; company and contact may be names, and are made with it where they are new.

    Without a company it is at its contact's.
    """
    if isinstance(company, str):
        company = company_called(company, by=by)
    if isinstance(contact, str):
        contact = contact_called(contact, email=email, company=company, by=by)
    if contact and not company:
        company = contact.company
    return create_opportunity(by=by, at=at, company=company, contact=contact, **fields)


def company_called(name: str, *, by: User) -> Company:
    """The company of this name, else a new one."""
    return company_named(name) or create_company(by=by, name=name)


def contact_called(name: str, *, email: str, company: Company | None, by: User) -> Contact:
    """The contact with this e-mail, else a new one of that name."""
    if known := contact_with(email):
        return known
    first, _, last = name.rpartition(" ")
    return create_contact(by=by, first_name=first, last_name=last, email=email, company=company)


def check_role(role: str) -> None:
    if role not in BuyingRole.values:
        raise BusinessError("There is no such role.", code="unknown_role")
