"""Companies and the people in them."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Concat, Lower

from crm.models import Organisation
from crm.records import Archivable, Sourced, Stamped, search_column, tracked, unique_identity
from leads.identity import e164

# How people are put in order: "lovelace ada". Lists order by it, so it is indexed with the id.
FULL_NAME = Lower(Concat("last_name", Value(" "), "first_name"))
IS_ARCHIVED = Q(archived_at__isnull=False)


def number_of(phone: str, *, country: str = "") -> str:
    """The telephone as E.164; the organisation's region is asked for only where nothing else helps."""
    if not phone:
        return ""
    return e164(phone, country=country) or e164(phone, country=country, region=Organisation.get().phone_region)


class Reachable(models.Model):
    """A person with a telephone and a mailbox, who may have asked us to leave one of them alone."""

    email = models.EmailField(max_length=254, blank=True, default="")
    phone = models.CharField(max_length=60, blank=True, default="")
    # The number as E.164 has it ("+4930123456"), to find it however it is written; empty when it cannot be told.
    phone_e164 = models.CharField(max_length=20, blank=True, default="", editable=False)
    do_not_call = models.BooleanField(default=False)
    do_not_mail = models.BooleanField(default=False)

    class Meta:
        abstract = True

    def save(self, *args: Any, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        """Save, and tell the number anew when what tells it is saved. Set-based writes do that themselves."""
        if update_fields is None:
            self.phone_e164 = self.told_number()
        elif {"phone", "country", "company"} & (fresh := set(update_fields)):
            self.phone_e164 = self.told_number()
            update_fields = fresh | {"phone_e164"}
        super().save(*args, update_fields=update_fields, **options)

    @property
    def may_be_called(self) -> bool:
        return not self.do_not_call

    @property
    def may_be_mailed(self) -> bool:
        return not self.do_not_mail

    @property
    def phone_country(self) -> str:
        """Where a number without a country of its own is at home, as far as this record knows."""
        raise NotImplementedError

    def told_number(self) -> str:
        """The telephone as E.164."""
        return number_of(self.phone, country=self.phone_country)


@tracked("name", "domain", "industry", "country", "region", "employees", "is_target", "custom", "archived_at")
class Company(Sourced, Archivable, Stamped):
    """An organisation that may buy."""

    name = models.CharField(max_length=200)
    domain = models.CharField(max_length=200, blank=True, default="")
    industry = models.CharField(max_length=120, blank=True, default="")
    country = models.CharField(max_length=80, blank=True, default="")
    region = models.CharField(max_length=120, blank=True, default="")
    employees = models.PositiveIntegerField(null=True, blank=True)
    # Marketing and sales agreed to go for it.
    is_target = models.BooleanField("target account", default=False, db_default=False)
    custom = models.JSONField(default=dict, db_default=Value({}, models.JSONField()), blank=True)
    search = search_column("name", "domain", "industry")

    class Meta:
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [unique_identity("company")]
        indexes: ClassVar = [
            models.Index(Lower("name"), name="company_by_name"),
            models.Index(Lower("domain"), name="company_by_domain"),
            # Each serves one filter or order of the list of companies.
            models.Index(fields=["country", "-id"], name="company_by_country"),
            models.Index(fields=["industry", "-id"], name="company_by_industry"),
            models.Index(fields=["employees", "id"], name="company_by_employees"),
            models.Index(fields=["-created_at", "-id"], name="company_by_created"),
            models.Index(fields=["-id"], condition=IS_ARCHIVED, name="company_archived"),
            models.Index(fields=["-id"], condition=Q(is_target=True), name="company_target"),
            GinIndex(fields=["search"], name="company_search"),
        ]

    def __str__(self) -> str:
        return self.name


@tracked(
    "first_name", "last_name", "email", "phone", "title", "company", "do_not_call", "do_not_mail", "archived_at"
)  # fmt: skip
class Contact(Sourced, Reachable, Archivable, Stamped):
    """A person known by name, of a company or of none. A lead is one time this person may buy."""

    first_name = models.CharField(max_length=120, blank=True, default="")
    last_name = models.CharField(max_length=120, blank=True, default="")
    title = models.CharField(max_length=160, blank=True, default="")
    company = models.ForeignKey(Company, on_delete=models.PROTECT, null=True, blank=True, related_name="contacts")
    search = search_column("first_name", "last_name", "email", "title", phone="phone")

    class Meta:
        ordering: ClassVar = ["last_name", "first_name", "id"]
        constraints: ClassVar = [unique_identity("contact")]
        indexes: ClassVar = [
            models.Index(Lower("email"), name="contact_by_email"),
            models.Index(fields=["phone_e164"], condition=~Q(phone_e164=""), name="contact_by_phone"),
            models.Index(Lower("last_name"), Lower("first_name"), name="contact_by_name"),
            # Each serves one filter or order of the list of contacts.
            models.Index(FULL_NAME, F("id"), name="contact_by_full_name"),
            models.Index(fields=["-created_at", "-id"], name="contact_by_created"),
            models.Index(
                fields=["-id"], condition=Q(do_not_call=True) | Q(do_not_mail=True), name="contact_left_alone"
            ),
            models.Index(fields=["-id"], condition=IS_ARCHIVED, name="contact_archived"),
            GinIndex(fields=["search"], name="contact_search"),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email or f"Contact {self.pk}"

    @property
    def phone_country(self) -> str:
        return self.company.country if self.company else ""
