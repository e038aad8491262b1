"""Definitions as documents: which one is in force, and putting a signed one into force."""

from datetime import datetime

from django.db import transaction

from crm.access import is_manager_of, require
from crm.errors import BusinessError
from crm.models import Organisation, Side, User
from crm.outbox import want_rebuild
from crm.periods import local_day, zone
from feedback.models import SignedStatus
from scoring.models import Definition
from scoring.rules import NO_CARD, Card, read_card


def active_definition() -> Definition | None:
    return Definition.objects.filter(status=SignedStatus.ACTIVE).first()


def active_card() -> Card:
    """The card in force; without one nothing gives points and nobody has a grade."""
    definition = active_definition()
    return card_of(definition) if definition else NO_CARD


def card_of(definition: Definition) -> Card:
    """The checked card of a definition; raises InvalidDefinition."""
    return read_card(
        version=definition.version,
        rules=definition.rules,
        thresholds=definition.thresholds,
        half_life_days=definition.half_life_days,
    )


@transaction.atomic
def activate(definition: Definition, *, by: User, at: datetime) -> Definition:
    """Put a definition that both sides signed into force from ``at``; the one before it retires.

    Every lead is scored again by the next drain. Raises InvalidDefinition, NotAllowed.
    """
    may = by.is_admin or is_manager_of(by, Side.MARKETING) or is_manager_of(by, Side.SALES)
    require(may, "Only managers put a definition into force.")
    card_of(definition)
    check_signed(definition)
    Definition.objects.filter(status=SignedStatus.ACTIVE).exclude(pk=definition.pk).update(status=SignedStatus.RETIRED)
    definition.status, definition.effective_from = SignedStatus.ACTIVE, local_day(at, zone())
    definition.save(update_fields=["status", "effective_from", "updated_at"])
    Organisation.objects.filter(pk=1).update(definition_version=definition.version)
    want_rebuild("scoring")
    return definition


def check_signed(definition: Definition) -> None:
    signed = {signature.get("side") for signature in definition.signatures}
    if signed != set(Side.values):
        raise BusinessError("Both marketing and sales must sign a definition first.", code="unsigned")
