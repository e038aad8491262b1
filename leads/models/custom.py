"""Fields of one's own on leads, companies and opportunities."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from crm.records import Stamped, one_of


class CustomRecord(models.TextChoices):
    """The kinds of records that can have fields of one's own."""

    LEAD = "lead", _("Lead")
    COMPANY = "company", _("Company")
    OPPORTUNITY = "opportunity", _("Opportunity")


class CustomKind(models.TextChoices):
    """What a field holds, and how `custom` keeps it."""

    TEXT = "text", _("Text")  # a string
    NUMBER = "number", _("Number")  # a number
    MONEY = "money", _("Money")  # a number, in the currency of the field
    DATE = "date", _("Date")  # "2026-03-14"
    CHOICE = "choice", _("Choice")  # one of the field's choices
    YES_NO = "yes_no", _("Yes or no")  # true or false


class CustomField(Stamped):
    """A field of one's own. Its values stand in the record's `custom` under ``name``; an empty one is left out."""

    record = models.CharField(max_length=20, choices=CustomRecord.choices)
    # The key in `custom`; what people see is the label.
    name = models.CharField(max_length=120)
    label = models.CharField(max_length=120)
    kind = models.CharField(max_length=20, choices=CustomKind.choices)
    choices = ArrayField(models.CharField(max_length=120), default=list, blank=True, size=200)
    currency = models.CharField(max_length=3, blank=True, default="")
    help = models.CharField(max_length=200, blank=True, default="")
    position = models.PositiveSmallIntegerField(default=0)
    # Not asked for any more; what records hold stays.
    retired = models.BooleanField(default=False)
    # Deleted: a worker takes its values out of the records, then the row (leads/custom_upkeep.py).
    deleted_at = models.DateTimeField(null=True, editable=False)
    is_sample = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering: ClassVar = ["record", "position", "id"]
        constraints: ClassVar = [
            one_of("record", CustomRecord, "customfield"),
            one_of("kind", CustomKind, "customfield"),
            models.UniqueConstraint(
                fields=["record", "name"],
                name="customfield_once",
                violation_error_message="There is a field of that name already.",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="customfield_has_name"),
            models.CheckConstraint(
                condition=Q(currency="") | Q(kind="money", currency__regex="^[A-Z]{3}$"), name="customfield_currency"
            ),
        ]

    def __str__(self) -> str:
        return self.label
