"""Which field of a lead sales found missing or wrong, and whether somebody has repaired it since."""

from collections.abc import Iterable, Sequence

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.errors import BusinessError
from crm.words import listed
from feedback.models import Handoff
from leads.models import Lead

EVENTS = Lead.events.rel.related_model  # type: ignore[attr-defined]


class WrongField(models.TextChoices):
    PHONE = "phone", _("Phone")
    EMAIL = "email", _("E-mail")
    NAME = "name", _("Name")
    TITLE = "title", _("Job title")
    COMPANY = "company", _("Company")
    COUNTRY = "country", _("Country")


# The columns of a lead behind each, where they are not of the same name.
COLUMNS = {WrongField.NAME: ("first_name", "last_name"), WrongField.COMPANY: ("company_name", "company_id")}


def known_fields(names: Iterable[str]) -> list[str]:
    """``names``, each once and in the order people see them. Raises BusinessError for an unknown one."""
    asked = set(names)
    if unknown := asked - set(WrongField.values):
        raise BusinessError(
            f"There is no field “{min(unknown)}” to name as wrong.", code="unknown_field", known=WrongField.values
        )
    return [field.value for field in WrongField if field.value in asked]


def still_wrong(handoffs: Sequence[Handoff]) -> dict[int, list[WrongField]]:
    """By hand-off the fields that its answer named and that nobody has changed since; ``lead`` is read already.

    Each event holds a lead as it was before an edit: a field whose value is another now was changed.
    """
    naming = [handoff for handoff in handoffs if handoff.wrong_fields]
    events: dict[int, list[models.Model]] = {}
    if naming:
        since = min(handoff.decided_at for handoff in naming if handoff.decided_at)
        leads = {handoff.lead_id for handoff in naming}
        for event in EVENTS.objects.filter(pgh_obj__in=leads, pgh_created_at__gte=since, pgh_label="update"):
            events.setdefault(event.pgh_obj_id, []).append(event)
    return {handoff.pk: [*unchanged(handoff, events.get(handoff.lead_id, []))] for handoff in naming}


def unchanged(handoff: Handoff, events: Sequence[models.Model]) -> Iterable[WrongField]:
    """The named fields that hold what they held when they were named."""
    later = [event for event in events if event.pgh_created_at >= handoff.decided_at]  # type: ignore[attr-defined]
    for name in handoff.wrong_fields:
        field = WrongField(name)
        columns = COLUMNS.get(field, (name,))
        if all(getattr(event, column) == getattr(handoff.lead, column) for event in later for column in columns):
            yield field


def wrong_words(fields: Iterable[WrongField]) -> str:
    """ "phone and e-mail"."""
    return listed([str(field.label).lower() for field in fields])
