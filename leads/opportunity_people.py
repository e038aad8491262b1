"""The people who have a part in an opportunity: who decides, who helps, who is against it."""

from datetime import datetime

from django.db import transaction

from crm.errors import BusinessError
from crm.models import User
from crm.outbox import record_change
from leads.models import BuyingRole, Contact, Opportunity, OpportunityPerson
from leads.opportunities import locked


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


def check_role(role: str) -> None:
    if role not in BuyingRole.values:
        raise BusinessError("There is no such role.", code="unknown_role")
