"""The lists of contacts and of companies."""

from collections.abc import Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import CharField, Count, DateTimeField, Exists, Model, OuterRef, PositiveIntegerField, Q
from django.db.models.functions import Lower

from crm.keyset import Order
from crm.search import matches, words_of
from desk.lists.asker import Asker
from desk.lists.definition import Action, Column, ListDefinition, Sort, Tab
from desk.lists.filters import Choice, Numbers, Option, anything, is_in, lies_in
from desk.lists.standard_filters import archived_filter, days_filter, humanised, record_filter
from leads.list_queries import recent_values
from leads.models import Company, Contact, Lead, Opportunity
from leads.models.people import FULL_NAME

MOST_COMPANIES = 500
MOST_VALUES = 200
BESIDE = ("leads", "contacts", "companies")


def with_company(text: str) -> Q:
    """Each word stands in the record or in the name of its company.

    Companies are asked for beforehand: PostgreSQL joins the two indexes, but not an index and a subquery.
    """
    return reduce(and_, (matches(word) | Q(company__in=companies_named(word)) for word in words_of(text)), Q())


def companies_named(word: str) -> list[int]:
    return list(Company.objects.filter(matches(word)).order_by().values_list("pk", flat=True)[:MOST_COMPANIES])


def count_onto(rows: Sequence[Model], name: str, found: Any, field: str) -> None:
    """Put onto each row, as ``name``, how many of ``found`` name it in ``field``."""
    mine = found.filter(**{f"{field}__in": [row.pk for row in rows]}).order_by().values_list(field)
    counts = dict(mine.annotate(count=Count("pk")))
    for row in rows:
        setattr(row, name, counts.get(row.pk, 0))


def free_text_filter(model: type[Model], key: str, label: str) -> Choice:
    def options() -> list[Option]:
        return humanised(recent_values(model, key)[:MOST_VALUES])

    return Choice(key=key, label=label, options=options, test=is_in(key), takes=anything)


def complete_contacts(rows: Sequence[Any], asker: Asker) -> None:
    count_onto(rows, "lead_count", Lead.objects.filter(merged_into__isnull=True), "contact")


def complete_companies(rows: Sequence[Any], asker: Asker) -> None:
    count_onto(rows, "lead_count", Lead.objects.filter(merged_into__isnull=True), "company")
    count_onto(rows, "contact_count", Contact.objects.filter(archived_at__isnull=True), "company")
    count_onto(rows, "open_count", Opportunity.objects.filter(outcome="", archived_at__isnull=True), "company")


def opportunity_filter() -> Choice:
    is_open = Opportunity.objects.filter(company=OuterRef("pk"), outcome="")
    options = [Option("yes", "yes"), Option("no", "no")]

    def test(values: Sequence[str], asker: Asker) -> Q:
        return reduce(or_, (Q(Exists(is_open)) if value == "yes" else ~Q(Exists(is_open)) for value in values))

    return Choice(key="open", label="Open opportunity", options=lambda: options, test=test)


def target_filter(field: str) -> Choice:
    """Whether the company is one that marketing and sales agreed to go for."""

    def test(values: Sequence[str], asker: Asker) -> Q:
        marked = Q(**{field: True})
        return reduce(or_, (marked if value == "yes" else ~marked for value in values))

    options = [Option("yes", "yes"), Option("no", "no")]
    return Choice(key="target", label="Target account", options=lambda: options, test=test)


def consent_filter() -> Choice:
    options = [Option("call", "may be called"), Option("mail", "may be mailed"), Option("none", "leave alone")]
    tests = {
        "call": Q(do_not_call=False),
        "mail": Q(do_not_mail=False),
        "none": Q(do_not_call=True) | Q(do_not_mail=True),
    }

    def test(values: Sequence[str], asker: Asker) -> Q:
        return reduce(or_, (tests[value] for value in values))

    return Choice(key="consent", label="Consent", options=lambda: options, test=test)


CONTACTS = ListDefinition(
    key="contacts",
    title="Contacts",
    noun="contact",
    nouns="contacts",
    icon="address-book",
    model=Contact,
    rows=Contact.objects.all,
    shown=lambda rows: rows.select_related("company"),
    complete=complete_contacts,
    search=with_company,
    placeholder="Name, e-mail, phone, company",
    filters=(
        record_filter("company", "Company", Company),
        consent_filter(),
        days_filter("added", "Added", "created_at"),
        archived_filter(),
    ),
    columns=(
        Column("name", "Name", sort="name", phone=""),
        Column("company", "Company", phone="end"),
        Column("email", "E-mail"),
        Column("phone", "Phone"),
        Column("leads", "Leads", css="num"),
        Column("added", "Added", sort="added_on", spare=True),
    ),
    sorts=(
        Sort("name", "Name", Order(FULL_NAME, CharField()), descending=False),
        Sort("added_on", "Added", Order("created_at", DateTimeField())),
    ),
    tabs=(
        Tab(
            "all", "All", lambda rows, asker: rows,
            "No contacts yet", "A lead becomes a contact of a company when sales converts it.",
        ),
    ),
    first_tab=lambda user: "all",
    actions=(Action("New contact", "leads:contact-new", key="n"),),
    beside=BESIDE,
)  # fmt: skip

COMPANIES = ListDefinition(
    key="companies",
    title="Companies",
    noun="company",
    nouns="companies",
    icon="building",
    model=Company,
    rows=Company.objects.all,
    shown=lambda rows: rows,
    complete=complete_companies,
    search=matches,
    placeholder="Name, domain, industry",
    filters=(
        target_filter("is_target"),
        free_text_filter(Company, "industry", "Industry"),
        free_text_filter(Company, "country", "Country"),
        Numbers(key="employees", label="Employees", most=2_000_000_000, test=lies_in("employees")),
        opportunity_filter(),
        days_filter("added", "Added", "created_at"),
        archived_filter(),
    ),
    columns=(
        Column("name", "Company", sort="name", phone=""),
        Column("industry", "Industry"),
        Column("country", "Country", phone="end"),
        Column("employees", "Employees", sort="employees", css="num"),
        Column("contacts", "Contacts", css="num"),
        Column("leads", "Leads", css="num"),
        Column("open", "Open opportunities", css="num"),
        Column("target", "Target account", spare=True, phone="end"),
        Column("added", "Added", sort="added_on", spare=True),
    ),
    sorts=(
        Sort("name", "Name", Order(Lower("name"), CharField()), descending=False),
        Sort("employees", "Employees", Order("employees", PositiveIntegerField(), can_miss=True)),
        Sort("added_on", "Added", Order("created_at", DateTimeField())),
    ),
    tabs=(
        Tab(
            "all", "All", lambda rows, asker: rows,
            "No companies yet", "The first converted lead brings the first company.",
        ),
        Tab(
            "targets", "Target accounts", lambda rows, asker: rows.filter(is_target=True),
            "No target accounts yet", "Select the companies that marketing and sales agreed to go for, and mark them.",
            columns=("industry", "country", "employees", "contacts", "leads", "open"),
        ),
    ),
    first_tab=lambda user: "all",
    actions=(Action("New company", "leads:company-new", key="n"),),
    beside=BESIDE,
)  # fmt: skip
