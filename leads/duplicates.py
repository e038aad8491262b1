"""Who is known already: leads, contacts and companies that may be the same as somebody about to be written down.

Every question is one look into one index, so that a million leads cost what ten do; a name alone says nothing, with the
same company or mail domain it does.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import F, Model, Q, QuerySet
from django.db.models.functions import Lower

from leads.identity import email_domain, name_key, normal_email, web_domain
from leads.models import Company, Contact, Lead
from leads.models.people import number_of

SHOWN = 5
# Of a common name so many are looked at for the company's sake.
COMPANIES_LOOKED_AT = 20

SAME_EMAIL = "the same e-mail"
SAME_PHONE = "the same phone number"
SAME_NAME = "the same name at the same company"
SAME_COMPANY = "the same name"
SAME_DOMAIN = "the same domain"


@dataclass
class Match:
    """One record that may be the same, and what speaks for it."""

    record: Lead | Contact | Company
    reasons: list[str] = field(default_factory=list)
    # Whether the person who looks may log a response on it.
    may_add: bool = False

    @property
    def kind(self) -> str:
        """lead, contact or company."""
        return str(self.record._meta.model_name)

    @property
    def reason(self) -> str:
        """ "has the same e-mail and the same phone number"."""
        return f"has {' and '.join(self.reasons)}"

    @property
    def company(self) -> str:
        if isinstance(self.record, Lead):
            return self.record.company_label
        return str(self.record.company or "") if isinstance(self.record, Contact) else ""

    @property
    def is_open_lead(self) -> bool:
        return isinstance(self.record, Lead) and self.record.is_open


@dataclass(frozen=True)
class Duplicates:
    """The strongest matches first, at most SHOWN of them."""

    matches: list[Match]
    has_more: bool = False

    def __bool__(self) -> bool:
        return bool(self.matches)


# The fields of a person that are asked about.
KNOWN_BY = ("email", "phone", "first_name", "last_name", "company_name", "country")
NONE = Duplicates([])


def find_duplicates(
    *,
    email: str = "",
    phone: str = "",
    first_name: str = "",
    last_name: str = "",
    company_name: str = "",
    country: str = "",
    exclude: Lead | Contact | None = None,
) -> Duplicates:
    """People known already with this e-mail, this telephone, or this name at this company or mail domain.

    ``exclude``: the record that is being edited. A contact whose lead is shown is not shown again.
    """
    asked = Person(
        email=normal_email(email), phone=number_of(phone, country=country),
        first_name=name_key(first_name), last_name=name_key(last_name),
        company_name=name_key(company_name), domain=email_domain(email),
    )  # fmt: skip
    companies = asked.companies()
    leads = collect(asked.among(known_leads(), companies), exclude)
    shown = {match.record.contact_id for match in leads if isinstance(match.record, Lead)}
    if isinstance(exclude, Lead):
        shown.add(exclude.contact_id)
    contacts = [
        match for match in collect(asked.among(known_contacts(), companies), exclude) if match.record.pk not in shown
    ]
    return strongest([*leads, *contacts])


def find_companies(*, name: str = "", domain: str = "", exclude: Company | None = None) -> Duplicates:
    """Companies known already by this name or domain."""
    known, name, domain = Company.objects.filter(archived_at=None), name_key(name), web_domain(domain)
    questions = []
    if domain:
        questions.append(
            (SAME_DOMAIN, known.alias(lowered=Lower("domain")).filter(lowered__in=[domain, f"www.{domain}"]))
        )
    if name:
        questions.append((SAME_COMPANY, known.alias(lowered=Lower("name")).filter(lowered=name)))
    return strongest(collect(questions, exclude))


def known_leads() -> QuerySet[Lead]:
    return Lead.objects.filter(merged_into=None, archived_at=None).select_related("company", "owner", "contact")


def known_contacts() -> QuerySet[Contact]:
    return Contact.objects.filter(archived_at=None).select_related("company")


@dataclass(frozen=True)
class Person:
    """What somebody is known by, in its normal form; "" is unknown."""

    email: str
    phone: str
    first_name: str
    last_name: str
    company_name: str
    domain: str

    def among(self, known: QuerySet[Any], companies: list[int]) -> Iterable[tuple[str, QuerySet[Any]]]:
        """The questions that can be asked, strongest first: (reason, rows)."""
        if self.email:
            yield SAME_EMAIL, known.exclude(email="").alias(mail=Lower("email")).filter(mail=self.email)
        if self.phone:
            yield SAME_PHONE, known.filter(phone_e164=self.phone).exclude(phone_e164="")
        if self.has_place and self.last_name:
            yield SAME_NAME, self.namesakes(known).filter(self.same_place(known.model, companies))

    @property
    def has_place(self) -> bool:
        return bool(self.domain or self.company_name)

    def namesakes(self, known: QuerySet[Any]) -> QuerySet[Any]:
        return known.alias(last=Lower("last_name"), first=Lower("first_name")).filter(
            last=self.last_name, first=self.first_name
        )

    def same_place(self, model: type[Model], companies: list[int]) -> Q:
        """Columns of the row itself, once the index on names has narrowed them to a few."""
        place = Q(company_id__in=companies)
        if self.domain:
            place |= Q(email__iendswith=f"@{self.domain}")
        if self.company_name and model is Lead:
            place |= Q(company_name__iexact=self.company_name)
        return place

    def companies(self) -> list[int]:
        """Ids of the companies of this name or domain, each by its own index."""
        if not (self.last_name and self.has_place):
            return []
        found: list[int] = []
        for column, value in (("name", self.company_name), ("domain", self.domain)):
            if value:
                rows = Company.objects.alias(lowered=Lower(column)).filter(lowered=value)
                found += rows.order_by().values_list("id", flat=True)[:COMPANIES_LOOKED_AT]
        return found


def collect(questions: Iterable[tuple[str, QuerySet[Any]]], exclude: Model | None) -> list[Match]:
    """The answers, each record once with all its reasons; newest first within a reason."""
    found: dict[int, Match] = {}
    for reason, rows in questions:
        if exclude is not None and isinstance(exclude, rows.model):
            rows = rows.exclude(pk=exclude.pk)
        for record in newest(rows):
            found.setdefault(record.pk, Match(record)).reasons.append(reason)
    return list(found.values())


def newest(rows: QuerySet[Any]) -> list[Any]:
    """The newest few. ``id + 0`` keeps the planner from walking the primary key in search of them."""
    return list(rows.order_by((F("id") + 0).desc())[: SHOWN + 1])


def strongest(matches: list[Match]) -> Duplicates:
    ranks = (SAME_EMAIL, SAME_DOMAIN, SAME_PHONE, SAME_NAME, SAME_COMPANY)
    ranked = sorted(matches, key=lambda match: (ranks.index(match.reasons[0]), -len(match.reasons)))
    return Duplicates(ranked[:SHOWN], has_more=len(ranked) > SHOWN)
