"""The values that forms offer for a field of free text."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from crm.records import one_of


class PickList(models.TextChoices):
    SOURCE = "source", _("Sources")
    SEGMENT = "segment", _("Segments")
    PRODUCT = "product", _("Products")
    THEME = "theme", _("What buyers ask about")


class PickValue(models.Model):
    """One value that forms offer for a lead's source or segment, or for a product.

    Records hold the text itself: a retired value stays where it stands, and imports may bring others.
    """

    list = models.CharField(max_length=20, choices=PickList.choices)
    value = models.CharField(max_length=120)
    retired = models.BooleanField(default=False)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering: ClassVar = ["list", "position", "value"]
        constraints: ClassVar = [
            one_of("list", PickList, "pickvalue"),
            models.UniqueConstraint(fields=["list", "value"], name="pickvalue_once"),
        ]

    def __str__(self) -> str:
        return self.value
