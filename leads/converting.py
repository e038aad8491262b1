"""Conversion: a lead becomes a contact of a company with an opportunity, in one transaction, once."""

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F, QuerySet

from crm.access import require
from crm.editing import present
from crm.errors import BusinessError
from crm.models import Organisation, User
from crm.outbox import record_change
from leads.access import may_convert
from leads.errors import CannotUndo
from leads.known import company_named, contact_with
from leads.lifecycle import Stage
from leads.models import BuyingRole, Company, Contact, Lead, Opportunity, OpportunityPerson, Outcome, Transition
from leads.next_steps import release_opportunity
from leads.opportunities import AlreadyClosed, hold_parties, opportunities_of
from leads.pipeline import first_stage, promise_of
from leads.subjects import refresh_pulse
from leads.transitions import UNDO_WITHIN, last_effective, move_lead, undo_move

NOT_YOURS = "Only the owner of this lead or their manager may convert it."


@transaction.atomic
def convert_lead(
    lead: Lead,
    *,
    by: User,
    at: datetime,
    company: Company | None = None,
    contact: Contact | None = None,
    make_new: Collection[str] = (),
    name: str = "",
    amount: Decimal | None = None,
    currency: str = "",
    expected_close: date | None = None,
) -> tuple[Opportunity, bool]:
    """The opportunity made of ``lead``, and whether it is new: a second click gets the one that the first made.

    Where no company or contact is given, the lead's own is used, else one matched by name or e-mail, else a new one;
    ``make_new``, "company" or "contact", demands a new one. Raises IllegalMove, StaleLead, NotAllowed.
    """
    lead = Lead.objects.select_for_update().get(pk=lead.pk)
    require(may_convert(by, lead), NOT_YOURS)
    existing = present_deal(lead)
    if existing and lead.stage in {Stage.OPPORTUNITY, Stage.CUSTOMER, Stage.LOST}:
        return existing, False
    company = new_company(lead) if "company" in make_new else company or lead.company or find_or_make_company(lead)
    contact = new_contact(lead, company) if "contact" in make_new else contact or find_or_make_contact(lead, company)
    hold_parties(company, contact)
    move_lead(lead, Stage.OPPORTUNITY, by=by, at=at, company=company, contact=contact)
    stage = first_stage()
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
        stage=stage.stage,
        **promise_of(stage),
        is_sample=lead.is_sample,
    )
    # Its next step and last activity are those of the lead.
    refresh_pulse([], [opportunity.pk])
    record_change("opportunity", [opportunity.pk])
    return opportunity, True


@transaction.atomic
def join_opportunity(
    lead: Lead,
    opportunity: Opportunity,
    *,
    by: User,
    at: datetime,
    role: str = BuyingRole.OTHER,
    contact: Contact | None = None,
) -> tuple[OpportunityPerson, bool]:
    """Convert ``lead`` into a further person of an open opportunity of its company, and whether that is new.

    From then on the lead closes with it, as the lead it was made of does; its value stays with that one. Who may
    convert the lead may join any opportunity of the company. Raises IllegalMove, StaleState, NotAllowed, BusinessError.
    """
    # First the opportunity, then the lead: as closing it does.
    opportunity = present(opportunity)
    lead = present(lead, "company", "contact")
    require(may_convert(by, lead), NOT_YOURS)
    joined = opportunity.parts.filter(lead=lead).first()
    if joined and lead.stage == Stage.OPPORTUNITY:
        return joined, False
    if not opportunity.is_open:
        raise AlreadyClosed(opportunity)
    company = lead.company or company_named(lead.company_name)
    if company is None or company.pk != opportunity.company_id or opportunity.is_archived:
        raise BusinessError("A lead joins an open opportunity of its own company.", code="other_company")
    contact = contact or find_or_make_contact(lead, company)
    hold_parties(company, contact)
    move_lead(lead, Stage.OPPORTUNITY, by=by, at=at, company=company, contact=contact)
    part = take_part(opportunity, contact, lead=lead, role=role)
    record_change("opportunity", [opportunity.pk])
    return part, True


def take_part(opportunity: Opportunity, contact: Contact, *, lead: Lead, role: str) -> OpportunityPerson:
    """The contact's part, now also the lead's; a role that somebody gave before stays unless a new one is named."""
    part, is_new = OpportunityPerson.objects.select_for_update().get_or_create(
        opportunity=opportunity, contact=contact, defaults={"lead": lead, "role": role}
    )
    if is_new:
        return part
    if part.lead_id not in (None, lead.pk):
        raise BusinessError(f"{contact} has joined this opportunity already, with another lead.", code="already_joined")
    part.lead = lead
    part.role = part.role if role == BuyingRole.OTHER else role
    part.save(update_fields=["lead", "role"])
    return part


def joinable_opportunities(lead: Lead) -> QuerySet[Opportunity]:
    """The open opportunities of the lead's company, the most valuable first."""
    company = lead.company or company_named(lead.company_name)
    if company is None:
        return Opportunity.objects.none()
    at_company = Opportunity.objects.filter(company=company, outcome="", archived_at__isnull=True)
    return at_company.select_related("owner").order_by(F("amount").desc(nulls_last=True), "-id")


@transaction.atomic
def undo_conversion(lead: Lead, *, by: User, at: datetime) -> Transition:
    """Take back a conversion within ten minutes, while its opportunity is untouched; contact and company stay.

    What was logged and planned meanwhile stays with the lead. Of a lead that joined an opportunity its part there goes.
    """
    # First the opportunities, then the lead: as closing them does.
    deals = list(opportunities_of(lead).select_for_update().order_by("pk"))
    lead = Lead.objects.select_for_update().get(pk=lead.pk)
    row = last_effective(lead)
    require(row.by_id == by.pk or may_convert(by, lead), "Only who converted this lead or their manager may undo it.")
    if row.to_stage != Stage.OPPORTUNITY or at - row.at > UNDO_WITHIN:
        raise CannotUndo("A conversion can be undone for ten minutes.")
    made = [deal for deal in deals if deal.lead_id == lead.pk and deal.created_at >= row.recorded_at]
    if len(made) > 1 or any(was_worked_on(deal) for deal in made):
        raise CannotUndo("The opportunity has been worked on since; the conversion can no longer be undone.")
    for deal in made:
        release_opportunity(deal)
        deal.delete()
    leave_opportunities(lead, since=row.recorded_at)
    return undo_move(lead, row, by=by, at=at)


def was_worked_on(opportunity: Opportunity) -> bool:
    """Whether a fresh opportunity was moved or closed, or people were added to it."""
    moves = opportunity.events.exclude(stage=opportunity.stage)  # type: ignore[attr-defined]
    return moves.exists() or opportunity.parts.exists()


def leave_opportunities(lead: Lead, *, since: datetime) -> None:
    """Take the lead out of what it joined; a person who was there before stays.

    What it joined an earlier time round is closed.
    """
    parts = OpportunityPerson.objects.filter(lead=lead, opportunity__outcome="")
    left = list(parts.values_list("opportunity", flat=True))
    parts.filter(created_at__gte=since).delete()
    parts.update(lead=None)
    if left:
        record_change("opportunity", left)


def present_deal(lead: Lead) -> Opportunity | None:
    """The deal that the lead's stage speaks of: the first that is not lost, else the one lost last.

    An earlier time round may have left lost ones behind; it may be one the lead joined.
    """
    deals = opportunities_of(lead).order_by("id")
    return deals.exclude(outcome=Outcome.LOST).first() or deals.last()


def find_or_make_company(lead: Lead) -> Company | None:
    """The matching company, else a new one; None when the lead names none."""
    return company_named(lead.company_name) or new_company(lead)


def new_company(lead: Lead) -> Company | None:
    name = lead.company_name.strip()
    return Company.objects.create(name=name, country=lead.country, is_sample=lead.is_sample) if name else None


def find_or_make_contact(lead: Lead, company: Company | None) -> Contact:
    """The lead's contact, else the matching one, else a new one."""
    return lead.contact or contact_with(lead.email) or new_contact(lead, company)


def new_contact(lead: Lead, company: Company | None) -> Contact:
    """The person behind the lead, with what they asked of us."""
    return Contact.objects.create(
        first_name=lead.first_name,
        last_name=lead.last_name,
        email=lead.email,
        phone=lead.phone,
        title=lead.title,
        do_not_call=lead.do_not_call,
        do_not_mail=lead.do_not_mail,
        company=company,
        is_sample=lead.is_sample,
    )
