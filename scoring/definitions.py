"""Definitions as documents: which one is in force, and putting a signed one into force."""

import logging
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction

from crm.access import is_manager_of, require
from crm.errors import BusinessError
from crm.memo import forget_kept
from crm.models import Organisation, Side, User
from crm.outbox import want_rebuild
from crm.periods import own_day, start_of_day, zone
from feedback.agreement import active_agreement
from feedback.models import Agreement, SignedStatus
from scoring.contradictions import impossible
from scoring.fields import catalogue
from scoring.models import Definition
from scoring.rules import NO_CARD, Card, InvalidDefinition, read_card, read_signed_card

logger = logging.getLogger(__name__)

# What a definition says: what two versions differ in, and what nobody changes once it is proposed.
CONTENT = ("rules", "thresholds", "half_life_days", "daily_cap", "hand_raises", "exclusions")


def active_definition() -> Definition | None:
    return Definition.objects.filter(status=SignedStatus.ACTIVE).first()


def active_card() -> Card:
    """The card in force; without one nothing gives points and nobody has a grade."""
    definition = active_definition()
    return card_of(definition) if definition else NO_CARD


def card_of(definition: Definition) -> Card:
    """The card of a definition.

    What is not in force yet is checked: raises InvalidDefinition. What is, or was, counts as it was signed, without the
    rules whose fields were deleted since.
    """
    if definition.status in (SignedStatus.ACTIVE, SignedStatus.RETIRED):
        return read_signed_card(**written(definition), fields=catalogue().as_signed())
    return checked_card(definition)


def checked_card(definition: Definition) -> Card:
    """Raises InvalidDefinition, also for a field that is not in use any more."""
    return read_card(**written(definition), fields=catalogue())


def written(definition: Definition) -> dict[str, Any]:
    """What people wrote, by the names under which rules.py reads it."""
    return {name: getattr(definition, name) for name in ("version", *CONTENT)}


@transaction.atomic
def activate(definition: Definition, *, by: User, at: datetime) -> Definition:
    """Put a definition that both sides signed into force from ``at``; the one before it retires.

    Every lead is scored again by the next drain. Raises InvalidDefinition, NotAllowed.
    """
    may = by.is_admin or is_manager_of(by, Side.MARKETING) or is_manager_of(by, Side.SALES)
    require(may, "Only managers put a definition into force.")
    check_signed(definition)
    return put_in_force(definition, at=at)


def put_in_force(definition: Definition, *, at: datetime) -> Definition:
    """The definition sets the score from ``at``; the one before it retires. Raises InvalidDefinition.

    A field that was retired after the last signature counts on, as it does in a definition in force.
    """
    read_card(**written(definition), fields=catalogue().as_signed())
    Definition.objects.filter(status=SignedStatus.ACTIVE).exclude(pk=definition.pk).update(status=SignedStatus.RETIRED)
    definition.status, definition.effective_from = SignedStatus.ACTIVE, own_day(at)
    definition.save(update_fields=["status", "effective_from", "signatures", "updated_at"])
    Organisation.objects.filter(pk=1).update(definition_version=definition.version)
    forget_kept()
    want_rebuild("scoring")
    return definition


def check_signed(definition: Definition) -> None:
    signed = {signature.get("side") for signature in definition.signatures}
    if signed != set(Side.values):
        raise BusinessError("Both marketing and sales must sign a definition first.", code="unsigned")


def require_definition(version: int) -> None:
    """Raise unless an agreement can bring this version into force; it is held until the transaction ends."""
    definition = Definition.objects.select_for_update().filter(version=version).first()
    if definition is None:
        raise BusinessError(f"There is no definition version {version}.", code="no_definition")
    if definition.status == SignedStatus.RETIRED:
        raise BusinessError(
            f"Definition version {version} is retired and never changes; copy it to bring it back.",
            code="retired_definition",
        )
    if definition.status != SignedStatus.ACTIVE and (reasons := impossible(checked_card(definition))):
        raise InvalidDefinition(reasons)


def follow_proposal() -> None:
    """Bring definitions in step with the agreement: what a proposal names is proposed, and what none names is a draft.

    feedback/agreements.py calls this in the transaction that proposes, changes, signs or withdraws a version. What the
    agreement in force names waits for `adopt_agreed` and is left alone.
    """
    proposal = Agreement.objects.filter(status=SignedStatus.PROPOSED).first() or Agreement()
    wanted, agreed = proposal.definition_version or 0, active_agreement().definition_version or 0
    proposed = Definition.objects.filter(status=SignedStatus.PROPOSED).exclude(version__in=[wanted, agreed])
    proposed.update(status=SignedStatus.DRAFT, signatures=[])
    asked = Definition.objects.filter(version=wanted, status__in=[SignedStatus.DRAFT, SignedStatus.PROPOSED])
    asked.update(status=SignedStatus.PROPOSED, signatures=proposal.signatures)


@transaction.atomic
def adopt_agreed(agreement_ids: Collection[int] | None = None) -> Definition | None:
    """Put the definition that the active agreement names into force, signed as the agreement is.

    ``agreement_ids``: agreements that have just come into force; None, after figures were lost, looks at the active one
    and takes only a definition that was never in force. A definition that makes no sense any more is left alone.
    """
    agreement = active_agreement()
    wanted = Definition.objects.select_for_update().filter(version=agreement.definition_version or 0).first()
    if wanted is None or wanted.status == SignedStatus.ACTIVE:
        return None
    is_news = wanted.effective_from is None if agreement_ids is None else agreement.pk in agreement_ids
    if not is_news:
        return None
    wanted.signatures = agreement.signatures
    try:
        return put_in_force(wanted, at=agreement_began(agreement))
    except InvalidDefinition:
        logger.exception("Definition v%s, which the agreement names, cannot come into force.", wanted.version)
        return None


def agreement_began(agreement: Agreement) -> datetime:
    """The first moment of the day on which the agreement came into force."""
    return start_of_day(agreement.effective_from, zone()) if agreement.effective_from else agreement.updated_at
