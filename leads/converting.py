"""Conversion: a lead becomes a contact of a company with an opportunity, in one transaction, once."""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models.functions import Lower

from crm.access import require
from crm.models import Organisation, User
from crm.outbox import record_change
from leads.access import may_convert
from leads.errors import CannotUndo
from leads.lifecycle import Stage
from leads.models import Company, Contact, Lead, Opportunity, Outcome, Transition
from leads.models.opportunity import PROBABILITY, DealStage
from leads.transitions import UNDO_WITHIN, last_effective, move_lead, undo_move


@transaction.atomic
def convert_lead(
    lead: Lead,
    *,
    by: User,
    at: datetime,
    name: str = "",
    amount: Decimal | None = None,
    currency: str = "",
    expected_close: date | None = None,
) -> tuple[Opportunity, bool]:
    """The opportunity made of ``lead``, and whether it is new: a second click gets the one that the first made.

    Company and contact are matched by name and by e-mail before new ones are made. Raises IllegalMove,
    StaleLead, NotAllowed.
    """
    lead = Lead.objects.select_for_update().get(pk=lead.pk)
    require(may_convert(by, lead), "Only the owner of this lead or their manager may convert it.")
    existing = present_deal(lead)
    if existing and lead.stage in {Stage.OPPORTUNITY, Stage.CUSTOMER, Stage.LOST}:
        return existing, False
    company = lead.company or find_or_make_company(lead)
    contact = lead.contact or find_or_make_contact(lead, company)
    move_lead(lead, Stage.OPPORTUNITY, by=by, at=at, company=company, contact=contact)
    opportunity = Opportunity.objects.create(
        name=name or f"{lead.company_label or lead.display_name}",
        lead=lead,
        company=company,
        contact=contact,
        owner=lead.owner,
        team=lead.team,
        product=lead.product_interest,
        amount=amount,
        currency=currency or Organisation.get().currency,
        expected_close=expected_close,
        opened_at=at,
        stage_since=at,
        probability=PROBABILITY[DealStage.DISCOVERY],
        is_sample=lead.is_sample,
    )
    record_change("opportunity", [opportunity.pk])
    return opportunity, True


@transaction.atomic
def undo_conversion(lead: Lead, *, by: User, at: datetime) -> Transition:
    """Take back a conversion within ten minutes, while its opportunity is untouched; contact and company stay."""
    lead = Lead.objects.select_for_update().get(pk=lead.pk)
    row = last_effective(lead)
    require(row.by_id == by.pk or may_convert(by, lead), "Only who converted this lead or their manager may undo it.")
    deals = list(lead.opportunities.filter(created_at__gte=row.recorded_at))
    if row.to_stage != Stage.OPPORTUNITY or at - row.at > UNDO_WITHIN:
        raise CannotUndo("A conversion can be undone for ten minutes.")
    if len(deals) > 1 or any(not deal.is_open or deal.stage != DealStage.DISCOVERY for deal in deals):
        raise CannotUndo("The opportunity has been worked on since; the conversion can no longer be undone.")
    for deal in deals:
        deal.delete()
    return undo_move(lead, row, by=by, at=at)


def present_deal(lead: Lead) -> Opportunity | None:
    """The deal that the lead's stage speaks of: the first that is not lost, else the one lost last.

    An earlier time round may have left lost ones behind.
    """
    deals = lead.opportunities.order_by("id")
    return deals.exclude(outcome=Outcome.LOST).first() or deals.last()


def matching_company(lead: Lead) -> Company | None:
    """The company of the lead's name, in any letter case; the oldest of several."""
    name = lead.company_name.strip().lower()
    if not name:
        return None
    return Company.objects.alias(lower_name=Lower("name")).filter(lower_name=name).order_by("id").first()


def matching_contact(lead: Lead) -> Contact | None:
    """The contact with the lead's e-mail, in any letter case; the oldest of several."""
    email = lead.email.strip().lower()
    if not email:
        return None
    return Contact.objects.alias(lower_email=Lower("email")).filter(lower_email=email).order_by("id").first()


def find_or_make_company(lead: Lead) -> Company | None:
    """The matching company, else a new one; None when the lead names none."""
    name = lead.company_name.strip()
    if not name:
        return None
    return matching_company(lead) or Company.objects.create(name=name, country=lead.country, is_sample=lead.is_sample)


def find_or_make_contact(lead: Lead, company: Company | None) -> Contact:
    """The matching contact, else a new one."""
    return matching_contact(lead) or Contact.objects.create(
        first_name=lead.first_name,
        last_name=lead.last_name,
        email=lead.email,
        phone=lead.phone,
        title=lead.title,
        company=company,
        is_sample=lead.is_sample,
    )
