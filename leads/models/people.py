"""Companies and the people in them."""

from typing import ClassVar

import pghistory
from django.db import models
from django.db.models.functions import Lower

from crm.records import Sourced, Stamped, unique_identity


@pghistory.track(pghistory.UpdateEvent(row=pghistory.Old), pghistory.DeleteEvent())
class Company(Sourced, Stamped):
    """An organisation that may buy."""

    name = models.CharField(max_length=200)
    domain = models.CharField(max_length=200, blank=True, default="")
    industry = models.CharField(max_length=120, blank=True, default="")
    country = models.CharField(max_length=80, blank=True, default="")
    region = models.CharField(max_length=120, blank=True, default="")
    employees = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [unique_identity("company")]
        indexes: ClassVar = [
            models.Index(Lower("name"), name="company_by_name"),
            models.Index(Lower("domain"), name="company_by_domain"),
        ]

    def __str__(self) -> str:
        return self.name


@pghistory.track(pghistory.UpdateEvent(row=pghistory.Old), pghistory.DeleteEvent())
class Contact(Sourced, Stamped):
    """A person known by name, of a company or of none. A lead is one time this person may buy."""

    first_name = models.CharField(max_length=120, blank=True, default="")
    last_name = models.CharField(max_length=120, blank=True, default="")
    email = models.EmailField(max_length=254, blank=True, default="")
    phone = models.CharField(max_length=60, blank=True, default="")
    title = models.CharField(max_length=160, blank=True, default="")
    company = models.ForeignKey(Company, on_delete=models.PROTECT, null=True, blank=True, related_name="contacts")

    class Meta:
        ordering: ClassVar = ["last_name", "first_name", "id"]
        constraints: ClassVar = [unique_identity("contact")]
        indexes: ClassVar = [models.Index(Lower("email"), name="contact_by_email")]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email or f"Contact {self.pk}"
